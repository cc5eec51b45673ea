"""bot.ports.Leases in dicts."""

from datetime import datetime


class MemoryLeases:
    """bot.ports.Leases in a dict."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, datetime]] = {}

    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        holder, end = self._held.get(office, ("", now))
        if holder != token and end > now:
            return False
        self._held[office] = (token, until)
        return True

    async def release(self, office: str, token: str) -> None:
        if self._held.get(office, ("",))[0] == token:
            del self._held[office]

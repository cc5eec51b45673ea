"""bot.ports.Slots in dicts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from storage.record import ms
from storage.slots import wait


class MemorySlots:
    """bot.ports.Slots in dicts."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._begun: dict[str, list[int]] = defaultdict(list)

    async def take(
        self, account: str, most: int, per_minute: int, token: str, ttl: timedelta, now: datetime
    ) -> timedelta | None:
        places, begun = self._held(account, now), self._begun[account]
        if token not in places:
            if refused := wait(len(places), most, begun, per_minute, ms(now)):
                return refused
            begun[:] = [*begun, ms(now)][-per_minute:]
        places[token] = now + ttl
        return None

    async def renew(self, account: str, token: str, ttl: timedelta, now: datetime) -> None:
        places = self._held(account, now)
        if token in places:
            places[token] = now + ttl

    async def free(self, account: str, token: str) -> None:
        self._places[account].pop(token, None)

    async def taken(self, accounts: Sequence[str], now: datetime) -> Mapping[str, int]:
        return {account: len(self._held(account, now)) for account in accounts}

    def _held(self, account: str, now: datetime) -> dict[str, datetime]:
        """The places whose time has not run out; the others are forgotten."""
        self._places[account] = {token: until for token, until in self._places[account].items() if until > now}
        return self._places[account]

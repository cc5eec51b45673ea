"""bot.ports.Results in dicts."""

from datetime import datetime, timedelta

from bot.ports import Result


class MemoryResults:
    """bot.ports.Results in a dict, each with when its time runs out."""

    def __init__(self) -> None:
        self._results: dict[str, tuple[Result, datetime]] = {}

    async def begin(self, name: str, mark: str, ttl: timedelta, now: datetime) -> Result | None:
        self._sweep(now)
        if name in self._results:
            return self._results[name][0]
        self._results[name] = (Result(mark), now + ttl)
        return None

    async def renew(self, name: str, mark: str, ttl: timedelta, now: datetime) -> None:
        self._sweep(now)
        if self._claimed(name, mark):
            self._results[name] = (Result(mark), now + ttl)

    async def keep(self, name: str, mark: str, body: bytes, ttl: timedelta, now: datetime) -> None:
        self._sweep(now)
        if self._claimed(name, mark):
            self._results[name] = (Result(mark, body), now + ttl)

    async def drop(self, name: str, mark: str) -> None:
        if self._claimed(name, mark):
            del self._results[name]

    def _claimed(self, name: str, mark: str) -> bool:
        """Whether that request has the name, and no answer was kept."""
        return name in self._results and self._results[name][0] == Result(mark)

    def _sweep(self, now: datetime) -> None:
        """Forget what does not count any more."""
        self._results = {name: kept for name, kept in self._results.items() if kept[1] > now}

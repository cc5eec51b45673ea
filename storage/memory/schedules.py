"""bot.ports.Schedules in a dict."""

from collections.abc import Sequence
from datetime import datetime

from bot.schedule import Schedule
from storage.schedules import oldest_first


class MemorySchedules:
    """bot.ports.Schedules in a dict."""

    def __init__(self) -> None:
        self._schedules: dict[str, Schedule] = {}

    async def get(self, id: str) -> Schedule | None:
        return self._schedules.get(id)

    async def write(self, schedule: Schedule) -> bool:
        there = self._schedules.get(schedule.id)
        if (there.version if there else 0) != schedule.version - 1:
            return False
        self._schedules[schedule.id] = schedule
        return True

    async def remove(self, id: str) -> bool:
        return self._schedules.pop(id, None) is not None

    async def due(self, until: datetime, limit: int) -> Sequence[Schedule]:
        waiting = [(each.waiting, each.id, each) for each in self._schedules.values() if each.waiting]
        return [each for when, _, each in sorted(waiting, key=lambda found: found[:2]) if when <= until][:limit]

    async def of(self, person: str) -> Sequence[Schedule]:
        return oldest_first(each for each in self._schedules.values() if each.owner.person == person)

    async def at(self, place: str) -> Sequence[Schedule]:
        return oldest_first(each for each in self._schedules.values() if each.place.place == place)

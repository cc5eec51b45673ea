"""The planner that the service runs with."""

from collections.abc import Sequence
from datetime import datetime

from adapters.planner import dates, reading, wording, zones
from bot.schedule import Recurrence


class Almanac:
    """A `bot.ports.Planner`: dateparser reads, APScheduler's triggers work out dates. Both are loaded when needed."""

    def read(self, words: str, now: datetime, zone: str) -> Recurrence:
        return reading.read(words, now, zone)

    def split(self, line: str, now: datetime, zone: str) -> tuple[Recurrence, str]:
        return reading.split(line, now, zone)

    def after(self, recurrence: Recurrence, moment: datetime) -> datetime | None:
        return dates.after(recurrence, moment)

    def last(self, recurrence: Recurrence, first: datetime, moment: datetime) -> datetime:
        return dates.last(recurrence, first, moment)

    def shortest(self, recurrence: Recurrence, moment: datetime) -> float | None:
        return dates.shortest(recurrence, moment)

    def words(self, recurrence: Recurrence) -> str:
        return wording.in_words(recurrence)

    def zone(self, typed: str) -> str | None:
        return zones.zone(typed)

    def zones(self, typed: str) -> Sequence[str]:
        return zones.zones(typed)

"""When cron's rules are due, found the slow way: every day, and where clocks change every minute, is looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """What five fields name; an empty set is a star. Weekdays are ISO's: 1 to 7 from Monday on."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool = False

    @property
    def text(self) -> str:
        days = "L" if self.last_day else _field(self.days)
        fields = (_field(self.minutes), _field(self.hours), days, _field(self.months), _field(self.weekdays))
        return " ".join(fields)

    def has_day(self, day: date) -> bool:
        if self.months and day.month not in self.months:
            return False
        of_month = (day + DAY).month != day.month if self.last_day else day.day in self.days
        of_week = day.isoweekday() in self.weekdays
        if (self.days or self.last_day) and self.weekdays:
            return of_month or of_week
        return of_month or of_week or not (self.days or self.last_day or self.weekdays)

    def has_time(self, wall: datetime) -> bool:
        return (not self.minutes or wall.minute in self.minutes) and (not self.hours or wall.hour in self.hours)


def walls(rule: Rule, first: date, end: date) -> Iterator[datetime]:
    """What the clock shows when it is due, with rules whose minutes and hours are named."""
    day = first
    while day < end:
        if rule.has_day(day):
            for hour in sorted(rule.hours):
                for minute in sorted(rule.minutes):
                    yield datetime.combine(day, time(hour, minute))
        day += DAY


def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """When a clock shows that for the first time, or what is later."""
    around = [(wall + shift).replace(tzinfo=UTC) for shift in (-DAY, DAY)]
    offsets = {_wall(each, zone) - each.replace(tzinfo=None) for each in around}
    shown = sorted(each for each in (_at(wall, offset) for offset in offsets) if _wall(each, zone) == wall)
    return shown[0] if shown else _end_of_gap(wall, zone)


def real_times(rule: Rule, zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute that goes by, whose time on the wall the rule names."""
    minute = begin
    while minute < end:
        wall = _wall(minute, zone)
        if rule.has_time(wall) and rule.has_day(wall.date()):
            yield minute
        minute += MINUTE


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    minute = (wall - 2 * DAY).replace(tzinfo=UTC)
    while _wall(minute, zone) < wall:
        minute += MINUTE
    return minute


def _at(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def _wall(minute: datetime, zone: ZoneInfo) -> datetime:
    return minute.astimezone(zone).replace(tzinfo=None)


def _field(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers))) or "*"

"""
The five fields of cron, as crontab(5) has them, and `L`, `mon#1` and `fri#L` besides.

Where both days of the month and days of the week are named, either will do, unless one of them begins with `*`. That
is crontab(5) too, and so is that 0 and 7 are Sunday. `L` is the last day of a month, `mon#1` its first Monday, and
`fri#L` its last Friday.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from adapters.planner.calendar import A_MONTH, A_WEEKDAY, LENGTHS, MONTHS, WEEKDAYS
from bot.errors import BadTime

LAST = 0
"""In place of a number: the last of a month."""


@dataclass(frozen=True, slots=True)
class Crontab:
    """
    What five fields name.

    Args:
        days: Of the month; `LAST` for its last.
        weekdays: 0 to 6 from Sunday on.
        positions: Weekdays by their place in the month: (1, 1) is its first Monday, (`LAST`, 5) its last Friday.
        hourly: Every hour is meant, or every so many.
        either: A day is due when `days` or `weekdays` has it; else both must.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    positions: frozenset[tuple[int, int]]
    hourly: bool
    either: bool

    @property
    def every_day(self) -> bool:
        """Whether no day of the month is left out."""
        return len(self.days - {LAST}) == max(LENGTHS)

    @property
    def every_weekday(self) -> bool:
        return len(self.weekdays) == len(WEEKDAYS)

    @property
    def every_month(self) -> bool:
        return len(self.months) == len(MONTHS)

    @property
    def comes(self) -> bool:
        """Whether there is any such day, as there is no 30 February."""
        return self.either or any(min(self.days) <= LENGTHS[month - 1] for month in self.months)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        """The number that a text of digits or a name stands for. Raises ValueError."""
        if not text.isdecimal():
            return self.least + [name.casefold()[:3] for name in self.names].index(text)
        if not self.least <= (number := int(text)) <= self.most:
            raise ValueError
        return number


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, MONTHS)
_WEEKDAY = _Field("day of the week", 0, 7, WEEKDAYS)

_PART = re.compile(r"(?:(?P<all>\*)|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>\d{1,4}))?", re.ASCII)
_POSITION = re.compile(r"(?P<day>\w+)#(?P<which>[1-5l])", re.ASCII)

_TIME = r"[\d*][\d*/,-]*"
_NAMED = rf"(?:[\d*]|{A_MONTH}|{A_WEEKDAY})[\w*/,#-]*"
_SHAPE = re.compile(rf"{_TIME} {_TIME} (?:[\d*][\d*/,l-]*|l) {_NAMED} {_NAMED}", re.ASCII)


def is_crontab(words: str) -> bool:
    """Whether somebody meant to write the five fields, rightly or not. `words` are in small letters."""
    return _SHAPE.fullmatch(words) is not None


@lru_cache(1_000)
def crontab(text: str) -> Crontab:
    """Raises BadTime."""
    minute, hour, day, month, weekday = text.casefold().split()
    positions = frozenset(_positions(text, weekday)) if "#" in weekday else frozenset()
    if positions and day != "*":
        raise BadTime(text, f"With “{weekday}” the day of the month must be `*`.")
    hours = _numbers(text, _HOUR, hour)
    table = Crontab(
        minutes=_numbers(text, _MINUTE, minute),
        hours=hours,
        days=_numbers(text, _DAY, day),
        months=_numbers(text, _MONTH, month),
        weekdays=frozenset(range(7)) if positions else _numbers(text, _WEEKDAY, weekday),
        positions=positions,
        hourly=hour.startswith("*") or len(hours) == 24,
        either=not (day.startswith("*") or weekday.startswith("*") or positions),
    )
    if not table.comes:
        raise BadTime(text, f"`{text}` never comes: no such month has a day {min(table.days)}.")
    return table


def _numbers(text: str, field: _Field, written: str) -> frozenset[int]:
    numbers = {number for part in written.split(",") for number in _part(text, field, part)}
    return frozenset(number % 7 for number in numbers) if field is _WEEKDAY else frozenset(numbers)


def _part(text: str, field: _Field, written: str) -> range:
    """The numbers of one part between commas: "*", "*/5", "9", "9-17", "mon-fri", "0-30/10". Raises BadTime."""
    if field is _DAY and written == "l":
        return range(LAST, LAST + 1)
    try:
        return _range(field, written)
    except ValueError:
        names = f", or `{field.names[1][:3].casefold()}`" if field.names else ""
        sentence = f"In `{text}`, “{written}” is no {field.name}: write {field.least} to {field.most}{names}, or `*`."
        raise BadTime(text, sentence) from None


def _range(field: _Field, written: str) -> range:
    """Raises ValueError."""
    part = _PART.fullmatch(written)
    if part is None:
        raise ValueError
    step = int(part["step"] or 1)
    if part["all"]:
        return range(field.least, (6 if field is _WEEKDAY else field.most) + 1, step)
    low = field.number(part["low"])
    high = field.number(part["high"]) if part["high"] else field.most if part["step"] else low
    if field is _WEEKDAY and high < low:
        high += 7  # sat-sun, fri-mon
    if high < low:
        raise ValueError
    return range(low, high + 1, step)


def _positions(text: str, written: str) -> Iterator[tuple[int, int]]:
    """Raises BadTime."""
    for part in written.split(","):
        position = _POSITION.fullmatch(part)
        if position is None:
            raise BadTime(text, f"In `{text}`, “{part}” stands beside one like `mon#1`: make two schedules of it.")
        which = LAST if position["which"] == "l" else int(position["which"])
        (day,) = _numbers(text, _WEEKDAY, position["day"])
        yield which, day

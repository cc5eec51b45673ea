"""
What repeats: "every Monday 18:00", "every 2 hours", "last day of the month 18:00".

A small grammar of our own, in English: no library that is kept up reads a time of day along with these, or the last
day of a month.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from adapters.planner import clock
from adapters.planner.calendar import (
    A_MONTH,
    A_WEEKDAY,
    HOURS,
    LENGTHS,
    MINUTES,
    MONTHS,
    POSITIONS,
    SECONDS,
    WEEKDAYS,
    month,
    ordinal,
    weekday,
)
from adapters.planner.dates import after
from adapters.planner.wall import shown
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

HOW_OFTEN = "How often? Write it like `every 2 hours`, `every day 9:00` or `every monday 18:00`."
WHICH_DAY = "On which day? Write it like `every monday 9:00`, `every month on the 1st 9:00` or `every 24 dec 9:00`."

_FARTHEST = 5 * 366 * 86_400
"""Seconds: nothing that is further away is waited for."""

_UNITS = {"s": 1, "m": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody asked for; when, and where they are."""

    words: str
    rule: re.Match[str]
    clock: clock.Clock | None
    now: datetime
    zone: str

    def count(self) -> int:
        """ "every", "every other", "every 3". Raises BadTime for none, or too many."""
        parts = self.rule.groupdict()
        count = 2 if parts.get("other") else int(parts.get("count") or 1)
        if not 0 < count <= _FARTHEST:
            raise BadTime(self.words, HOW_OFTEN)
        return count

    def cron(self, day: str = "*", month: str = "*", weekday: str = "*") -> Recurrence:
        """On such days, at the time that was asked for. Raises BadTime, ZoneNeeded."""
        moment = self._time()
        if not self.zone:
            raise ZoneNeeded
        return Recurrence(self.zone, cron=f"{moment.minute} {moment.hour} {day} {month} {weekday}")

    def every_so_many(self, days: int, weekday: str = "*") -> Recurrence:
        """Every so many days from the next such day on. Raises BadTime, ZoneNeeded."""
        usual = self.cron(weekday=weekday)
        if days * 86_400 > _FARTHEST:
            raise BadTime(self.words, HOW_OFTEN)
        return Recurrence(self.zone, days=days, since=_first(usual, self.now))

    def _time(self) -> time:
        """Raises BadTime."""
        if self.clock is None:
            raise BadTime(self.words, f"At what time? Write it like `{self.words} 9:00`.")
        self.clock.require_sure(has_day=True)
        return self.clock.time


def repeating(words: str, now: datetime, zone: str) -> Recurrence | None:
    """What words in small letters mean; None when they make no sense. Raises BadTime, ZoneNeeded."""
    if words.endswith((" utc", " gmt")):
        words, zone = words[:-4], "UTC"
    found = clock.find(words)
    rest = (found.rest if found else words).rstrip(" ,")
    for pattern, rule in _RULES:
        if (match := pattern.fullmatch(rest)) and not (found and found.time.second):
            return rule(_Asked(words, match, found, now, zone))
    return None


# The rules.


def _stretch(asked: _Asked) -> Recurrence | None:
    if asked.clock is not None:
        return None
    seconds = asked.count() * _UNITS[asked.rule["unit"][0]]
    if seconds > _FARTHEST:
        raise BadTime(asked.words, HOW_OFTEN)
    since = asked.now.replace(microsecond=0)
    return Recurrence(asked.zone or "UTC", seconds=seconds, since=since)


def _past_the_hour(asked: _Asked) -> Recurrence:
    if not asked.zone:
        raise ZoneNeeded
    return Recurrence(asked.zone, cron=f"{int(asked.rule['minute'])} * * * *")


def _daily(asked: _Asked) -> Recurrence:
    return asked.cron()


def _days(asked: _Asked) -> Recurrence:
    return asked.every_so_many(asked.count())


def _weekdays(asked: _Asked) -> Recurrence:
    return asked.cron(weekday="mon-fri")


def _weekends(asked: _Asked) -> Recurrence:
    return asked.cron(weekday="sat,sun")


def _named(asked: _Asked) -> Recurrence:
    """ "every monday", "mondays and thursdays", "every mon-fri"."""
    days = asked.rule["days"]
    separators = re.sub(_WEEKDAY, " ", days).split()
    numbers = [weekday(name) for name in re.findall(_WEEKDAY, days)]
    if {"-", "to", "through"}.isdisjoint(separators):
        return asked.cron(weekday=_short(sorted({number or 7 for number in numbers})))
    if len(numbers) != 2:
        raise BadTime(asked.words, WHICH_DAY)
    return asked.cron(weekday="-".join(_short([number]) for number in numbers))


def _weeks(asked: _Asked) -> Recurrence:
    day, weeks = _short([weekday(asked.rule["day"])]), asked.count()
    return asked.cron(weekday=day) if weeks == 1 else asked.every_so_many(7 * weeks, day)


def _month_days(asked: _Asked) -> Recurrence:
    days = sorted({int(number) for number in re.findall(r"\d+", asked.rule["days"])})
    if not 1 <= days[0] <= days[-1] <= max(LENGTHS):
        raise BadTime(asked.words, WHICH_DAY)
    if days[-1] > 28:
        lacking = f"Not every month has a {ordinal(days[-1])}."
        raise BadTime(asked.words, f"{lacking} Say `last day of the month 9:00`, or a day up to the 28th.")
    return _every_so_many_months(asked, ",".join(map(str, days)))


def _last_day(asked: _Asked) -> Recurrence:
    return _every_so_many_months(asked, "l")


def _position(asked: _Asked) -> Recurrence:
    """ "first monday of the month"."""
    which = asked.rule["which"]
    place = "l" if which == "last" else next(place for place, names in enumerate(_PLACES, 1) if which in names)
    return asked.cron(weekday=f"{_short([weekday(asked.rule['day'])])}#{place}")


def _yearly(asked: _Asked) -> Recurrence:
    parts = asked.rule.groupdict()
    number, day = month(parts["month"] or parts["month_first"]), int(parts["date"] or parts["date_last"])
    if not 1 <= day <= LENGTHS[number - 1]:
        raise BadTime(asked.words, f"{MONTHS[number - 1]} has {LENGTHS[number - 1]} days. On which one?")
    if (day, number) == (29, 2):
        raise BadTime(asked.words, "Not every year has a 29 February. Say `every 28 feb 9:00` or `every 1 mar 9:00`.")
    return asked.cron(day=str(day), month=str(number))


def _unfinished(asked: _Asked) -> Recurrence:
    raise BadTime(asked.words, WHICH_DAY)


def _every_so_many_months(asked: _Asked, days: str) -> Recurrence:
    count, usual = asked.count(), asked.cron(day=days)
    if count == 1:
        return usual
    if 12 % count:
        raise BadTime(asked.words, "That comes in other months each year. Every 2, 3, 4, 6 or 12 months can be had.")
    begin = shown(_first(usual, asked.now), ZoneInfo(asked.zone)).month
    months = sorted((begin - 1 + step) % 12 + 1 for step in range(0, 12, count))
    return asked.cron(day=days, month=",".join(map(str, months)))


def _first(usual: Recurrence, moment: datetime) -> datetime:
    """The next time of it that the clock shows, and does not skip."""
    return next(due for due in _upcoming(usual, moment) if _clock_shows(usual, due))


def _upcoming(usual: Recurrence, moment: datetime) -> Iterator[datetime]:
    while (due := after(usual, moment)) is not None:
        yield due
        moment = due


def _clock_shows(usual: Recurrence, due: datetime) -> bool:
    minute, hour, *_ = usual.cron.split()
    wall = shown(due, ZoneInfo(usual.zone))
    return (int(minute), int(hour)) == (wall.minute, wall.hour)


def _short(days: Sequence[int]) -> str:
    return ",".join(WEEKDAYS[day % 7][:3].casefold() for day in days)


# How they are written.

_PLACES = tuple((name, ordinal(place)) for place, name in enumerate(POSITIONS, 1))
_WHICH = "|".join(name for names in _PLACES for name in names)
_WEEKDAY = rf"\b{A_WEEKDAY}"
_PLURAL = r"\b(?:sun|mon|tues|wednes|thurs|fri|satur)days\b"
_AND = r"(?:, and |, ?| and | ?& ?)"
_TO = r"(?: ?- ?| to | through )"
_DATE = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = rf"(?P<days>(?:the )?{_DATE}(?:{_AND}(?:the )?{_DATE})*)"
_EVERY = r"(?:(?:every|each)(?: (?P<other>other)| (?P<count>\d{1,9}))? ?)"
_MONTHLY = rf"(?:{_EVERY}months?|monthly)"
_OF_THE_MONTH = r"(?: day)? (?:of|in) (?:the|every|each) month"

_SHAPES: tuple[tuple[str, Callable[[_Asked], Recurrence | None]], ...] = (
    (rf"{_EVERY}(?P<unit>{SECONDS}|{MINUTES}|{HOURS})", _stretch),
    (r"(?P<unit>hour)ly", _stretch),
    (r"(?:(?:every|each) hour|hourly) at :(?P<minute>[0-5]\d)", _past_the_hour),
    (r"(?:every|each) ?day|daily", _daily),
    (rf"{_EVERY}days?", _days),
    (r"(?:on |every |each )?(?:weekday|work(?:ing)? ?day|business day)s?", _weekdays),
    (r"(?:on |at |every |each )?weekends?", _weekends),
    (rf"{_EVERY}weeks? on (?P<day>{_WEEKDAY})", _weeks),
    (rf"weekly on (?P<day>{_WEEKDAY})", _weeks),
    (rf"(?:every|each) (?P<other>other) (?P<day>{_WEEKDAY})", _weeks),
    (rf"(?:every|each)(?: week on)? (?P<days>{_WEEKDAY}(?:(?:{_AND}|{_TO}){_WEEKDAY})*)", _named),
    (rf"(?P<days>{_WEEKDAY}{_TO}{_WEEKDAY})", _named),
    (rf"(?:on )?(?P<days>{_PLURAL}(?:{_AND}{_PLURAL})*)", _named),
    (rf"{_MONTHLY} on {_DATES}", _month_days),
    (rf"(?:on |every |each )?{_DATES}{_OF_THE_MONTH}", _month_days),
    (r"(?:every|each) (?P<days>\d{1,2}(?:st|nd|rd|th))", _month_days),
    (rf"{_MONTHLY} on (?:the )?last day", _last_day),
    (rf"(?:on |every |each )?(?:the )?last{_OF_THE_MONTH}", _last_day),
    (rf"(?:(?:every|each) month|monthly) on (?:the )?(?P<which>{_WHICH}|last) (?P<day>{_WEEKDAY})", _position),
    (rf"(?:on |every |each )?(?:the )?(?P<which>{_WHICH}|last) (?P<day>{_WEEKDAY}){_OF_THE_MONTH}", _position),
    (
        r"(?:(?:(?:every|each) year|yearly|annually) on|every|each) (?:the )?"
        rf"(?:(?P<date>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<month>{A_MONTH})"
        rf"|(?P<month_first>{A_MONTH}) (?:the )?(?P<date_last>\d{{1,2}})(?:st|nd|rd|th)?)",
        _yearly,
    ),
    (r"(?:every|each) (?:week|month|year)|weekly|monthly|yearly|annually", _unfinished),
)

_RULES = tuple((re.compile(shape), rule) for shape, rule in _SHAPES)

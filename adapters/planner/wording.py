"""What repeats, in words that can be read again; what is too much for these, as it was written."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from adapters.planner.calendar import MONTHS, POSITIONS, WEEKDAYS, listed, ordinal
from adapters.planner.crontab import LAST, Crontab, crontab
from adapters.planner.dates import times
from adapters.planner.wall import shown
from bot.amounts import span_words
from bot.schedule import Recurrence

MOST_TIMES = 4
"""Times of one day that are told one by one."""


def in_words(recurrence: Recurrence) -> str:
    """ "every Monday at 18:00", "every 2 hours", "on 24 December 2026 at 18:00"."""
    zone = ZoneInfo(recurrence.zone)
    if recurrence.at is not None:
        wall = shown(recurrence.at, zone)
        return f"on {wall.day} {MONTHS[wall.month - 1]} {wall.year} at {wall:%H:%M}"
    if recurrence.seconds:
        return f"every {span_words(recurrence.seconds).removeprefix('1 ')}"
    if recurrence.days:
        return _every_so_many(recurrence, zone)
    table = crontab(recurrence.cron)
    days, hours = _days(table), _times(table)
    return f"{days} at {hours}" if days and hours else f"at the times of `{recurrence.cron}`"


def _every_so_many(recurrence: Recurrence, zone: ZoneInfo) -> str:
    weeks, over = divmod(recurrence.days, 7)
    if recurrence.since is None:
        return f"every {recurrence.days} days"
    wall = shown(recurrence.since, zone)
    if over:
        return f"every {recurrence.days} days at {wall:%H:%M}"
    return f"every {weeks} weeks on {WEEKDAYS[wall.isoweekday() % 7]} at {wall:%H:%M}"


def _times(table: Crontab) -> str:
    if len(table.hours) == 24 and len(table.minutes) == 1:
        return f":{min(table.minutes):02}"
    within = times(table)
    return listed([_clock(each) for each in within]) if len(within) <= MOST_TIMES else ""


def _clock(since_midnight: timedelta) -> str:
    hours, minutes = divmod(since_midnight // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"


def _days(table: Crontab) -> str:
    """ "" for what takes too many words."""
    if table.either or (not table.every_day and not table.every_weekday):
        return ""
    if table.positions:
        return _positions(table) if table.every_month else ""
    if not table.every_day:
        return _dates(table)
    if not table.every_month:
        return ""
    return _weekdays(table)


def _weekdays(table: Crontab) -> str:
    if table.every_weekday:
        return "every hour" if len(table.hours) == 24 else "every day"
    days = sorted(table.weekdays, key=lambda day: day or 7)
    if days == [1, 2, 3, 4, 5]:
        return "every weekday"
    return f"every {listed([WEEKDAYS[day] for day in days])}"


def _positions(table: Crontab) -> str:
    names = [f"{_place(which)} {WEEKDAYS[day]}" for which, day in sorted(table.positions)]
    return f"every month on the {listed(names)}"


def _place(which: int) -> str:
    return "last" if which == LAST else POSITIONS[which - 1]


def _dates(table: Crontab) -> str:
    dates, months = sorted(table.days), sorted(table.months)
    if table.every_month:
        return f"every month on the {_numbered(dates)}"
    if len(months) == len(dates) == 1 and LAST not in dates:
        return f"every year on {dates[0]} {MONTHS[months[0] - 1]}"
    return f"on the {_numbered(dates)} of {listed([MONTHS[month - 1] for month in months])}"


def _numbered(dates: Sequence[int]) -> str:
    return listed([*(ordinal(date) for date in dates if date != LAST), *(["last day"] if LAST in dates else [])])

"""
When what repeats is due.

Times are worked out on the wall's clock, by APScheduler's trigger as if the wall hung where clocks never change, and
then brought to moments: the trigger itself skips what falls into the gap in spring, and comes twice in autumn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from adapters.planner.calendar import WEEKDAYS, ordinal
from adapters.planner.crontab import LAST, Crontab, crontab
from adapters.planner.wall import change, instant, shown
from bot.schedule import Recurrence

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = datetime.resolution
_DAY = timedelta(days=1)

Follow = Callable[[datetime], datetime]
"""From one time on the wall to the next that is due."""


def after(recurrence: Recurrence, moment: datetime) -> datetime | None:
    """The first time, later than that, at which it is due; None for never."""
    if recurrence.at is not None:
        return recurrence.at if recurrence.at > moment else None
    since, zone = recurrence.since or _EPOCH, ZoneInfo(recurrence.zone)
    if recurrence.seconds:
        return _counted(since.astimezone(UTC), timedelta(seconds=recurrence.seconds), moment.astimezone(UTC))
    if recurrence.days:
        return _on_the_wall(partial(_counted, shown(since, zone), recurrence.days * _DAY), zone, moment)
    table = crontab(recurrence.cron)
    return (_every_hour if table.hourly else _on_the_wall)(partial(_follow, table), zone, moment)


def last(recurrence: Recurrence, first: datetime, moment: datetime) -> datetime:
    """Of the times from `first` on, the last that is not later than `moment`: found by halving what is left."""
    low, high = first, moment
    while (due := after(recurrence, low)) is not None and due <= moment:
        middle = due + (high - due) / 2
        later = after(recurrence, middle)
        if later is None or later > moment:
            low, high = due, middle
        else:
            low = later
    return low


def shortest(recurrence: Recurrence, moment: datetime) -> float | None:
    """The fewest seconds between two times in a year from then on, on a clock that is never put forward or back."""
    if recurrence.once:
        return None
    if not recurrence.cron:
        return recurrence.seconds + recurrence.days * _DAY.total_seconds()
    table = crontab(recurrence.cron)
    within, nights = times(table), _fewest_days(table, shown(moment, ZoneInfo(recurrence.zone)))
    gaps = [later - earlier for earlier, later in pairwise(within)]
    if nights is not None:
        gaps.append(nights + within[0] - within[-1])
    return min(gaps).total_seconds() if gaps else None


def times(table: Crontab) -> list[timedelta]:
    """The times of a day on which it is due, from midnight on."""
    return [timedelta(hours=hour, minutes=minute) for hour in sorted(table.hours) for minute in sorted(table.minutes)]


def _fewest_days(table: Crontab, wall: datetime) -> timedelta | None:
    """From one day on which it is due to the next, at the least, in a year from then on."""
    fewest = None
    for earlier, later in pairwise(_days(table, wall)):
        fewest = min(fewest or later - earlier, later - earlier)
        if fewest == _DAY:
            break
    return fewest


def _days(table: Crontab, wall: datetime) -> Iterator[datetime]:
    """The midnights of the days of a year from then on, on which it is due."""
    midnights, midnight = replace(table, minutes=frozenset({0}), hours=frozenset({0})), wall - _DAY
    while (midnight := _follow(midnights, midnight)) < wall + 366 * _DAY:
        yield midnight


# From the wall to moments.


def _counted(since: datetime, step: timedelta, moment: datetime) -> datetime:
    """The first, later than that, of the times that come every so often from `since` on."""
    return since + max(0, (moment - since) // step + 1) * step


def _on_the_wall(follow: Follow, zone: ZoneInfo, moment: datetime) -> datetime:
    """Each time of the wall's clock comes once: what is skipped right after the gap, what is shown twice at first."""
    wall = shown(moment, zone)
    while True:
        wall = follow(wall)
        if (due := instant(wall, zone)) > moment:
            return due


def _every_hour(follow: Follow, zone: ZoneInfo, moment: datetime) -> datetime:
    """Each real hour counts: nothing comes for those that are skipped, and those that are shown twice come twice."""
    wall = shown(moment, zone)
    while True:
        offset = shown(moment, zone) - moment.astimezone(UTC).replace(tzinfo=None)
        due = (follow(wall) - offset).replace(tzinfo=UTC)
        changed = change(zone, moment, due)
        if changed is None:
            return due
        moment, wall = changed, shown(changed, zone) - _TICK


# APScheduler's part.


def _follow(table: Crontab, wall: datetime) -> datetime:
    """The next time of the wall's clock that the five fields name."""
    start = wall.replace(tzinfo=UTC, fold=0) + _TICK
    found: list[datetime] = [trigger.get_next_fire_time(None, start) for trigger in _triggers(table)]
    return min(found).replace(tzinfo=None)


@lru_cache(1_000)
def _triggers(table: Crontab) -> Sequence[Any]:
    from apscheduler.triggers.cron import CronTrigger

    fields = {"minute": _numbers(table.minutes), "hour": _numbers(table.hours), "month": _numbers(table.months)}
    dates, weekdays = {"day": _dates(table)}, {"day_of_week": ",".join(WEEKDAYS[day][:3] for day in table.weekdays)}
    ways = [dates, weekdays] if table.either else [dates | weekdays]
    return [CronTrigger(**fields, **way, timezone=UTC) for way in ways]


def _dates(table: Crontab) -> str:
    """What APScheduler calls the days of a month: "1,15,last", "1st mon,last fri"."""
    if table.positions:
        return ",".join(f"{_which(which)} {WEEKDAYS[day][:3]}" for which, day in sorted(table.positions))
    return ",".join("last" if day == LAST else str(day) for day in sorted(table.days))


def _which(position: int) -> str:
    return "last" if position == LAST else ordinal(position)


def _numbers(numbers: frozenset[int]) -> str:
    return ",".join(map(str, sorted(numbers)))

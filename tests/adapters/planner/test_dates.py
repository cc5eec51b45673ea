"""When what repeats is due: over changes of the clock, ends of months and leap days."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.planner import Almanac
from bot.schedule import Recurrence
from tests.adapters.planner.oracle import Rule, moment, real_times, walls

ALMANAC = Almanac()

ZONES = (
    "Europe/Oslo",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "UTC",
)
YEARS = (2010, 2016, 2024, 2025)
"""Apia skipped a day at the end of 2011, and São Paulo changed its clocks at midnight until 2019."""

CHANGES = {
    "Europe/Oslo": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "Australia/Lord_Howe": ("2026-10-03T15:30Z", "2026-04-04T15:00Z"),
    "America/Sao_Paulo": ("2018-11-04T03:00Z", "2018-02-18T02:00Z"),
    "Pacific/Apia": ("2011-12-30T10:00Z", "2012-03-31T14:00Z"),
}

MOST = 10_000
"""Times that are asked for one after the other: one that never moves on fails instead of going on for ever."""

HOURS, SECOND = timedelta(hours=1), timedelta(seconds=1)


def some(least: int, most: int, size: int, smallest: int = 0) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(least, most), min_size=smallest, max_size=size)


def rules(hours: st.SearchStrategy[frozenset[int]]) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        minutes=some(0, 59, 2, 1),
        hours=hours,
        days=some(1, 28, 3) | st.just(frozenset({29})) | st.just(frozenset({30, 31})),
        months=st.just(frozenset()) | some(1, 12, 3).map(lambda months: months | {3, 10, 12}),
        weekdays=some(1, 7, 3),
        last_day=st.booleans(),
    )


AT_NAMED_HOURS = rules(some(0, 23, 2, 1) | some(0, 3, 2, 1))

AT_NIGHT = st.builds(Rule, some(0, 59, 2, 1), some(0, 3, 2, 1), *([st.just(frozenset[int]())] * 2), some(6, 7, 1))
"""When clocks are changed: every day, or on a day of the weekend."""


def iterated(recurrence: Recurrence, begin: datetime, end: datetime) -> list[datetime]:
    def each() -> Iterator[datetime]:
        due = ALMANAC.after(recurrence, begin)
        while due is not None:
            yield due
            due = ALMANAC.after(recurrence, due)

    return list(takewhile(lambda due: due < end, islice(each(), MOST)))


def expected(rule: Rule, zone: ZoneInfo, year: int) -> list[datetime]:
    """Each time on the wall once, in three years; two that are skipped come as one."""
    return sorted({moment(wall, zone) for wall in walls(rule, date(year, 1, 1), date(year + 3, 1, 1))})


def begin_of(year: int, zone: ZoneInfo) -> datetime:
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)


@settings(max_examples=15, deadline=None)
@given(AT_NAMED_HOURS | AT_NIGHT, st.sampled_from(ZONES), st.sampled_from(YEARS))
def test_each_time_on_the_wall_comes_exactly_once(rule: Rule, name: str, year: int) -> None:
    """No double and no miss in three years, whatever the clock does."""
    zone = ZoneInfo(name)
    found = iterated(
        Recurrence(name, cron=rule.text), begin_of(year, zone) - timedelta.resolution, begin_of(year + 3, zone)
    )

    assert expected(rule, zone, year) == found
    assert all(earlier < later for earlier, later in pairwise(found))
    assert all(due.utcoffset() == timedelta(0) for due in found)


@settings(max_examples=15, deadline=None)
@given(
    some(0, 59, 3, 1),
    st.sampled_from([(zone, change) for zone, changes in CHANGES.items() for change in changes]),
    st.integers(0, 2 * 24 * 60),
)
def test_each_real_hour_counts_where_every_hour_is_meant(
    minutes: frozenset[int], change: tuple[str, str], early: int
) -> None:
    """A counter that is asked every ten minutes is not asked for an hour that never was, and misses none that was."""
    name, at = change
    begin = datetime.fromisoformat(at) - early * timedelta(minutes=1)
    end = begin + timedelta(days=4)
    rule = Rule(minutes, frozenset(), frozenset(), frozenset(), frozenset())
    found = iterated(Recurrence(name, cron=rule.text), begin - timedelta.resolution, end)

    assert list(real_times(rule, ZoneInfo(name), begin, end)) == found


@settings(max_examples=25, deadline=None)
@given(
    AT_NAMED_HOURS | AT_NIGHT, st.sampled_from(ZONES), st.integers(1), st.sampled_from([-1, 0, 1]), st.integers(-90, 90)
)
def test_a_clock_that_jumps_loses_and_repeats_nothing(rule: Rule, name: str, which: int, jump: int, late: int) -> None:
    """Asked from an hour too early or too late, the answer is the first later time; asked from a time, another one."""
    recurrence, times = Recurrence(name, cron=rule.text), expected(rule, ZoneInfo(name), 2024)
    asked = times[1 + which % (len(times) - 8)] + jump * HOURS + late * SECOND
    following = bisect_right(times, asked)

    assert times[following] == ALMANAC.after(recurrence, asked)
    assert times[following + 1] == ALMANAC.after(recurrence, times[following])
    assert times[max(0, following - 1)] == ALMANAC.last(recurrence, times[0], max(asked, times[0]))


def test_the_last_of_many_is_found_at_once() -> None:
    """A schedule of every minute that nobody saw for a year is not walked through."""
    first, asked = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    for recurrence in (
        Recurrence("Europe/Oslo", cron="* * * * *"),
        Recurrence("Europe/Oslo", seconds=60, since=first),
    ):
        assert asked.replace(second=0) == ALMANAC.last(recurrence, first, asked)


@pytest.mark.parametrize(
    "recurrence",
    [
        Recurrence("UTC", at=datetime(2026, 1, 1, tzinfo=UTC)),
        Recurrence("UTC", cron="0 0 1 1 *"),
        Recurrence("UTC", days=400, since=datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_first_is_the_last_when_none_came_since(recurrence: Recurrence) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)

    assert first == ALMANAC.last(recurrence, first, first + timedelta(days=300))


def test_a_single_time_comes_once() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    recurrence = Recurrence("UTC", at=at)

    assert at == ALMANAC.after(recurrence, at - timedelta.resolution)
    assert ALMANAC.after(recurrence, at) is None


@pytest.mark.parametrize("zone", ZONES)
def test_every_other_day_keeps_its_time_of_day(zone: str) -> None:
    """Days are counted on the calendar: hours would drift when clocks change, and cron begins anew each month."""
    since = datetime(2026, 1, 1, 18, 15, tzinfo=ZoneInfo(zone))
    found = iterated(Recurrence(zone, days=2, since=since), since - HOURS, since + timedelta(days=700))

    assert [since.replace(tzinfo=None) + timedelta(days=2 * count) for count in range(350)] == [
        due.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for due in found
    ]


def test_seconds_are_real_ones() -> None:
    """Every two hours is every two hours on the night when clocks change, too."""
    since = datetime(2026, 10, 24, 20, tzinfo=UTC)
    found = iterated(Recurrence("Europe/Oslo", seconds=7_200, since=since), since, since + 12 * HOURS)

    assert [since + count * HOURS for count in (2, 4, 6, 8, 10)] == found


def test_what_the_clock_skips_is_due_right_after_the_gap() -> None:
    """On 29 March 2026 there is no 2:30 in Oslo; a reminder for then comes at 3:00."""
    recurrence = Recurrence("Europe/Oslo", cron="30 2 * * *")

    assert datetime.fromisoformat("2026-03-29T03:00+02:00") == ALMANAC.after(
        recurrence, datetime.fromisoformat("2026-03-28T12:00+01:00")
    )


def test_a_leap_day_is_waited_for() -> None:
    """The year 2100 has none."""
    recurrence = Recurrence("UTC", cron="0 9 29 2 *")

    assert datetime(2104, 2, 29, 9, tzinfo=UTC) == ALMANAC.after(recurrence, datetime(2096, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 9 * * mon#1", (7, 4, 1)),
        ("0 9 * * fri#L", (27, 25, 29)),
        ("0 9 * * 5#5", (29,)),
        ("0 9 L * *", (30, 31, 31)),
        ("0 9 * * 0", (22, 29, 6)),
        ("0 9 * * 7", (22, 29, 6)),
        ("0 9 * * sat-sun", (22, 28, 29)),
        ("0 9 13 * fri", (27, 4, 11, 13)),
        ("0 9 */15 * sun", (31, 16)),
    ],
)
def test_days_are_those_of_crontab(cron: str, days: tuple[int, ...]) -> None:
    """0 and 7 are Sunday; of a day of the month and one of the week either will do, unless one begins with a star."""
    begin = datetime(2026, 11, 21, 12, tzinfo=UTC)
    found = iterated(Recurrence("UTC", cron=cron), begin, begin + timedelta(days=400))

    assert days == tuple(due.day for due in found[: len(days)])


@pytest.mark.parametrize(
    ("recurrence", "seconds"),
    [
        (Recurrence("Europe/Oslo", cron="0 9 * * *"), 86_400),
        (Recurrence("Europe/Oslo", cron="*/10 * * * *"), 600),
        (Recurrence("Europe/Oslo", cron="0,59 0,23 * * *"), 60),
        (Recurrence("Europe/Oslo", cron="0,50 0,23 1,15 * *"), 50 * 60),
        (Recurrence("Europe/Oslo", cron="0 9 * * mon,thu"), 3 * 86_400),
        (Recurrence("Europe/Oslo", cron="0 9 1,31 * *"), 86_400),
        (Recurrence("Europe/Oslo", cron="0 9 29 2 *"), None),
        (Recurrence("Europe/Oslo", seconds=90), 90),
        (Recurrence("Europe/Oslo", days=3), 3 * 86_400),
        (Recurrence("Europe/Oslo", at=datetime(2026, 1, 1, tzinfo=UTC)), None),
    ],
)
def test_the_shortest_time_between_two(recurrence: Recurrence, seconds: float | None) -> None:
    """Days count 24 hours here: who may have something daily may have it on the day of 23 hours too."""
    assert seconds == ALMANAC.shortest(recurrence, datetime(2026, 11, 21, 12, tzinfo=UTC))

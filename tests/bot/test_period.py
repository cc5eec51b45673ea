"""Days and months of communities, and when each begins anew."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.period import Window, calendar

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "date", "hours"),
    [
        ("2026-11-21T12:00+01:00", "2026-11-21", 24),
        ("2026-11-21T23:59:59+01:00", "2026-11-21", 24),
        ("2026-03-29T12:00+02:00", "2026-03-29", 23),
        ("2026-10-25T02:30+02:00", "2026-10-25", 25),
        ("2026-10-25T02:30+01:00", "2026-10-25", 25),
        ("2026-12-31T23:30+01:00", "2026-12-31", 24),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight(moment: str, date: str, hours: int) -> None:
    """Also when clocks are put forward or back."""
    now = calendar(at(moment), BERLIN)

    assert date == now.date
    assert hours == (now.day_end - now.day) / 3_600_000
    assert now.day <= now.now < now.day_end


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-12-31T23:30+01:00", "2027-01-01T00:00+01:00"),
        ("2026-02-28T01:00+01:00", "2026-03-01T00:00+01:00"),
        ("2026-03-31T23:00+02:00", "2026-04-01T00:00+02:00"),
    ],
)
def test_a_month_ends_with_its_last_day(moment: str, end: str) -> None:
    assert at(end).timestamp() * 1000 == calendar(at(moment), BERLIN).end(Window.MONTH)


def test_thirty_days_have_more_again_when_the_oldest_leaves() -> None:
    now = calendar(at("2026-11-21T12:00+00:00"), BERLIN)
    oldest = now.begin(Window.ROLLING) - 3

    assert (oldest + 30) * 86_400_000 == now.end(Window.ROLLING, oldest)
    assert 0 == now.end(Window.EVER)

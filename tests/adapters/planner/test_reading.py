"""What people write for a time, and what it means; what cannot be told is asked back, and nothing is guessed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.planner import Almanac
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

ALMANAC = Almanac()

OSLO = "Europe/Oslo"

NOW = datetime(2026, 11, 21, 11, 34, 56, 789, tzinfo=UTC)
"""A Saturday, 12:34 in Oslo."""


def wall(recurrence: Recurrence) -> str:
    assert recurrence.at is not None
    return f"{recurrence.at.astimezone(ZoneInfo(OSLO)):%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("in 2 h", "2026-11-21 14:34:56"),
        ("2h30m", "2026-11-21 15:04:56"),
        ("in 90 min", "2026-11-21 14:04:56"),
        ("in half an hour", "2026-11-21 13:04:56"),
        ("in 1.5 hours", "2026-11-21 14:04:56"),
        ("in two hours", "2026-11-21 14:34:56"),
        ("in 3 days", "2026-11-24 12:34:56"),
        ("in 3 days at 9:00", "2026-11-24 09:00:00"),
        ("in a week", "2026-11-28 12:34:56"),
        ("in 2 months", "2027-01-21 12:34:56"),
        ("tomorrow 9:00", "2026-11-22 09:00:00"),
        ("Tomorrow at 9", "2026-11-22 09:00:00"),
        ("tomorrow 9am", "2026-11-22 09:00:00"),
        ("tomorrow noon", "2026-11-22 12:00:00"),
        ("tomorrow evening", "2026-11-22 18:00:00"),
        ("the day after tomorrow 10:00", "2026-11-23 10:00:00"),
        ("tonight at 20:00", "2026-11-21 20:00:00"),
        ("18:00", "2026-11-21 18:00:00"),
        ("18.30", "2026-11-21 18:30:00"),
        ("at 18", "2026-11-21 18:00:00"),
        ("6:30 p.m.", "2026-11-21 18:30:00"),
        ("12 am", "2026-11-22 00:00:00"),
        ("06:30", "2026-11-22 06:30:00"),
        ("0:30", "2026-11-22 00:30:00"),
        ("10:00", "2026-11-22 10:00:00"),
        ("saturday 18:00", "2026-11-21 18:00:00"),
        ("next saturday 18:00", "2026-11-28 18:00:00"),
        ("next friday 5pm", "2026-11-27 17:00:00"),
        ("24 Dec 18:00", "2026-12-24 18:00:00"),
        ("December 24th at 6pm", "2026-12-24 18:00:00"),
        ("24 Dec 2026 18:00", "2026-12-24 18:00:00"),
        ("21 nov 10:00", "2027-11-21 10:00:00"),
        ("29 feb 10:00", "2028-02-29 10:00:00"),
        ("24.12.2026 18:00", "2026-12-24 18:00:00"),
        ("03.04.2027 18:00", "2027-04-03 18:00:00"),
        ("25/12 10:00", "2026-12-25 10:00:00"),
        ("12/25 10:00", "2026-12-25 10:00:00"),
        ("2026-12-24T18:00", "2026-12-24 18:00:00"),
        ("2026-12-24T18:00Z", "2026-12-24 19:00:00"),
        ("24 dec 18:00 UTC", "2026-12-24 19:00:00"),
        ("24 dec 18:00 UTC-5:30", "2026-12-25 00:30:00"),
        ("28 march 2027 02:30", "2027-03-28 03:00:00"),
        ("morgen um 9 Uhr", "2026-11-22 09:00:00"),
        ("am Freitag um 18 Uhr", "2026-11-27 18:00:00"),
        ("in 2 Stunden", "2026-11-21 14:34:56"),
        ("demain à 9h", "2026-11-22 09:00:00"),
        ("завтра в 9:00", "2026-11-22 09:00:00"),
    ],
)
def test_single_times_are_read(words: str, when: str) -> None:
    assert when == wall(ALMANAC.read(words, NOW, OSLO))


@pytest.mark.parametrize(
    ("words", "cron", "said"),
    [
        ("every Monday 18:00", "0 18 * * mon", "every Monday at 18:00"),
        ("mondays and thursdays 18:00", "0 18 * * mon,thu", "every Monday and Thursday at 18:00"),
        ("every mon, wed and sun at 5:30pm", "30 17 * * mon,wed,sun", "every Monday, Wednesday and Sunday at 17:30"),
        ("every weekday at 9", "0 9 * * mon-fri", "every weekday at 09:00"),
        ("mon-fri 10:00", "0 10 * * mon-fri", "every weekday at 10:00"),
        ("every day 9:00", "0 9 * * *", "every day at 09:00"),
        ("daily at 9", "0 9 * * *", "every day at 09:00"),
        ("every day at noon", "0 12 * * *", "every day at 12:00"),
        ("weekends 10am", "0 10 * * sat,sun", "every Saturday and Sunday at 10:00"),
        ("every month on the 1st at 9:00", "0 9 1 * *", "every month on the 1st at 09:00"),
        ("the 15th of every month 9:00", "0 9 15 * *", "every month on the 15th at 09:00"),
        ("every month on the 1st and 15th 10:00", "0 10 1,15 * *", "every month on the 1st and 15th at 10:00"),
        ("every 6 months on the 1st 10:00", "0 10 1 6,12 *", "on the 1st of June and December at 10:00"),
        ("last day of the month 18:00", "0 18 l * *", "every month on the last day at 18:00"),
        ("first monday of the month 9:00", "0 9 * * mon#1", "every month on the first Monday at 09:00"),
        ("last friday of the month 17:00", "0 17 * * fri#l", "every month on the last Friday at 17:00"),
        ("every year on 24 dec 9:00", "0 9 24 12 *", "every year on 24 December at 09:00"),
        ("every hour at :15", "15 * * * *", "every hour at :15"),
        ("0 9 * * mon-fri", "0 9 * * mon-fri", "every weekday at 09:00"),
        ("0 9,18 * * 0", "0 9,18 * * 0", "every Sunday at 09:00 and 18:00"),
        ("*/7 3 1-4 * *", "*/7 3 1-4 * *", "at the times of `*/7 3 1-4 * *`"),
        ("0 9 1 * mon", "0 9 1 * mon", "at the times of `0 9 1 * mon`"),
    ],
)
def test_what_repeats_is_read_and_told(words: str, cron: str, said: str) -> None:
    recurrence = ALMANAC.read(words, NOW, OSLO)

    assert Recurrence(OSLO, cron=cron) == recurrence
    assert said == ALMANAC.words(recurrence)


@pytest.mark.parametrize(
    ("words", "seconds", "days", "first", "said"),
    [
        ("every 2 hours", 7_200, 0, "2026-11-21 14:34", "every 2 hours"),
        ("hourly", 3_600, 0, "2026-11-21 13:34", "every hour"),
        ("every 5 seconds", 5, 0, "2026-11-21 12:35", "every 5 seconds"),
        ("every other hour", 7_200, 0, "2026-11-21 14:34", "every 2 hours"),
        ("every 3 days at 8:00", 0, 3, "2026-11-22 08:00", "every 3 days at 08:00"),
        ("every other day 18:00", 0, 2, "2026-11-21 18:00", "every 2 days at 18:00"),
        ("every other monday 18:00", 0, 14, "2026-11-23 18:00", "every 2 weeks on Monday at 18:00"),
        ("every 3 weeks on sunday 18:00", 0, 21, "2026-11-22 18:00", "every 3 weeks on Sunday at 18:00"),
    ],
)
def test_what_comes_every_so_often_begins_at_the_next_time(
    words: str, seconds: int, days: int, first: str, said: str
) -> None:
    recurrence = ALMANAC.read(words, NOW, OSLO)
    due = ALMANAC.after(recurrence, NOW)

    assert (seconds, days, said) == (recurrence.seconds, recurrence.days, ALMANAC.words(recurrence))
    assert due is not None
    assert first == f"{due.astimezone(ZoneInfo(OSLO)):%Y-%m-%d %H:%M}"


HOW = "I cannot tell when that is."
PASSED = "That time has passed."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", HOW),
        ("soon", HOW),
        ("5", HOW),
        ("may", HOW),
        ("10 10", HOW),
        ("may 18:00", HOW),
        ("10 10 18:00", HOW),
        ("in 1 2 3 h", HOW),
        ("tomorrow 25:00", HOW),
        ("tomorrow 9:00 10", HOW),
        ("1700000000", HOW),
        ("in -5 minutes", HOW),
        ("x" * 101, HOW),
        ("every", HOW),
        ("every monday morning", HOW),
        ("6:30", "“6:30”: in the morning or in the evening? Write `06:30` or `18:30`."),
        ("at 7", "“at 7”: in the morning or in the evening? Write `07:00` or `19:00`."),
        ("9:00", "“9:00”: in the morning or in the evening? Write `09:00` or `21:00`."),
        ("tomorrow 6:30", "“6:30”: in the morning or in the evening? Write `06:30` or `18:30`."),
        ("every day at 6:30", "“at 6:30”: in the morning or in the evening? Write `06:30` or `18:30`."),
        ("03/04 18:00", "“03/04” may be two days. Which one: `3 April` or `4 March`?"),
        ("tomorrow", "At what time? Write it like `tomorrow 9:00`."),
        ("24 dec", "At what time? Write it like `24 dec 9:00`."),
        ("every day", "At what time? Write it like `every day 9:00`."),
        ("every week 9:00", "On which day?"),
        ("yesterday", PASSED),
        ("2020-01-01", PASSED),
        ("2 hours ago", PASSED),
        ("today 10:00", PASSED),
        ("in 0 minutes", PASSED),
        ("in 6 years", "That is more than five years away."),
        ("31 june 18:00", "There is no 31 june"),
        ("29 feb 2027 18:00", "There is no 29 feb 2027"),
        ("2027-02-29 18:00", "There is no 2027-02-29"),
        ("31/06 18:00", "There is no 31/06"),
        ("monday 24 dec 2026 18:00", "24 December 2026 is a Thursday. Which day do you mean?"),
        ("18:00 CET", "There is more than one zone of that name."),
        ("every 0 minutes", "How often?"),
        ("every 999999 days 9:00", "How often?"),
        ("every 5 months on the 1st 9:00", "That comes in other months each year."),
        ("every month on the 31st 9:00", "Not every month has a 31st. Say `last day of the month 9:00`"),
        ("every month on the 29th 9:00", "Not every month has a 29th."),
        ("every 29 feb 9:00", "Not every year has a 29 February."),
        ("every 31 june 9:00", "June has 30 days."),
        ("0 0 30 2 *", "`0 0 30 2 *` never comes: no such month has a day 30."),
        ("0 25 * * *", "In `0 25 * * *`, “25” is no hour: write 0 to 23, or `*`."),
        ("*/0 * * * *", "In `*/0 * * * *`, “*/0” is no minute"),
        ("0 9 1 * mon#1", "With “mon#1” the day of the month must be `*`."),
        ("0 9 * * mon#1,fri", "In `0 9 * * mon#1,fri`, “fri” stands beside one like `mon#1`"),
    ],
)
def test_what_cannot_be_told_is_asked_back(words: str, sentence: str) -> None:
    """Nothing is saved, and what to write instead is said."""
    with pytest.raises(BadTime) as refused:
        ALMANAC.read(words, NOW, OSLO)

    assert refused.value.for_user.startswith(sentence)


@pytest.mark.parametrize("words", ["tomorrow 9:00", "18:00", "2026-12-24T18:00", "every day 9:00", "0 9 * * *"])
def test_whoever_has_not_said_where_they_are_is_asked(words: str) -> None:
    with pytest.raises(ZoneNeeded):
        ALMANAC.read(words, NOW, "")


@pytest.mark.parametrize(
    "words", ["in 2 h", "in 3 days", "every 2 hours", "18:00 UTC", "2026-12-24T18:00+02:00", "every day 9:00 utc"]
)
def test_where_they_are_is_not_asked_when_it_does_not_matter(words: str) -> None:
    assert ALMANAC.read(words, NOW, "").zone == "UTC"


def test_hours_are_real_ones_and_days_those_of_the_calendar() -> None:
    """Over the night of 25 October 2026 a day in Oslo has 25 hours."""
    before = datetime(2026, 10, 24, 16, tzinfo=UTC)

    assert "2026-10-25 17:00:00" == wall(ALMANAC.read("in 24 h", before, OSLO))
    assert "2026-10-25 18:00:00" == wall(ALMANAC.read("in 1 day", before, OSLO))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_day_is_that_of_whoever_asks(zone: str) -> None:
    """Where it is tomorrow already, or yesterday still."""
    here = NOW.astimezone(ZoneInfo(zone))
    at = ALMANAC.read("tomorrow 12:00", NOW, zone).at

    assert at is not None
    assert 1 == (at.astimezone(ZoneInfo(zone)).date() - here.date()).days


@pytest.mark.parametrize(
    "words",
    [
        "every Wednesday at 18:05",
        "every Tuesday and Sunday at 07:00",
        "every month on the 28th at 23:59",
        "every month on the last day at 00:00",
        "every month on the fifth Sunday at 10:00",
        "every year on 1 May at 09:00",
        "every 2 weeks on Monday at 18:00",
        "every 10 days at 18:00",
        "every 90 minutes",
        "every hour at :05",
        "on 24 December 2026 at 18:00",
    ],
)
def test_what_we_say_can_be_said_to_us(words: str) -> None:
    """People copy what they see."""
    assert words == ALMANAC.words(ALMANAC.read(words, NOW, OSLO))

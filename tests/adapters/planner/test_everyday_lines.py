"""Reminders as people type them: where the time ends and the text begins, whatever the text begins with."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.planner import Almanac
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

ALMANAC = Almanac()

OSLO = "Europe/Oslo"

NOW = datetime(2026, 11, 21, 11, 34, 56, tzinfo=UTC)
"""A Saturday, 12:34 in Oslo."""


def told(recurrence: Recurrence) -> str:
    """When it is, in Oslo; for what repeats, its rule."""
    if recurrence.at is not None:
        return f"{recurrence.at.astimezone(ZoneInfo(OSLO)):%m-%d %H:%M}"
    return recurrence.cron or f"{recurrence.seconds} s"


ZONES_AND_WORDS = [
    ("in 20 minutes", "11-21 12:54", "get the pizza out"),
    ("in 2 h", "11-21 14:34", "eat lunch"),
    ("in 10 min", "11-21 12:44", "cat food"),
    ("in 1 h", "11-21 13:34", "bot talk"),
    ("in 2 h", "11-21 14:34", "MET office call"),
    ("in 3 days", "11-24 12:34", "pet shop"),
    ("in 3 days", "11-24 12:34", "am I ready?"),
    ("tomorrow 9:00", "11-22 09:00", "met office call"),
    ("tomorrow 9:00", "11-22 09:00", "wet paint is dry"),
    ("tomorrow 9:00", "11-22 09:00", "Cast the vote"),
    ("tomorrow evening", "11-22 18:00", "ant poison"),
    ("18:00", "11-21 18:00", "act on the mail"),
    ("18:00", "11-21 18:00", "cet exam"),
    ("at 18", "11-21 18:00", "most of the dishes"),
    ("6pm", "11-21 18:00", "dust the shelf"),
    ("friday 18:00", "11-27 18:00", "mist the ferns"),
    ("24 dec 18:00", "12-24 18:00", "east door"),
    ("24.12. 18:00", "12-24 18:00", "west door"),
    ("every monday 18:00", "0 18 * * mon", "art class"),
    ("every 2 hours", "7200 s", "get up and walk"),
]

CALENDAR_WORDS = [
    ("in 2 h", "11-21 14:34", "may we meet"),
    ("in 2 h", "11-21 14:34", "march with the band"),
    ("in 2 h", "11-21 14:34", "sun cream"),
    ("in 2 h", "11-21 14:34", "monday's slides"),
    ("in 2 h", "11-21 14:34", "tomorrow's lunch"),
    ("in 2 h", "11-21 14:34", "tomorrow is the exam"),
    ("in 2 h", "11-21 14:34", "next week planning"),
    ("in 2 h", "11-21 14:34", "yesterday's bread"),
    ("in 2 h", "11-21 14:34", "noon nap"),
    ("in 2 h", "11-21 14:34", "evening walk"),
    ("in 2 h", "11-21 14:34", "18:00 train"),
    ("in 2 h", "11-21 14:34", "6:30 alarm"),
    ("in 2 h", "11-21 14:34", "at 7 is dinner"),
    ("in 2 h", "11-21 14:34", "03/04 report"),
    ("in 2 h", "11-21 14:34", "31 june joke"),
    ("in 20 min", "11-21 12:54", "every day counts"),
    ("in 3 days", "11-24 12:34", "next week planning"),
    ("in 3 days", "11-24 12:34", "sun cream"),
    ("tomorrow 9:00", "11-22 09:00", "sun cream"),
    ("tomorrow 9:00", "11-22 09:00", "may day speech"),
    ("tomorrow 9:00", "11-22 09:00", "today's leftovers"),
    ("tomorrow 9:00", "11-22 09:00", "this week in numbers"),
    ("tomorrow 9:00", "11-22 09:00", "next week planning"),
    ("tomorrow 9:00", "11-22 09:00", "early morning run"),
    ("tomorrow 9:00", "11-22 09:00", "monday report"),
    ("tonight", "11-21 20:00", "this week in review"),
    ("18:00", "11-21 18:00", "march to the shop"),
    ("18:00", "11-21 18:00", "last friday's notes"),
    ("24 dec 18:00", "12-24 18:00", "monday shift swap"),
    ("every monday 18:00", "0 18 * * mon", "sunday roast leftovers"),
    ("every day 9:00", "0 9 * * *", "march around the block"),
]

NUMBERS_AND_SMALL_WORDS = [
    ("in 2 h", "11-21 14:34", "5 things"),
    ("in 2 h", "11-21 14:34", "12 eggs"),
    ("in 2 h", "11-21 14:34", "10:00 standup notes"),
    ("in 2 h", "11-21 14:34", "1st draft"),
    ("in 2 h", "11-21 14:34", "2027 goals"),
    ("in 20 min", "11-21 12:54", "a second helping"),
    ("in 5 minutes", "11-21 12:39", "second breakfast"),
    ("in 5 minutes", "11-21 12:39", "in bed"),
    ("tomorrow 9:00", "11-22 09:00", "12 eggs"),
    ("tomorrow 9:00", "11-22 09:00", "a walk"),
    ("tomorrow 9:00", "11-22 09:00", "at the dentist's"),
    ("tonight", "11-21 20:00", "5 things"),
    ("tomorrow evening", "11-22 18:00", "a film"),
    ("tomorrow evening", "11-22 18:00", "two films"),
    ("18:00", "11-21 18:00", "a walk"),
    ("18:00", "11-21 18:00", "5 eggs"),
    ("18:00", "11-21 18:00", "30 pushups"),
    ("18:00", "11-21 18:00", "1st draft"),
    ("18:00", "11-21 18:00", "we eat"),
    ("at 18", "11-21 18:00", "one beer"),
    ("at 18", "11-21 18:00", "in town"),
    ("noon", "11-22 12:00", "an apple"),
    ("friday 18:00", "11-27 18:00", "30 candles"),
    ("24 dec 18:00", "12-24 18:00", "12 guests"),
    ("18:00 tomorrow", "11-22 18:00", "at the station"),
    ("noon tomorrow", "11-22 12:00", "every window"),
    ("6pm on the 27th of november", "11-27 18:00", "second call"),
    ("every day 9:00", "0 9 * * *", "a glass of water"),
    ("0 9 * * mon", "0 9 * * mon", "5 facts"),
]

STRETCHES = [
    ("in 2 h 30", "11-21 15:04", "buy eggs"),
    ("in 2h30", "11-21 15:04", "buy eggs"),
    ("2h30", "11-21 15:04", "buy eggs"),
    ("in 2h05", "11-21 14:39", "buy eggs"),
    ("in 2:30 h", "11-21 15:04", "buy eggs"),
    ("in 1 h 30 min", "11-21 14:04", "buy eggs"),
    ("in 1 hour and 30 minutes", "11-21 14:04", "buy eggs"),
    ("in 1.5 h", "11-21 14:04", "buy eggs"),
    ("in 1,5 h", "11-21 14:04", "buy eggs"),
    ("in half an hour", "11-21 13:04", "buy eggs"),
    ("in an hour and a half", "11-21 14:04", "buy eggs"),
    ("in two and a half hours", "11-21 15:04", "buy eggs"),
    ("2 hours from now", "11-21 14:34", "buy eggs"),
    ("in 18h30", "11-22 07:04", "call home"),
    ("18h30", "11-21 18:30", "call home"),
    ("in 1 day and 3 hours", "11-22 15:34", "buy eggs"),
    ("in 2 Stunden", "11-21 14:34", "18:00 Zug"),
    ("in 2 Stunden", "11-21 14:34", "3 Eier"),
]


@pytest.mark.parametrize(
    ("when", "due", "text"), [*ZONES_AND_WORDS, *CALENDAR_WORDS, *NUMBERS_AND_SMALL_WORDS, *STRETCHES]
)
def test_a_text_may_begin_with_any_word(when: str, due: str, text: str) -> None:
    """Zones are called "get", "met" and "cat", months "may", and seconds are helpings: all of that is the text's."""
    recurrence, rest = ALMANAC.split(f"{when} {text}", NOW, OSLO)

    assert (due, text) == (told(recurrence), rest)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("6:30 tomorrow run", "“6:30”: in the morning or in the evening?"),
        ("tomorrow at 7 run", "“at 7”: in the morning or in the evening?"),
        ("tomorrow evening at 9 run", "“at 9”: in the morning or in the evening?"),
        ("in 2 days at 7 run", "“at 7”: in the morning or in the evening?"),
        ("03/04 9:00 run", "“03/04” may be two days."),
        ("18:00 03/04 run", "“03/04” may be two days."),
        ("yesterday 9:00 run", "That time has passed."),
        ("18:00 yesterday run", "That time has passed."),
        ("10:00 today run", "That time has passed."),
        ("24 dec 18:00 2020 run", "That time has passed."),
        ("2 hours ago run", "That time has passed."),
        ("every month on the 31st at 9:00 pay", "Not every month has a 31st."),
        ("18:00 every month on the 31st pay", "Not every month has a 31st."),
        ("31 june 2027 9:00 run", "There is no 31 june 2027"),
        ("18:00 31 june run", "There is no 31 june"),
        ("in 2 weeks on friday 18:00 run", "That names two days."),
        ("18:00 CET run", "There is more than one zone of that name."),
        ("tomorrow 18:00 CET 5 eggs", "There is more than one zone of that name."),
        ("tomorrow 18:00 (CET), run", "There is more than one zone of that name."),
        ("18:00 UTC+99 run", "There is no such zone: they go from UTC-12 to UTC+14."),
        ("18:00 UTC+14:30 run", "There is no such zone"),
        ("18:00 UTC-13 run", "There is no such zone"),
        ("in 5 run", "I cannot tell when that is."),
    ],
)
def test_a_question_is_not_lost_where_fewer_words_would_do(line: str, sentence: str) -> None:
    """ "18:00" alone is clear, but not what was written."""
    with pytest.raises(BadTime) as refused:
        ALMANAC.split(line, NOW, OSLO)

    assert refused.value.for_user.startswith(sentence)


@pytest.mark.parametrize(
    ("offset", "due"),
    [("-12", "11-22 07:00"), ("+14", "11-22 05:00"), ("+02:00", "11-21 17:00"), ("-3:30", "11-21 22:30")],
)
def test_an_offset_is_one_that_there_is(offset: str, due: str) -> None:
    recurrence, rest = ALMANAC.split(f"18:00 UTC{offset} run", NOW, OSLO)

    assert (due, "run") == (told(recurrence), rest)


@pytest.mark.parametrize("line", ["in 2 h noon nap", "in 20 min get up", "in 3 days pet shop", "18:00 UTC met Ann"])
def test_words_of_the_text_do_not_ask_where_somebody_is(line: str) -> None:
    assert "UTC" == ALMANAC.split(line, NOW, "")[0].zone


@pytest.mark.parametrize("line", ["in 3 days 18:00 run", "tomorrow 9:00 met Ann", "18:00 a walk"])
def test_where_somebody_is_is_asked_where_a_clock_is_named(line: str) -> None:
    with pytest.raises(ZoneNeeded):
        ALMANAC.split(line, NOW, "")

"""A time at the beginning of a line, and what follows it."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.planner import Almanac, once
from adapters.planner.reading import LONGEST
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

ALMANAC = Almanac()

MOST_ASKED = 60
"""Texts that dateparser may be given for one line."""

NOW = datetime(2026, 11, 21, 11, 34, 56, tzinfo=UTC)
OSLO = "Europe/Oslo"

WORDS = tuple(
    each
    for line in (
        "in 2 h every monday tomorrow 9:00 at 24 dec 03/04 utc morgen um uhr завтра 1 31 june feb noon am pm of the",
        "month last first 18.30 2027-02-29 * */5 0 mon-fri half an hour second next to à 9h other days week 1st 29th",
        "on and , mon#1 L yesterday ago - +02:00 z each day weeks 999999999 ٣ ½ 🦉",
    )
    for each in line.split()
)
"""What times are made of, and what looks like it."""


@pytest.mark.parametrize(
    ("line", "time", "rest"),
    [
        ("in 2 h call mum", "in 2 h", "call mum"),
        ("me in 20 min that the tea is ready", "in 20 min", "the tea is ready"),
        ("tomorrow 18:00 to call the dentist", "tomorrow 18:00", "call the dentist"),
        ("tomorrow 18:00: to", "tomorrow 18:00", "to"),
        ("tomorrow 18:00, call mum", "tomorrow 18:00", "call mum"),
        ("tomorrow 18:00 - call\nmum\ntwice", "tomorrow 18:00", "call\nmum\ntwice"),
        ("tomorrow 18:00 the dog", "tomorrow 18:00", "the dog"),
        ("tomorrow 9:00 am lunch", "tomorrow 9:00", "lunch"),
        ("tomorrow 10:00 3 eggs", "tomorrow 10:00", "3 eggs"),
        ("in 2 h today is the day", "in 2 h", "today is the day"),
        ("in 2 h may we meet", "in 2 h", "may we meet"),
        ("in 2 h 5 things", "in 2 h", "5 things"),
        ("in 5 minutes second breakfast", "in 5 minutes", "second breakfast"),
        ("in 2 h check 31 june report", "in 2 h", "check 31 june report"),
        ("in 2 h fix 99:99 bug", "in 2 h", "fix 99:99 bug"),
        ("24 dec 18:00 “wrap the presents”", "24 dec 18:00", "wrap the presents"),
        ('24 dec 18:00 "a" and "b"', "24 dec 18:00", '"a" and "b"'),
        ("every monday 18:00: water the plants", "every monday 18:00", "water the plants"),
        ("every weekday 8:00 three facts about owls", "every weekday 8:00", "three facts about owls"),
        ("last day of the month 18:00 pay rent", "last day of the month 18:00", "pay rent"),
        ("0 9 * * mon-fri standup notes please", "0 9 * * mon-fri", "standup notes please"),
        ("morgen um 9 Uhr die Katze füttern", "tomorrow 9:00", "die Katze füttern"),
        ("tomorrow 18:00", "tomorrow 18:00", ""),
    ],
)
def test_a_time_is_taken_off_a_line(line: str, time: str, rest: str) -> None:
    """Not a word of what follows is lost, be it one that times are made of."""
    assert (ALMANAC.read(time, NOW, OSLO), rest) == ALMANAC.split(line, NOW, OSLO)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("call mum", "I cannot tell when that is."),
        ("tomorrow at 7 call mum", "“at 7”: in the morning or in the evening?"),
        ("tomorrow buy milk", "At what time? Write it like `tomorrow 9:00`."),
        ("friday 7 eggs", "At what time? Write it like `friday 9:00`."),
        ("yesterday 10:00 call mum", "That time has passed."),
    ],
)
def test_a_line_without_a_clear_time_is_asked_about(line: str, sentence: str) -> None:
    with pytest.raises(BadTime) as refused:
        ALMANAC.split(line, NOW, OSLO)

    assert refused.value.for_user.startswith(sentence)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=14).map(" ".join), st.sampled_from([OSLO, ""]))
def test_any_text_is_read_or_asked_about(line: str, zone: str) -> None:
    """People paste anything; what comes back is a time that is to come, or a sentence."""
    for recurrence in (read(line, zone), split(line, zone)):
        if recurrence is not None:
            due = ALMANAC.after(recurrence, NOW)
            assert due is not None
            assert due > NOW
            assert ALMANAC.words(recurrence)


def read(line: str, zone: str) -> Recurrence | None:
    with suppress(BadTime, ZoneNeeded):
        return ALMANAC.read(line, NOW, zone)
    return None


def split(line: str, zone: str) -> Recurrence | None:
    with suppress(BadTime, ZoneNeeded):
        return ALMANAC.split(line, NOW, zone)[0]
    return None


HOSTILE = (
    "9" * 2_000,
    "9:" * 1_000,
    "a " * 1_000,
    "at 9 " * 400,
    "mar " * 500,
    "every " * 330,
    "1st and " * 250,
    "every 1st" + " and 1st" * 10 + " of the month 9:00",
    "feb 2027-02-29 à am hour half 03/04 2 dec 1 uhr next",
    "\ufdfa" * 2_000,
    "0 0 29 2 */2 x",
    *(" ".join(random.Random(seed).choices(WORDS, k=40)) for seed in range(40)),
)


@pytest.mark.parametrize("line", [*HOSTILE, "tomorrow 18:00 call mum about the plants on the balcony"])
def test_no_line_takes_long(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that reads does nothing else meanwhile. What takes time is dateparser, about 2 ms for each of its texts."""
    asked: list[str] = []
    parsed = once._parsed

    def counted(text: str, *rest: Any) -> Any:
        asked.append(text)
        return parsed(text, *rest)

    monkeypatch.setattr(once, "_parsed", counted)
    split(line, OSLO)

    assert len(asked) <= MOST_ASKED
    assert all(len(text) <= 2 * LONGEST for text in asked)

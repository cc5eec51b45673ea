"""Limits as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.amounts import bar, dollars, limit_words, parse_duration, parse_limit, wait_words, words_of_limits
from bot.errors import BadArgument
from bot.period import Window
from bot.quota import UNLIMITED, Balance, Limit, Unit

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "unit", "window", "most"),
    [
        ("10k", Unit.TOKENS, Window.DAY, 10_000),
        ("1M tokens per day", Unit.TOKENS, Window.DAY, 1_000_000),
        ("1.5m tokens a month", Unit.TOKENS, Window.MONTH, 1_500_000),
        ("20.000 tokens/day", Unit.TOKENS, Window.DAY, 20_000),
        ("1,234,567 tokens in total", Unit.TOKENS, Window.EVER, 1_234_567),
        ("$5 per month", Unit.MICRO_USD, Window.MONTH, 5_000_000),
        ("5 dollars a month", Unit.MICRO_USD, Window.MONTH, 5_000_000),
        ("$0.5/day", Unit.MICRO_USD, Window.DAY, 500_000),
        ("0,50$ daily", Unit.MICRO_USD, Window.DAY, 500_000),
        ("100 questions per hour", Unit.REQUESTS, Window.HOUR, 100),
        ("3 images per 30 days", Unit.IMAGES, Window.ROLLING, 3),
        ("0", Unit.TOKENS, Window.DAY, 0),
        ("unlimited", Unit.TOKENS, Window.DAY, UNLIMITED),
        ("unlimited questions per day", Unit.REQUESTS, Window.DAY, UNLIMITED),
        ("$0.001 per day", Unit.MICRO_USD, Window.DAY, 1_000),
        ("$1.500", Unit.MICRO_USD, Window.DAY, 1_500_000),
        ("$1,500", Unit.MICRO_USD, Window.DAY, 1_500_000_000),
        ("0.125M", Unit.TOKENS, Window.DAY, 125_000),
        ("1.500k", Unit.TOKENS, Window.DAY, 1_500),
    ],
)
def test_a_limit_is_read_as_people_write_it(text: str, unit: Unit, window: Window, most: int) -> None:
    assert Limit(unit, window, most) == parse_limit(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "no tokens per day",
        "many",
        "10k per week",
        "50k tokens 20k",
        "10 $ tokens",
        "1e9",
        "k",
        "5 5",
        "1.2.3.4.5",
    ],
)
def test_what_is_no_limit_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadArgument) as refused:
        parse_limit(text)

    assert "20k tokens per day" in refused.value.for_user


@pytest.mark.parametrize("text", ["-5", "-$3 per month", "99999999999999999999k", "1.5 tokens", "0.0000001$"])
def test_what_no_limit_may_be_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_limit(text)


def test_limits_are_said_as_people_say_them() -> None:
    assert "20,000 tokens a day" == limit_words(parse_limit("20k"))
    assert "$5.00 a month" == limit_words(parse_limit("$5/month"))
    assert "1 question an hour" == limit_words(parse_limit("1 question per hour"))
    assert "$0.000150" == dollars(150)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "in 1 s"), (59, "in 59 s"), (600, "in 10 min"), (12_000, "in 3 h 20 min"), (90_000, "in 1 day 1 h")],
)
def test_a_wait_is_told_roughly(seconds: int, said: str) -> None:
    assert said == wait_words(NOW + timedelta(seconds=seconds), NOW)


def test_a_stretch_of_time_is_read() -> None:
    assert timedelta(days=30) == parse_duration("30d")
    assert timedelta(days=14) == parse_duration("2 weeks")
    assert timedelta(days=60) == parse_duration("2 months")
    assert timedelta(minutes=5) == parse_duration("5 min")
    for bad in ("", "soon", "0d", "99999y", "-3d"):
        with pytest.raises(BadArgument):
            parse_duration(bad)


def test_a_bar_is_never_longer_than_itself() -> None:
    balance = Balance("user/x", Unit.TOKENS, Window.DAY, most=100, used=250)

    assert "▰" * 10 == bar(balance)
    assert "▱" * 10 == bar(Balance("user/x", Unit.TOKENS, Window.DAY, most=100))


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("20k tokens per day for my thesis", 4),
        ("1 question per day", 4),
        ("20k tokens per day, $5 for now", 5),
        ("5/day why not", 1),
        ("10k per day 30d", 3),
        ("unlimited tokens please", 2),
        ("homework 5", 0),
        ("", 0),
    ],
)
def test_a_line_begins_with_so_many_words_of_limits(line: str, count: int) -> None:
    """Where a command takes more than a limit, and nobody puts one into quotes."""
    assert count == words_of_limits(line.split())

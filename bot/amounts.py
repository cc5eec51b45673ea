"""Amounts, limits and times as people write and read them: "20k tokens per day", "$5 a month", "in 3 h"."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from bot.errors import BadArgument
from bot.period import Window
from bot.quota import UNLIMITED, Balance, Limit, Unit
from bot.reply import plain

MOST = 10**12
"""The largest amount that a limit may have: sums of it stay exact in a double, which is how Redis scripts count."""

EXAMPLES = "`20k tokens per day`, `$5 per month`, `100 questions per hour`, `1M tokens`, `unlimited`"

SUFFIXES = {"": 1, "k": 1_000, "m": 1_000_000, "mio": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}

UNITS = {
    Unit.TOKENS: "token tokens tok",
    Unit.MICRO_USD: "dollar dollars usd $ bucks",
    Unit.REQUESTS: "question questions request requests answer answers message messages",
    Unit.IMAGES: "image images picture pictures",
    Unit.AUDIO_SECONDS: "second seconds sec s audio",
}

WINDOWS = {
    Window.MINUTE: "minute min minutely",
    Window.HOUR: "hour h hourly",
    Window.DAY: "day d daily today",
    Window.MONTH: "month mo monthly",
    Window.ROLLING: "30days 30d rolling",
    Window.EVER: "ever total lifetime once altogether all",
}

_UNIT_OF = {word: unit for unit, words in UNITS.items() for word in words.split()}
_WINDOW_OF = {word: window for window, words in WINDOWS.items() for word in words.split()}

_AMOUNT = re.compile(r"(?P<dollar>\$)?(?P<number>[+-]?[\d.,_']+)(?P<suffix>[a-z$]*)", re.IGNORECASE)
_FILLERS = {"per", "a", "an", "each", "every", "in", "of", "for", "/"}
_UNLIMITED = {"unlimited", "infinite", "∞"}


def parse_limit(text: str) -> Limit:
    """
    Read a limit as people write it. Without a unit it is tokens, without a window a day.

    Raises:
        BadArgument: It cannot be read, or is nothing that a limit may be; says what can.
    """
    words = re.sub(r"30[ -]?days?", "30days", text.strip().lower()).replace("/", " / ").split()
    rest = [word for word in words if word not in _FILLERS]
    if not rest:
        raise _unreadable(text)
    units = [_UNIT_OF[word] for word in rest if word in _UNIT_OF]
    windows = [_WINDOW_OF[word] for word in rest if word in _WINDOW_OF]
    amounts = [word for word in rest if word not in _UNIT_OF and word not in _WINDOW_OF]
    window = windows[0] if windows else Window.DAY
    if amounts and all(word in _UNLIMITED for word in amounts):
        return Limit(units[0] if units else Unit.TOKENS, window, UNLIMITED)
    if len(amounts) != 1 or len(set(units)) > 1 or len(set(windows)) > 1:
        raise _unreadable(text)
    unit, number = _amount(amounts[0], units[0] if units else None, text)
    return Limit(unit, window, number)


def words_of_limits(words: Sequence[str]) -> int:
    """
    How many words a line begins with that are limits, several of them with commas: "20k tokens per day, $5 for now" has
    five such. Of one limit there is an amount, a unit and a window, each once.
    """
    named, taken = set[str](), 0
    for count, word in enumerate(words, 1):
        kinds = {_kind_of_word(part) for part in word.lower().rstrip(",").replace("/", " / ").split()}
        if "" in kinds or kinds & named:
            break
        named |= kinds - {"filler"}
        taken = count if kinds != {"filler"} else taken
        if word.endswith(","):
            named.clear()
    return taken


def _kind_of_word(word: str) -> str:
    """What a word says of a limit; "" for nothing."""
    vocabulary = {"filler": _FILLERS, "unit": _UNIT_OF, "window": _WINDOW_OF, "amount": _UNLIMITED}
    known = next((kind for kind, words in vocabulary.items() if word in words), "")
    return known or ("amount" if _AMOUNT.fullmatch(word) else "")


def parse_duration(text: str) -> timedelta:
    """
    Read a stretch of time: "30d", "12 hours", "2 weeks".

    Raises:
        BadArgument: It is none, or not between a minute and ten years.
    """
    found = re.fullmatch(r"\s*(\d{1,5})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|y|years?)\s*", text.lower())
    if not found:
        raise BadArgument(f"“{plain(text)}” is not a stretch of time. Write it like `30d`, `12h` or `2 weeks`.")
    count, unit = int(found[1]), found[2]
    day = timedelta(days=1)
    lengths = {"h": day / 24, "d": day, "w": 7 * day, "mo": 30 * day, "y": 365 * day}
    length = count * (lengths["mo"] if unit.startswith("month") else lengths.get(unit[0], timedelta(minutes=1)))
    if not timedelta(minutes=1) <= length <= timedelta(days=3650):
        raise BadArgument("That must be between a minute and ten years.")
    return length


def limit_words(limit: Limit) -> str:
    """ "20,000 tokens a day"."""
    if limit.most == UNLIMITED:
        return f"any number of {_NOUNS[limit.unit][1]} {window_words(limit.window)}"
    return f"{amount_words(limit.unit, limit.most)} {window_words(limit.window)}"


def amount_words(unit: Unit, amount: int) -> str:
    """ "20,000 tokens", "$5.00", "1 question"."""
    if unit is Unit.MICRO_USD:
        return dollars(amount)
    if unit is Unit.AUDIO_SECONDS and amount >= 120:
        return f"{amount // 60:,} min of audio"
    return f"{amount:,} {_NOUNS[unit][amount != 1]}"


def dollars(micro_usd: int) -> str:
    """Millionths of a dollar as dollars; small sums with as many places as they need."""
    return f"${micro_usd / 1_000_000:,.2f}" if micro_usd >= 10_000 or not micro_usd else f"${micro_usd / 1_000_000:.6f}"


def window_words(window: Window) -> str:
    """ "a day", "in 30 days", "in all"."""
    if window is Window.EVER:
        return "in all"
    return "in 30 days" if window is Window.ROLLING else f"an {window}" if window is Window.HOUR else f"a {window}"


def wait_words(until: datetime | None, now: datetime) -> str:
    """How long until then: "in 3 h 20 min", "in 40 s"; "never" for None."""
    if until is None:
        return "never"
    seconds = max(1, round((until - now).total_seconds()))
    minutes, hours, days = round(seconds / 60), seconds // 3600, seconds // 86400
    if seconds < 90:
        return f"in {seconds} s"
    if hours < 1:
        return f"in {minutes} min"
    if days < 1:
        rest = (seconds % 3600) // 60
        return f"in {hours} h {rest} min" if rest else f"in {hours} h"
    rest = (seconds % 86400) // 3600
    days_words = f"{days} day" if days == 1 else f"{days} days"
    return f"in {days_words} {rest} h" if rest and days < 3 else f"in {days_words}"


def span_words(seconds: int) -> str:
    """A stretch of time: "5 minutes", "1 hour", "90 seconds"."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0 and seconds >= size:
            return f"{seconds // size} {name}" + ("" if seconds == size else "s")
    return "no time"


def moment_words(moment: datetime, zone: str) -> str:
    """A moment on the clocks and calendars of a zone: "Mon 23 Nov 2026, 18:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M}"


def left_words(balance: Balance) -> str:
    """ "▰▰▱▱▱▱▱▱▱▱ 16,000 tokens left of 20,000 tokens a day"."""
    return f"{bar(balance)} {amount_words(balance.unit, balance.left)} left of {limit_words(balance.limit)}"


def more_words(balance: Balance, now: datetime) -> str:
    """When there is more, to go on after `left_words`: ", more in 3 h". "" where nothing was used, or for never."""
    return f", more {wait_words(balance.resets, now)}" if balance.resets and balance.used else ""


def bar(balance: Balance, width: int = 10) -> str:
    """How much of a limit is used, as a small bar; what is held for answers in progress counts."""
    share = min(1.0, (balance.used + balance.held) / balance.most) if balance.most > 0 else 1.0
    full = round(share * width)
    return "▰" * full + "▱" * (width - full)


_NOUNS = {
    Unit.TOKENS: ("token", "tokens"),
    Unit.MICRO_USD: ("dollar", "dollars"),
    Unit.REQUESTS: ("question", "questions"),
    Unit.IMAGES: ("picture", "pictures"),
    Unit.AUDIO_SECONDS: ("second of audio", "seconds of audio"),
}


def _amount(word: str, unit: Unit | None, text: str) -> tuple[Unit, int]:
    """A number with its suffix. Raises BadArgument."""
    found = _AMOUNT.fullmatch(word)
    if not found:
        raise _unreadable(text)
    suffix = found["suffix"].lower()
    in_dollars = bool(found["dollar"]) or suffix.endswith("$")
    unit = unit or (Unit.MICRO_USD if in_dollars else Unit.TOKENS)
    suffix = suffix.removesuffix("$")
    if suffix not in SUFFIXES or (in_dollars and unit is not Unit.MICRO_USD):
        raise _unreadable(text)
    factor = SUFFIXES[suffix] * (1_000_000 if unit is Unit.MICRO_USD else 1)
    number = factor * _number(found["number"], text, scaled=bool(suffix) or in_dollars)
    if number < 0:
        raise BadArgument(f"A limit cannot be below nothing. Write it like {EXAMPLES}; `0` allows nothing at all.")
    if number > MOST:
        raise BadArgument(f"That is more than anybody can use. Say `unlimited`, or at most {MOST:,}.")
    if number != int(number):
        raise BadArgument(f"That is not a whole number of {_NOUNS[unit][1]}. Write it like {EXAMPLES}.")
    return unit, int(number)


def _number(digits: str, text: str, *, scaled: bool) -> Decimal:
    """
    "20.000", "20,000", "1.5" and "1,5" as their writers mean them.

    Three digits after a mark are thousands, unless nothing stands before it: "0.125". Nor are they after a point where
    the number is `scaled`, by a suffix or as dollars: "1.500M", "$0.001".
    """
    marks = "[,_']" if scaled else "[.,_']"
    thousands = not re.match(r"[+-]?0[.,]", digits)
    plain_digits = re.sub(rf"(?<=\d){marks}(?=\d{{3}}(\D|$))", "", digits) if thousands else digits
    try:
        return Decimal(plain_digits.replace(",", "."))
    except InvalidOperation as error:
        raise _unreadable(text) from error


def _unreadable(text: str) -> BadArgument:
    return BadArgument(f"“{plain(text)}” is not a limit that I can read. Write it like {EXAMPLES}.")

"""
Single times: "in 2 h", "tomorrow 9:00", "24 Dec 18:00", "next friday 5pm", "morgen um 9 Uhr".

dateparser reads them, on the asker's clock. It takes a lot for a date ("5", "may", "10 10"), leaves out an hour that it
does not understand, and drops a zone; so the time of day is found before, and what it says is looked at after.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from adapters.planner import clock, shape, span
from adapters.planner.calendar import A_MONTH, A_WEEKDAY, LENGTHS, MONTHS, WEEKDAYS, month, weekday
from adapters.planner.wall import instant, shown
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

ENGLISH = ("en",)
OTHERS = ("de", "fr", "es", "it", "nl", "pt", "nb", "sv", "da", "pl", "ru", "uk", "tr")
"""Languages that are tried where English makes no sense."""

FARTHEST = timedelta(days=5 * 366)

PASSED = "That time has passed. Which one that is still to come do you mean? Write it like `tomorrow 9:00`."

_SETTINGS = {"PREFER_DATES_FROM": "future", "DATE_ORDER": "DMY", "PARSERS": ["relative-time", "absolute-time"]}

_LEAST_OFFSET, _MOST_OFFSET = timedelta(hours=-12), timedelta(hours=14)

_MARK = 123_457
"""Microseconds that nobody writes: a date that has them was counted from now."""

_OFFSET = re.compile(r"(?P<rest>.*\d.*?)\s?(?<![a-z])(?:utc|gmt|z)(?:(?P<hours>[+-]\d\d?)(?::?(?P<minutes>[0-5]\d))?)?")
_NUMBERS = re.compile(
    r"(?<![\w./:-])(?P<first>\d\d?)(?P<mark>[./-])(?P<second>\d\d?)(?![\w:])(?P<year>[./-]\d{2,4}\b)?"
)
_WRITTEN = re.compile(
    rf"\b(?:(?P<day>\d\d?)(?:st|nd|rd|th)?\.? (?:of )?(?P<month>{A_MONTH})"
    rf"|(?P<month_first>{A_MONTH}) (?:the )?(?P<day_last>\d\d?)(?:st|nd|rd|th)?)(?:,? (?P<year>\d{{4}})\b)?(?!\w)"
)
_YEAR_FIRST = re.compile(r"(?<![\w./:-])(?P<year>\d{4})[./-](?P<month>\d\d?)[./-](?P<day>\d\d?)(?![\w:])")
_A_WEEKDAY = re.compile(rf"\b{A_WEEKDAY}")
_LOOSE = re.compile(r"(?<!\S)\d+ \d{1,3}(?!\S)|-\d+ ?[a-z]|^in (?:.* )?\d{1,3}$")
_LED = re.compile(r"^(?:am|le|el|il|på|op|em|w|we|в|во|у|on)\s+(?=[^\W\d])")
"""What stands before a day of the week in other languages, and dateparser does not know."""
_LATE = re.compile(r"\b(?:tonight|afternoon|evening|night)\b")
_STRETCH = re.compile(r"(?:in .*|\D*\d+(?:\.\d+)? ?[^\W\d]+|(?:an?|one|two) [^\W\d]+)")


class ZoneUnclear(BadTime):
    """A zone's short name, which several have; or a word that is spelt like one."""

    def __init__(self, words: str) -> None:
        sentence = "There is more than one zone of that name. Write it like `18:00 UTC+2`, or leave it out."
        super().__init__(words, sentence)


@dataclass(frozen=True, slots=True)
class _Meant:
    """
    What somebody means.

    Args:
        when: A moment; or, without a zone, what their clock shows.
        bound: It depends on where they are.
    """

    when: datetime
    bound: bool


def once(words: str, now: datetime, zone: str, languages: Sequence[str] = ENGLISH) -> Recurrence | None:
    """The moment that words in small letters mean; None when they make no sense. Raises BadTime, ZoneNeeded."""
    if begun := span.find(words):
        return _from_now(words, begun, now, zone)
    spoken, offset = _without_offset(words)
    here = offset or ZoneInfo(zone or "UTC")
    meant = _exact(spoken) or _said(spoken, now, here, languages)
    if meant is None:
        return None
    if meant.bound and not (zone or offset):
        raise ZoneNeeded
    at = meant.when.astimezone(UTC) if meant.when.tzinfo else instant(meant.when, here)
    _require_to_come(words, at, now)
    return Recurrence(zone or "UTC", at=at)


def _from_now(words: str, begun: tuple[timedelta, str], now: datetime, zone: str) -> Recurrence | None:
    """Hours are real ones, whatever a clock does meanwhile; with words behind them they are no time. Raises BadTime."""
    length, rest = begun
    if rest:
        return None
    at = now.replace(microsecond=0) + length
    _require_to_come(words, at, now)
    return Recurrence(zone or "UTC", at=at)


def _without_offset(words: str) -> tuple[str, tzinfo | None]:
    """ "18:00 UTC+2" without its end, and what that says. Raises BadTime."""
    if match := _OFFSET.fullmatch(words):
        hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
        offset = timedelta(hours=hours, minutes=-minutes if (match["hours"] or "").startswith("-") else minutes)
        if not _LEAST_OFFSET <= offset <= _MOST_OFFSET:
            raise BadTime(words, "There is no such zone: they go from UTC-12 to UTC+14. Write it like `18:00 UTC+2`.")
        return match["rest"], timezone(offset)
    return words, None


def _exact(words: str) -> _Meant | None:
    """ "2026-12-24T18:00+01:00", as ISO 8601 has it, with a time."""
    try:
        when = datetime.fromisoformat(words.upper()) if ":" in words else None
    except ValueError:
        return None
    in_reach = when is not None and 1970 <= when.year < 9999
    return _Meant(when, bound=when.tzinfo is None) if when and in_reach else None


def _said(spoken: str, now: datetime, here: tzinfo, languages: Sequence[str]) -> _Meant | None:
    found = clock.find(spoken)
    if not found and (":" in spoken or clock.has_any(spoken)):
        return None
    text = _NUMBERS.sub(_day_first, _LED.sub("", found.plain if found else spoken, 1))
    base = shown(now, here).replace(microsecond=_MARK)
    data = None if _LOOSE.search(text) or text.isdecimal() else _parsed(text, base, languages)
    if data is not None and data.date_obj.tzinfo is not None:
        raise ZoneUnclear(spoken)
    if languages is ENGLISH and not shape.is_one(spoken, found):
        _require_one_day(spoken, found)
        return None
    if found and _is_span(found.rest, base, languages):
        return None
    if data is None:
        _require_existence(text, base, languages)
        return None
    result = _nearest(data.date_obj, base, found.rest if found else spoken)
    if found and result.time().replace(tzinfo=None) != found.time:
        return None
    if "month" not in data.parts and result.date() < base.date() and _A_WEEKDAY.search(text):
        return None
    _require_one_meaning(spoken, text, result)
    if found:
        found.require_sure(has_day=bool(found.rest) and not _LATE.search(found.rest))
    counted = result.microsecond == _MARK
    if "time" not in data.parts and not (counted and _STRETCH.fullmatch(spoken)):
        _require_time(spoken, result, base)
    if counted and "time" in data.parts:
        # Hours and minutes are real ones, whatever a clock does meanwhile.
        return _Meant(now.replace(microsecond=0) + (result - base), bound=False)
    return _Meant(result.replace(microsecond=0), bound=not counted)


def _parsed(text: str, base: datetime, languages: Sequence[str]) -> Any:
    """What dateparser makes of it; None for nothing, and for what names no day."""
    from dateparser.date import DateDataParser

    data = DateDataParser(
        languages=list(languages),
        try_previous_locales=False,
        use_given_order=True,
        settings={**_SETTINGS, "RELATIVE_BASE": base},
    ).get_date_data(text)
    return data if data.date_obj and ("day" in data.parts or data.date_obj.microsecond == _MARK) else None


def _is_span(words: str, base: datetime, languages: Sequence[str]) -> bool:
    """Whether they count hours or minutes in another language; what `span` finds is English."""
    data = _parsed(words, base, languages) if languages is not ENGLISH and re.search(r"\d", words) else None
    return data is not None and "time" in data.parts and data.date_obj.microsecond == _MARK


def _day_first(match: re.Match[str]) -> str:
    """A date of numbers with its day first, where its second number is no month's: "12/25" is "25/12"."""
    if int(match["second"]) > 12 >= int(match["first"]):
        return f"{match['second']}{match['mark']}{match['first']}{match['year'] or ''}"
    return match[0]


def _nearest(result: datetime, base: datetime, words: str) -> datetime:
    """On a Saturday, "saturday 18:00" is today while that is to come; dateparser says in a week."""
    earlier = result - timedelta(days=7)
    if earlier.tzinfo or not (earlier.date() == base.date() and earlier > base):
        return result
    return earlier if re.fullmatch(rf"(?:on |this )?{A_WEEKDAY}", words) else result


# What is asked back.


def _require_existence(text: str, base: datetime, languages: Sequence[str]) -> None:
    """Raises BadTime for 31 June, where all would make sense with another date in its place."""
    for pattern in (_WRITTEN, _YEAR_FIRST, _NUMBERS):
        if not (match := pattern.search(text)):
            continue
        day, number, year = _numbered(match)
        there = 1 <= number <= 12 and 1 <= day <= (monthrange(year, number)[1] if year else LENGTHS[number - 1])
        if not there and _parsed(pattern.sub("1 january 2028", text), base, languages):
            raise BadTime(text, f"There is no {match[0].strip()} in any calendar. Which day do you mean?")
        return


def _numbered(match: re.Match[str]) -> tuple[int, int, int]:
    """Day, month and year of a date; 0 for the year where none is named."""
    parts = match.groupdict()
    name = parts.get("month") or parts.get("month_first")
    day = int(parts.get("day") or parts.get("day_last") or parts["first"])
    number = month(name) if name and not name.isdecimal() else int(name or parts["second"])
    return day, number, int((parts["year"] or "").strip("./- ") or 0)


def _require_one_meaning(spoken: str, text: str, result: datetime) -> None:
    """Raises BadTime."""
    if (match := _NUMBERS.search(text)) and match["mark"] != ".":
        one, other = int(match["first"]), int(match["second"])
        if one != other and max(one, other) <= 12:
            choice = f"`{one} {MONTHS[other - 1]}` or `{other} {MONTHS[one - 1]}`"
            raise BadTime(spoken, f"“{match[0]}” may be two days. Which one: {choice}?")
    if (match := _A_WEEKDAY.search(text)) and weekday(match[0]) != result.isoweekday() % 7:
        is_one = f"{result.day} {MONTHS[result.month - 1]} {result.year} is a {WEEKDAYS[result.isoweekday() % 7]}"
        raise BadTime(spoken, f"{is_one}. Which day do you mean?")


def _require_one_day(spoken: str, found: clock.Clock | None) -> None:
    """Raises BadTime."""
    if shape.names_two_days(found):
        raise BadTime(spoken, "That names two days. Which one do you mean? Write it like `friday 18:00`.")


def _require_time(spoken: str, result: datetime, base: datetime) -> None:
    """Raises BadTime."""
    if result.date() < base.date():
        raise BadTime(spoken, PASSED)
    raise BadTime(spoken, f"At what time? Write it like `{spoken} 9:00`.")


def _require_to_come(words: str, at: datetime, now: datetime) -> None:
    """Raises BadTime."""
    if at <= now:
        raise BadTime(words, PASSED)
    if at - now > FARTHEST:
        raise BadTime(words, "That is more than five years away. Pick a time that is nearer.")

"""Hours, minutes and seconds from now: "in 2 h", "1 h 30 min", "in 2 h 30", "in 2:30 h", "in 1.5 h", "half an hour"."""

import re
from datetime import timedelta

from adapters.planner.calendar import HOURS, MINUTES, NUMBERS, SECONDS

_TENS = {"fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40"}
_PARTS = {"half an": ".5", "half a": ".5", "half": ".5", "a quarter of an": ".25", "three quarters of an": ".75"}
_DIGITS = {name: str(count) for count, name in enumerate(NUMBERS, 1)} | _TENS | _PARTS | {"an": "1", "a": "1"}

_NAME = re.compile(rf"^(?P<led>in )?(?P<name>{'|'.join(_DIGITS)}) (?=hour|hr|h\b|min|m\b|sec|s\b|and a half )")
"""Only at the beginning: what shall come "in 20 min" may be "a second helping"."""

_HOURS, _MINUTES, _SECONDS = (rf"(?:{unit})(?![^\W\d])" for unit in (HOURS, MINUTES, SECONDS))
_NUMBER = r"(?:\d{1,7}(?:[.,]\d{1,3})?|\.\d\d?)"
_AND = r"(?:,? and |, ?| )?"
_PAST = rf"(?P<past>[0-5]\d| [0-5][05])(?=[\s,]|$)(?! (?:{_MINUTES}|{_SECONDS}))"
"""The minutes of "2 h 30"; where there is a space, only such as people say: what follows "in 2 h" may be "12 eggs"."""

_A_CLOCK = r"\d\d ?h ?\d\d(?!\w)"
"""Without "in", "18h30" is a time of day."""

_SPAN = re.compile(
    rf"(?:in (?P<whole>\d{{1,3}}):(?P<over>[0-5]\d) ?{_HOURS}|(?:in |(?!{_A_CLOCK}))(?=[\d.])"
    rf"(?:(?P<hours>{_NUMBER})(?P<half> and a half)? ?{_HOURS}(?P<half_more> and a half\b)?(?:{_PAST})?)?"
    rf"(?:{_AND}(?P<minutes>{_NUMBER})(?P<half_minute> and a half)? ?{_MINUTES})?"
    rf"(?:{_AND}(?P<seconds>{_NUMBER}) ?{_SECONDS})?)(?: from now\b)?"
)

_SECONDS_IN = {"whole": 3_600, "over": 60, "hours": 3_600, "past": 60, "minutes": 60, "seconds": 1}
_SECONDS_IN_HALF = {"half": 1_800, "half_more": 1_800, "half_minute": 30}


def find(words: str) -> tuple[timedelta, str] | None:
    """What words in small letters begin with, and what follows it; None when they begin with something else."""
    match = _SPAN.match(_NAME.sub(_in_digits, words))
    if match is None or not any(match.groups()):
        return None
    rest = match.string[match.end() :].strip(" ,")
    return None if rest.startswith("ago") else (_length(match), rest)


def _in_digits(match: re.Match[str]) -> str:
    return f"{match['led'] or ''}{_DIGITS[match['name']]} "


def _length(span: re.Match[str]) -> timedelta:
    whole = sum(float((span[name] or "0").replace(",", ".")) * each for name, each in _SECONDS_IN.items())
    halves = sum(each for name, each in _SECONDS_IN_HALF.items() if span[name])
    return timedelta(seconds=round(whole + halves))

"""
What a single time looks like, word for word: dateparser finds days in "18:00 a walk" and "tomorrow 9:00 next week".

A day stands on one side of the time of day; nothing but a time of day follows "in 3 days" and "tomorrow evening".
"""

import re

from adapters.planner.calendar import A_MONTH, A_WEEKDAY, HOURS, MINUTES, NUMBERS
from adapters.planner.clock import Clock

_NUMBER = rf"(?:\d{{1,5}} ?|(?:an?|{'|'.join(NUMBERS)}) )"
_UNIT = r"(?:days?|weeks?|wks?|fortnights?|months?|years?|yrs?)\b"
_SMALL_UNIT = rf"(?:{HOURS}|{MINUTES})\b"
_ORDINAL = r"\d\d?(?:st|nd|rd|th)"
_DATE = (
    rf"(?:\d\d?(?:st|nd|rd|th)?\.? (?:of )?{A_MONTH}(?:,? \d{{4}})?"
    rf"|{A_MONTH} (?:the )?\d\d?(?:st|nd|rd|th)?(?:,? \d{{4}})?"
    r"|\d{1,4}[./-]\d\d?(?:[./-]\d{2,4}|\.)?)"
)
_PART_OF_DAY = r"(?:morning|noon|midday|afternoon|evening|night|midnight)"
_DAY = (
    rf"(?:(?:on |this |next |coming )*{A_WEEKDAY}(?:,? (?:the )?(?:{_DATE}|{_ORDINAL}))?"
    rf"|(?:on )?(?:the )?{_DATE}|(?:on )?the {_ORDINAL}"
    r"|today|tonight|tomorrow|yesterday|(?:the )?day (?:after tomorrow|before yesterday)"
    rf"|(?:this|tomorrow) {_PART_OF_DAY}|next (?:week|month|year)|in {_NUMBER}{_UNIT})"
)

_BESIDE = re.compile(rf",? ?{_DAY}")
"""What may follow a time of day that nothing stands before."""

_BEYOND = re.compile(rf",? ?(?:(?:on )?(?:the )?{_DATE}|\d{{4}})")
"""What may follow one that a day stands before: a weekday's date, a day's year."""

_COMPLETE = re.compile(
    rf"(?:in )?{_NUMBER}{_UNIT}(?:(?:,? and |,? ){_NUMBER}(?:{_UNIT}|{_SMALL_UNIT}))*"
    rf"|tonight\b|(?:this|tomorrow|(?:on |this |next )*{A_WEEKDAY}) {_PART_OF_DAY}\b"
)
"""A day that can do without a time of day."""

_AFTER_COMPLETE = re.compile(rf"|from now|ago|(?:at |in the )?{_PART_OF_DAY}")

_TWO_DAYS = re.compile(rf",? ?(?:on |the )*{A_WEEKDAY}")


def is_one(words: str, found: Clock | None) -> bool:
    """Whether words in small letters are one time and no more; `found` is its time of day. English only."""
    if found and found.after and not (_BEYOND if found.before else _BESIDE).fullmatch(found.after):
        return False
    following = _after_complete(found.rest if found else words)
    return following is None or _AFTER_COMPLETE.fullmatch(following) is not None


def names_two_days(found: Clock | None) -> bool:
    """ "in 2 weeks on friday 18:00"."""
    following = _after_complete(found.before) if found else None
    return following is not None and _TWO_DAYS.fullmatch(following) is not None


def _after_complete(words: str) -> str | None:
    complete = _COMPLETE.match(words)
    return words[complete.end() :].strip() if complete else None

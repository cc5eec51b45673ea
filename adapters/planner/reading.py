"""What people write, read: single times, what repeats, and five fields of cron."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import islice, pairwise

from adapters.planner.crontab import crontab, is_crontab
from adapters.planner.once import ENGLISH, OTHERS, ZoneUnclear, once
from adapters.planner.repeating import repeating
from bot.errors import BadTime, ZoneNeeded
from bot.schedule import Recurrence

LONGEST = 100
"""Characters that a time may be written with."""

MOST_WORDS = 10
MOST_FOREIGN_WORDS = 5
"""Words that a time at the beginning of a line may have; in other languages than English, which take longer to try."""

NONSENSE = (
    "I cannot tell when that is. Write it like `in 2 h`, `tomorrow 9:00`, `24 dec 18:00`, `every monday 18:00` or "
    "`last day of the month 18:00`."
)

_ENDS_A_TIME = re.compile(
    r"(?!\d{1,3}$).*\d.*|[ap]\.?m\.?|uhr|h|m|mins?|minutes?|utc|gmt|z|o'clock|today|tonight|tomorrow|\w{2,}day"
)
"""Words that belong to the time before them even where they change nothing."""

_A_ZONE = re.compile(r"(?<!\S)\(?(?:[A-Z]{2,5}|[+-]\d[\d:]*)\)?\W*$")
"""In capitals, or in numbers, and at the end."""

_TELLING = re.compile(r"\d|[^\W\d]{3}")
"""What a time has at least: any few letters mean one in some language."""

_LEAD = re.compile(r"(?:[:\-–—,]+\s*)?(?:(?:to|that)\s+(?=\S))?")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "‘": "’"}

_Begun = Callable[[str], Recurrence | None]


def read(words: str, now: datetime, zone: str) -> Recurrence:
    """What words mean. Raises BadTime, ZoneNeeded."""
    spoken = _spoken(words)
    if len(words) > LONGEST or len(spoken) > LONGEST:
        raise BadTime(words[:LONGEST], NONSENSE)
    for languages in (ENGLISH, OTHERS):
        if recurrence := _understood(spoken, now, zone, languages):
            return recurrence
    raise BadTime(words, NONSENSE)


def split(line: str, now: datetime, zone: str) -> tuple[Recurrence, str]:
    """What a line begins with, and the rest of it. Raises BadTime, ZoneNeeded."""
    for languages, most in ((ENGLISH, MOST_WORDS), (OTHERS, MOST_FOREIGN_WORDS)):
        begun = partial(_begun, now=now, zone=zone, languages=languages)
        ends = [word.end() for word in islice(re.finditer(r"\S+", line), most)]
        for place in reversed(range(len(ends))):
            if recurrence := begun(line[: ends[place]]):
                return recurrence, _rest(line[_shortened(line, ends[: place + 1], recurrence, begun) :])
    raise BadTime(line[:LONGEST], NONSENSE)


def _begun(words: str, now: datetime, zone: str, languages: Sequence[str]) -> Recurrence | None:
    """What a line may begin with; None where a word like "met" or "cat" is all that makes it unclear."""
    spoken = _spoken(words)
    if len(spoken) > LONGEST:
        return None
    try:
        return _understood(spoken.removeprefix("me "), now, zone, languages)
    except ZoneUnclear:
        if _A_ZONE.search(words):
            raise
        return None


def _shortened(line: str, ends: Sequence[int], meant: Recurrence, begun: _Begun) -> int:
    """Where the time ends: words at its end that change nothing belong to what follows."""
    for end, shorter in pairwise(reversed(ends)):
        if _ENDS_A_TIME.fullmatch(_spoken(line[shorter:end])) or not _means(line[:shorter], meant, begun):
            return end
    return ends[0]


def _means(words: str, meant: Recurrence, begun: _Begun) -> bool:
    try:
        return begun(words) == meant
    except (BadTime, ZoneNeeded):
        return False


def _understood(spoken: str, now: datetime, zone: str, languages: Sequence[str]) -> Recurrence | None:
    """None for what makes no sense. Raises BadTime, ZoneNeeded."""
    if languages is ENGLISH and is_crontab(spoken):
        return _by_cron(spoken, zone)
    if languages is ENGLISH and (recurrence := repeating(spoken, now, zone)):
        return recurrence
    return once(spoken, now, zone, languages) if _TELLING.search(spoken) else None


def _by_cron(spoken: str, zone: str) -> Recurrence:
    crontab(spoken)
    if not zone:
        raise ZoneNeeded
    return Recurrence(zone, cron=spoken)


def _spoken(words: str) -> str:
    """In small letters, with single spaces, without a mark at the end."""
    return " ".join(unicodedata.normalize("NFKC", words).lower().split()).rstrip(" ,;:.!?-–—")


def _rest(text: str) -> str:
    """What follows a time, without what joins it to it, and without quotes around all of it."""
    text = text.strip()
    lead = _LEAD.match(text)
    text = text[lead.end() :] if lead else text
    closing = _QUOTES.get(text[:1])
    quoted = len(text) > 1 and closing and text.endswith(closing) and not set(text[1:-1]) & {text[0], closing}
    return text[1:-1].strip() if quoted else text

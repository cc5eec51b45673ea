"""Times of day, as people write them: "18:00", "9am", "at 9", "9 Uhr", "à 18h30", "noon"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from bot.errors import BadTime

_AT = r"(?<!\w)(?:(?:at|@|um|kl\.?|klokken|klockan|à|às|a las|a la|alle|om|o|в|о|saat)\s+|@)"
_HALF = r"\s?(?P<half>[ap])\.?m\b\.?"
_OF_24 = r"\s?(?:uhr|h|hrs)\b"
_NUMBER = r"(?<![\w.:/,+-])(?P<hour>\d{1,2})"
_END = r"(?![\w:/+-])(?!\.\d)"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_AT}?{_NUMBER}:(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:{_HALF}|(?P<sure>{_OF_24}))?{_END}",
        # A month has no number above 12, so that these are no dates.
        rf"{_AT}?{_NUMBER}\.(?P<minute>00|15|30|45)(?:{_HALF}|(?P<sure>{_OF_24}))?(?!\.){_END}",
        rf"{_AT}?{_NUMBER}{_HALF}{_END}",
        rf"{_AT}?{_NUMBER}(?P<sure>\s?uhr)(?:\s(?P<minute>\d\d))?{_END}",
        rf"{_AT}{_NUMBER}(?P<sure>h)(?P<minute>\d\d)?{_END}",
        rf"{_AT}{_NUMBER}(?:\s?o'clock)?{_END}",
        rf"{_AT}?\b(?P<word>noon|midday|midnight){_END}",
    )
)

_WORDS = {"noon": time(12), "midday": time(12), "midnight": time(0)}


@dataclass(frozen=True, slots=True)
class Clock:
    """
    A time of day, and the words around it.

    Args:
        said: How it was written.
        early: It was written without saying which half of the day: "6:30", "at 9".
    """

    time: time
    before: str
    said: str
    after: str
    early: bool

    @property
    def rest(self) -> str:
        return f"{self.before} {self.after}".strip()

    @property
    def plain(self) -> str:
        """All the words, with the time as a clock of 24 hours has it."""
        return f"{self.before} {self.time:%H:%M:%S} {self.after}".strip()

    def require_sure(self, *, has_day: bool) -> None:
        """
        Raises BadTime for a time that may be in the morning or in the evening.

        With a day, 8:00 and 9:00 are in the morning, as they mostly are.
        """
        if self.early and not (has_day and self.time.hour >= 8):
            evening = self.time.replace(hour=self.time.hour + 12)
            question = (
                f"“{self.said}”: in the morning or in the evening? Write `{self.time:%H:%M}` or `{evening:%H:%M}`."
            )
            raise BadTime(self.said, question)


def has_any(words: str) -> bool:
    """Whether there is a time of day in words in small letters, or what looks like one."""
    return any(pattern.search(words) for pattern in _PATTERNS)


def find(words: str) -> Clock | None:
    """The time of day in words in small letters; None when there is none, or more than one."""
    for pattern in _PATTERNS:
        if match := pattern.search(words):
            before, after = words[: match.start()].strip(), words[match.end() :].strip()
            said, moment = match[0].strip(), _time(match.groupdict())
            if moment is None or has_any(before) or has_any(after):
                return None
            return Clock(moment, before, said, after, _is_early(match.groupdict()))
    return None


def _time(parts: Mapping[str, str | None]) -> time | None:
    """None for what no clock shows."""
    if word := parts.get("word"):
        return _WORDS[word]
    hour = int(parts["hour"] or 0)
    if (half := parts.get("half")) and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
    except ValueError:
        return None


def _is_early(parts: Mapping[str, str | None]) -> bool:
    hour = parts.get("hour") or "00"
    return len(hour) == 1 and hour != "0" and not (parts.get("half") or parts.get("sure"))

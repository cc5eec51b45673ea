"""
The events of an upstream's answer on their way to a caller: whole, in order, and unread but where they tell the usage.

A provider tells the usage of a stream only when asked, in an event of its own. We always ask; a caller that did not
never sees it.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json, to_json

from adapters.reported import usage_in
from bot.turn import Usage

USAGE = re.compile(rb'"usage"\s*:\s*\{')

LONGEST = 4 << 20
"""Bytes of one event. One with a picture has up to three million."""

DATA = b"data:"

ENDS = re.compile(rb"\r?\n\r?\n")


ERROR = re.compile(rb'"error"\s*:\s*\{|"type"\s*:\s*"error"')
"""An event that tells of an error, in a provider's words, which are not for the caller."""


class BadEvent(ValueError):
    """What came has no end of an event where there must be one, or tells of an error."""


class Sieve:
    """
    Lets events through.

    What went through is kept in `passed`, to be counted should no usage be told.

    Args:
        hides: Whether the caller is not to see the usage.
    """

    def __init__(self, *, hides: bool) -> None:
        self.usage: Usage | None = None
        self.passed: list[bytes] = []
        self._hides = hides
        self._rest = b""

    def take(self, block: bytes) -> bytes:
        """What of a block, and of what was left of the one before, can go through. Raises BadEvent."""
        data = self._rest + block if self._rest else block
        cut = _last_end(data, len(data))
        whole, self._rest = data[:cut], data[cut:]
        if len(self._rest) > LONGEST:
            raise BadEvent(f"an event of more than {LONGEST} bytes")
        return self._through(whole) if whole else b""

    def rest(self) -> bytes:
        """What is left when nothing more comes."""
        rest, self._rest = self._rest, b""
        return self._through(rest) if rest else b""

    def _through(self, whole: bytes) -> bytes:
        if ERROR.search(whole):
            whole = self._until_error(whole)
        if (told := USAGE.search(whole)) is not None:
            begin = _last_end(whole, told.start())
            whole = whole[:begin] + b"".join(map(self._one, _split(whole[begin:])))
        if whole:
            self.passed.append(whole)
        return whole

    def _until_error(self, whole: bytes) -> bytes:
        """Some events, if none of them tells of an error. Raises BadEvent."""
        for event in _split(whole):
            said = data_of(event) if ERROR.search(event) else None
            if said is not None and (isinstance(_error(said), dict) or said.get("type") == "error"):
                raise BadEvent("an error as an event")
        return whole

    def _one(self, event: bytes) -> bytes:
        """One event as the caller sees it."""
        said = data_of(event) if USAGE.search(event) else None
        if said is None or (told := _told(said)) is None:
            return event
        self.usage = usage_in(told) or self.usage
        if not self._hides or "usage" not in said:
            return event
        if not said.get("choices"):
            return b""
        del said["usage"]
        return b"data: " + to_json(said) + b"\n\n"


def _last_end(events: bytes, before: int) -> int:
    """Where the last event ends that does so before a place; 0 for none."""
    end = max(events.rfind(b"\n\n", 0, before) + 2, events.rfind(b"\n\r\n", 0, before) + 3)
    return end if end > 2 else 0


def _split(events: bytes) -> Iterator[bytes]:
    """Each event with its end."""
    begin = 0
    for end in ENDS.finditer(events):
        yield events[begin : end.end()]
        begin = end.end()
    if begin < len(events):
        yield events[begin:]


def data_of(event: bytes) -> dict[str, Any] | None:
    """The JSON object that an event carries, if it does."""
    for line in event.splitlines():
        if line.startswith(DATA):
            try:
                said = from_json(line[len(DATA) :].strip())
            except ValueError:
                return None
            return said if isinstance(said, dict) else None
    return None


def said_in(passed: list[bytes]) -> Iterator[dict[str, Any]]:
    """What the events that went through say, one after the other."""
    for event in _split(b"".join(passed)):
        if (said := data_of(event)) is not None:
            yield said


def _told(said: dict[str, Any]) -> dict[str, Any] | None:
    """The usage in an event: of a chat completion, or of a response within it."""
    inner = said.get("response")
    told = said.get("usage") or (inner.get("usage") if isinstance(inner, dict) else None)
    return told if isinstance(told, dict) else None


def _error(said: dict[str, Any]) -> Any:
    """The error in an event: of a chat completion, or of a response within it."""
    inner = said.get("response")
    return said.get("error") or (inner.get("error") if isinstance(inner, dict) else None)

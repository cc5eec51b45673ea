"""
The events of a streamed chat completion, read from the bytes as they come.

The SDK builds a model with validated fields of every event, which took five times the processor time of all the rest
together (docs/benchmarks.md); three of the fields are all that we need.
"""

import json
import math
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from adapters.reported import usage_in
from bot.ports import Chunk
from bot.turn import Usage

LONGEST = 1 << 20
"""Bytes of one line. An event of a chat completion has some hundreds."""

BESIDE = 1 << 20
"""Bytes of what stands beside the answer itself."""

EVENT = 1_024
"""Bytes of an event with one token: 300 at OpenAI, more where it says what filters found, or thoughts twice."""

DONE = b"[DONE]"

FINISHES = {"stop": "stop", "length": "length", "content_filter": "filter"}
"""The provider's word for why an answer ended -> ours. Any other word is an ending like `stop`."""


class BadEvents(ValueError):
    """What came is not a stream of events."""


def largest(output: int) -> int:
    """The most bytes of an answer of so many tokens, each in an event of its own, with whatever servers say beside."""
    return BESIDE + output * EVENT


async def data(received: AsyncIterable[bytes], most: float = math.inf) -> AsyncGenerator[bytes, None]:
    """
    The data of each event, until the stream or its mark of the end.

    Lines end in LF or CRLF; a character that the wire tears apart is whole again here, because only bytes are split.

    Raises:
        BadEvents: A line is longer than any event, or all of them have more than `most` bytes.
    """
    rest = b""
    async for piece in received:
        most -= len(piece)
        if most < 0:
            raise BadEvents("more than an answer that long can have")
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST:
            raise BadEvents(f"a line of more than {LONGEST} bytes")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
    if rest.startswith(b"data:"):
        yield rest[5:].strip()


def parsed(line: bytes) -> dict[str, Any]:
    """One event. Raises BadEvents."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        raise BadEvents(f"{len(line)} bytes that are not JSON") from None
    if not isinstance(event, dict):
        raise BadEvents(f"JSON that is no event: a {type(event).__name__}")
    return event


def chunk(event: dict[str, Any]) -> Chunk:
    """What an event says; fields of an unknown shape say nothing."""
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    word = choice.get("finish_reason")
    finish = FINISHES.get(word, "stop") if isinstance(word, str) else ""
    return Chunk(text if isinstance(text, str) else "", finish, _usage(event.get("usage")))


def _usage(given: object) -> Usage | None:
    """What a chat completion took; one that does not tell its answer's tokens tells nothing."""
    return usage_in(given) if isinstance(given, dict) and "completion_tokens" in given else None

"""
The events of a streamed chat completion, read from the bytes as they come.

The SDK builds a model with validated fields of every event, which took five times the processor time of all the rest
together (docs/benchmarks.md); three of the fields are all that we need.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, TypeGuard

from bot.ports import Chunk
from bot.turn import Usage

LONGEST = 1 << 20
"""Bytes of one line. An event of a chat completion has some hundreds."""

MOST = 1 << 40
"""Tokens. What a provider says beyond that, or below nothing, is no figure."""

DONE = b"[DONE]"

FINISHES = {"stop": "stop", "length": "length", "content_filter": "filter"}
"""The provider's word for why an answer ended -> ours. Any other word is an ending like `stop`."""


class BadEvents(ValueError):
    """What came is not a stream of events."""


async def data(received: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """
    The data of each event, until the stream or its mark of the end.

    Lines end in LF or CRLF; a character that the wire tears apart is whole again here, because only bytes are split.

    Raises:
        BadEvents: A line is longer than any event.
    """
    rest = b""
    async for piece in received:
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
    if not isinstance(given, dict):
        return None
    asked, answered = given.get("prompt_tokens"), given.get("completion_tokens")
    details = given.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    if not _is_figure(asked) or not _is_figure(answered):
        return None
    return Usage(asked, answered, cached=min(cached, asked) if _is_figure(cached) else 0)


def _is_figure(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST

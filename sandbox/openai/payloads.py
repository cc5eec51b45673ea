"""
The bodies of answers, whole and in events.

Source: platform.openai.com/docs/api-reference/chat/object and .../chat/streaming
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.openai.asked import Asked
from sandbox.openai.books import Bill
from sandbox.openai.script import Piece, Script

FINGERPRINT = "fp_parley_demo"


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def _now() -> int:
    """In seconds since 1970."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Head:
    """What every chunk of one answer repeats."""

    model: str
    id: str = field(default_factory=_new_id)
    created: int = field(default_factory=_now)

    def fields(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }


def completion(asked: Asked, script: Script, bill: Bill) -> dict[str, Any]:
    """A whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": script.text, "refusal": None, "annotations": []}
    thought = "".join(piece.text for piece in script.pieces if piece.thought)
    if thought:
        message["reasoning_content"] = thought
    choices = [
        {"index": index, "message": message, "logprobs": None, "finish_reason": str(script.ending)}
        for index in range(asked.choices)
    ]
    body = {**Head(asked.model).fields("chat.completion"), "choices": choices}
    return {**body, "usage": usage(bill)} if script.usage else body


def usage(bill: Bill) -> dict[str, Any]:
    return {
        "prompt_tokens": bill.prompt,
        "completion_tokens": bill.completion,
        "total_tokens": bill.total,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": bill.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


class Events:
    """
    The chunks of one streamed answer, as bytes.

    All that repeats is made once: a benchmark asks for thousands of chunks a second. With `include_usage` OpenAI puts
    a `usage` of null into every other chunk; it is left out here, which clients cannot tell from null.
    """

    def __init__(self, asked: Asked, line_end: str) -> None:
        self._head = Head(asked.model).fields("chat.completion.chunk")
        self._choices = range(asked.choices)
        self._end = line_end.encode() * 2
        self._texts = [self._around(index, "content") for index in self._choices]
        self._thoughts = [self._around(index, "reasoning_content") for index in self._choices]

    def _around(self, index: int, name: str) -> tuple[bytes, bytes]:
        """A chunk's bytes before and after the text that it carries."""
        before, after = self._chunk(index, {name: "\0"}).split(json.dumps("\0").encode())
        return before, after

    def _chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self.event({**self._head, "choices": [choice]})

    def event(self, body: dict[str, Any]) -> bytes:
        return b"data: " + _compact(body) + self._end

    def opening(self) -> bytes:
        """The role comes first, with an empty text."""
        return b"".join(
            self._chunk(index, {"role": "assistant", "content": "", "refusal": None}) for index in self._choices
        )

    def delta(self, piece: Piece) -> bytes:
        text = _compact(piece.text)
        around = self._thoughts if piece.thought else self._texts
        return b"".join(before + text + after for before, after in around)

    def finish(self, reason: str) -> bytes:
        return b"".join(self._chunk(index, {}, reason) for index in self._choices)

    def usage(self, bill: Bill) -> bytes:
        return self.event({**self._head, "choices": [], "usage": usage(bill)})

    def done(self) -> bytes:
        return b"data: [DONE]" + self._end

    def garbage(self) -> bytes:
        """Half a chunk, as if whole."""
        event = self.event(self._head)
        return event[: len(event) // 2] + self._end

    def comment(self) -> bytes:
        return b": keep-alive" + self._end


def _compact(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

"""
The bodies of chat completions, whole and in events.

Source: platform.openai.com/docs/api-reference/chat/object and .../chat/streaming
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.openai import tokens
from sandbox.openai.asked import Asked
from sandbox.openai.bodies import as_bytes
from sandbox.openai.books import Bill
from sandbox.openai.script import Called, Ending, Piece, Script

FINGERPRINT = "fp_parley_demo"

LOGPROB = -0.125
"""How sure a model says it is of every token."""


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def now() -> int:
    """In seconds since 1970."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Head:
    """What every chunk of one answer repeats."""

    model: str
    id: str = field(default_factory=_new_id)
    created: int = field(default_factory=now)

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
    logs = _logprobs(script.text, asked) if asked.body.get("logprobs") else None
    choices = [
        {"index": index, "message": _message(script), "logprobs": logs, "finish_reason": str(script.ending)}
        for index in range(asked.choices)
    ]
    body = {**Head(asked.model).fields("chat.completion"), "choices": choices}
    return {**body, "usage": usage(bill)} if script.usage else body


def _message(script: Script) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": _content(script), "refusal": None, "annotations": []}
    if script.thought:
        message["reasoning_content"] = script.thought
    if script.calls:
        message["tool_calls"] = [tool_call(called) for called in script.calls]
    return message


def _content(script: Script) -> str | None:
    """Who only calls functions says nothing, which is not the empty text."""
    return None if script.calls and not script.text else script.text


def tool_call(called: Called) -> dict[str, Any]:
    function = {"name": called.function, "arguments": called.arguments}
    return {"id": called.id, "type": "function", "function": function}


def _logprobs(text: str, asked: Asked) -> dict[str, Any]:
    """Of the tokens of a text. No other token was ever likely, so none is told of."""
    return {"content": [_logprob(token, asked) for token in tokens.split(text)], "refusal": None}


def _logprob(token: str, asked: Asked) -> dict[str, Any]:
    entry = {"token": token, "logprob": LOGPROB, "bytes": list(token.encode())}
    return {**entry, "top_logprobs": [entry] if asked.body.get("top_logprobs") else []}


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


class Chunks:
    """
    The chunks of one streamed answer, as bytes.

    All that repeats is made once: a benchmark asks for thousands of chunks a second. With `include_usage` OpenAI puts
    a `usage` of null into every other chunk; it is left out here, which clients cannot tell from null.
    """

    def __init__(self, asked: Asked, script: Script) -> None:
        self._head = Head(asked.model).fields("chat.completion.chunk")
        self._asked = asked
        self._script = script
        self._sure = bool(asked.body.get("logprobs"))
        self._calls = [called.id for called in script.calls]
        self._choices = range(asked.choices)
        self._end = script.wire.line_end.encode() * 2
        self._texts = [self._around(index, "content") for index in self._choices]
        self._thoughts = [self._around(index, "reasoning_content") for index in self._choices]

    def _around(self, index: int, name: str) -> tuple[bytes, bytes]:
        """A chunk's bytes before and after the text that it carries."""
        before, after = self._chunk(index, {name: "\0"}).split(json.dumps("\0").encode())
        return before, after

    def _chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None = None, logs: Any = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logs, "finish_reason": finish_reason}
        return self._event({**self._head, "choices": [choice]})

    def _chunks(self, delta: dict[str, Any], finish_reason: str | None = None, logs: Any = None) -> bytes:
        """The same for every choice."""
        return b"".join(self._chunk(index, delta, finish_reason, logs) for index in self._choices)

    def _event(self, body: dict[str, Any]) -> bytes:
        return b"data: " + as_bytes(body) + self._end

    def opening(self) -> bytes:
        """The role comes first, with an empty text."""
        content = "" if _content(self._script) is not None else None
        return self._chunks({"role": "assistant", "content": content, "refusal": None})

    def delta(self, piece: Piece) -> bytes:
        if piece.call:
            return self._call(piece)
        if self._sure and piece.spoken:
            return self._chunks({"content": piece.text}, logs=_logprobs(piece.text, self._asked))
        text = as_bytes(piece.text)
        around = self._thoughts if piece.thought else self._texts
        return b"".join(before + text + after for before, after in around)

    def _call(self, piece: Piece) -> bytes:
        """The first chunk of a call has its id and its name, those after it have arguments."""
        call: dict[str, Any] = {"index": self._calls.index(piece.call)}
        if piece.function:
            call |= {"id": piece.call, "type": "function"}
        function = {"name": piece.function} if piece.function else {}
        return self._chunks({"tool_calls": [{**call, "function": {**function, "arguments": piece.text}}]})

    def finish(self, ending: Ending, bill: Bill) -> bytes:
        told = self._asked.include_usage and self._script.usage
        tail = self._event({**self._head, "choices": [], "usage": usage(bill)}) if told else b""
        return self._chunks({}, str(ending)) + tail + b"data: [DONE]" + self._end

    def error(self, body: dict[str, Any]) -> bytes:
        return self._event(body)

    def garbage(self) -> bytes:
        """Half a chunk, as if whole."""
        event = self._event(self._head)
        return event[: len(event) // 2] + self._end

    def comment(self) -> bytes:
        return b": keep-alive" + self._end

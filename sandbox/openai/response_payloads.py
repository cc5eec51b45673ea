"""
The bodies of responses, whole and in events.

Source: platform.openai.com/docs/api-reference/responses/object and .../responses-streaming
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.openai.asked import Asked
from sandbox.openai.bodies import as_bytes
from sandbox.openai.books import Bill
from sandbox.openai.payloads import now
from sandbox.openai.response_output import Event, Output
from sandbox.openai.script import Ending, Piece

_REASONS = {Ending.LENGTH: "max_output_tokens", Ending.FILTER: "content_filter"}
"""Why an answer is incomplete; with other endings it is not."""

_DEFAULTS: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
}
"""What a response repeats of its request, and what is there when the request says nothing."""


def _new_id() -> str:
    return f"resp_{secrets.token_hex(24)}"


@dataclass(frozen=True, slots=True)
class Frame:
    """
    What every picture of one response has in common.

    Until its end, OpenAI has a `usage` of null, which its own description does not allow; it is left out here.
    """

    asked: Asked
    id: str = field(default_factory=_new_id)
    created: int = field(default_factory=now)

    def body(self, status: str = "in_progress", **more: Any) -> dict[str, Any]:
        asked = {name: value for name, value in self.asked.body.items() if value is not None}
        repeated = {name: asked.get(name, default) for name, default in _DEFAULTS.items()}
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "model": self.asked.model,
            "output": [],
            "service_tier": "default",
            **repeated,
            "text": {**_DEFAULTS["text"], **repeated["text"]},
            "reasoning": {**_DEFAULTS["reasoning"], **repeated["reasoning"]},
            "tools": [{"description": None, "parameters": None, "strict": True, **tool} for tool in repeated["tools"]],
            **more,
        }

    def ended(self, ending: Ending, output: Output, bill: Bill) -> dict[str, Any]:
        reason = _REASONS.get(ending)
        details = {"reason": reason} if reason else None
        return self.body(status_of(ending), output=output.items, incomplete_details=details, usage=_usage(bill))


def status_of(ending: Ending) -> str:
    return "incomplete" if ending in _REASONS else "completed"


def _usage(bill: Bill) -> dict[str, Any]:
    return {
        "input_tokens": bill.prompt,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": bill.completion,
        "output_tokens_details": {"reasoning_tokens": bill.thought},
        "total_tokens": bill.total,
    }


class NamedEvents:
    """The events of one streamed response, as bytes. `keep` gets its whole body before the last of them is told."""

    def __init__(self, frame: Frame, line_end: str, keep: Callable[[Mapping[str, Any]], None]) -> None:
        self._keep = keep
        self._frame = frame
        self._line_end = line_end.encode()
        self._output = Output()
        self._number = 0

    def _events(self, events: Iterable[Event]) -> bytes:
        return b"".join(self._event(event) for event in events)

    def _event(self, event: Event) -> bytes:
        body = as_bytes({**event, "sequence_number": self._number})
        self._number += 1
        return b"event: %b%bdata: %b%b" % (event["type"].encode(), self._line_end, body, self._line_end * 2)

    def opening(self) -> bytes:
        body = self._frame.body()
        return self._events({"type": f"response.{what}", "response": body} for what in ("created", "in_progress"))

    def delta(self, piece: Piece) -> bytes:
        return self._events(self._output.add(piece))

    def finish(self, ending: Ending, bill: Bill) -> bytes:
        status = status_of(ending)
        last = self._output.end(status)
        body = self._frame.ended(ending, self._output, bill)
        self._keep(body)
        return self._events([*last, {"type": f"response.{status}", "response": body}])

    def error(self, body: dict[str, Any]) -> bytes:
        error = body["error"]
        told = {name: error.get(name) for name in ("code", "message", "param")}
        return self._event({"type": "error", **told, "code": error.get("code") or error.get("type")})

    def garbage(self) -> bytes:
        """Half an event, as if whole."""
        event = self._event({"type": "response.output_text.delta", "response": self._frame.body()})
        return event[: len(event) // 2] + self._line_end * 2

    def comment(self) -> bytes:
        return b": keep-alive" + self._line_end * 2

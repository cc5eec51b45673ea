"""
The output of a response as it grows: its items, and the events that tell of each change.

Source: platform.openai.com/docs/api-reference/responses-streaming
"""

import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from sandbox.openai.script import Piece

Event = Mapping[str, Any]
"""One event but for its number."""


class _Item(Protocol):
    """One item. `value` is as it stands."""

    value: dict[str, Any]

    def takes(self, piece: Piece) -> bool: ...

    def opening(self) -> list[Event]: ...

    def grow(self, piece: Piece) -> list[Event]: ...

    def closing(self) -> list[Event]: ...


class _Text:
    """A message of one part."""

    def __init__(self, _: Piece) -> None:
        self._text = ""
        self.value: dict[str, Any] = {"id": _new("msg"), "type": "message", "role": "assistant", "content": []}

    def takes(self, piece: Piece) -> bool:
        return piece.spoken

    def opening(self) -> list[Event]:
        return [self._event("content_part.added", part=_part(""))]

    def grow(self, piece: Piece) -> list[Event]:
        self._text += piece.text
        return [self._event("output_text.delta", delta=piece.text, logprobs=[])]

    def closing(self) -> list[Event]:
        part = _part(self._text)
        self.value["content"] = [part]
        return [
            self._event("output_text.done", text=self._text, logprobs=[]),
            self._event("content_part.done", part=part),
        ]

    def _event(self, what: str, **more: Any) -> Event:
        return {"type": f"response.{what}", "item_id": self.value["id"], "content_index": 0, **more}


class _Call:
    """A call of a function."""

    def __init__(self, first: Piece) -> None:
        self._id = first.call
        self.value: dict[str, Any] = {
            "id": _new("fc"),
            "type": "function_call",
            "call_id": first.call,
            "name": first.function,
            "arguments": "",
        }

    def takes(self, piece: Piece) -> bool:
        return piece.call == self._id

    def opening(self) -> list[Event]:
        return []

    def grow(self, piece: Piece) -> list[Event]:
        self.value["arguments"] += piece.text
        return [self._event("delta", delta=piece.text)] if piece.text else []

    def closing(self) -> list[Event]:
        return [self._event("done", name=self.value["name"], arguments=self.value["arguments"])]

    def _event(self, what: str, **more: Any) -> Event:
        return {"type": f"response.function_call_arguments.{what}", "item_id": self.value["id"], **more}


class _Thought:
    """What the model thought. As with OpenAI's own, nobody gets to read it."""

    def __init__(self, _: Piece) -> None:
        self.value: dict[str, Any] = {"id": _new("rs"), "type": "reasoning", "summary": []}

    def takes(self, piece: Piece) -> bool:
        return piece.thought

    def opening(self) -> list[Event]:
        return []

    def grow(self, _: Piece) -> list[Event]:
        return []

    def closing(self) -> list[Event]:
        return []


class Output:
    """All items. The last one is open until the next begins, or the end comes."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._open: _Item | None = None

    def add(self, piece: Piece) -> list[Event]:
        if self._open is not None and self._open.takes(piece):
            return self._indexed(self._open.grow(piece))
        item = (_Thought if piece.thought else _Call if piece.call else _Text)(piece)
        return [*self._close("completed"), *self._begin(item), *self._indexed(item.grow(piece))]

    def end(self, status: str) -> list[Event]:
        """Close the last item. An answer without any gets one of no words."""
        nothing = [] if self.items else self._begin(_Text(Piece("")))
        return [*nothing, *self._close(status)]

    def _begin(self, item: _Item) -> list[Event]:
        self._open = item
        self.items.append(item.value)
        return self._indexed([self._told("added", "in_progress"), *item.opening()])

    def _close(self, status: str) -> list[Event]:
        if self._open is None:
            return []
        events = self._indexed([*self._open.closing(), self._told("done", status)])
        self._open = None
        return events

    def _told(self, what: str, status: str) -> Event:
        item = self.items[-1]
        if item["type"] != "reasoning":
            item["status"] = status
        return {"type": f"response.output_item.{what}", "item": dict(item)}

    def _indexed(self, events: list[Event]) -> list[Event]:
        return [{**event, "output_index": len(self.items) - 1} for event in events]


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _new(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(24)}"

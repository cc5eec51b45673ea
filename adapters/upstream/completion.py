"""
What an agent says of a chat completion: as chunks for a program that reads along, or put together into one answer.

An agent is a stranger's machine. Only what a chat completion has is passed on, and of the usage only what can be
(`adapters.upstream.work`); its name, its date and its model are written by us.
"""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import to_json

from adapters.upstream.events import BadEvents
from bot.turn import Usage

MOST_CALLS = 128
"""Calls of functions in one answer, as many as functions may be offered."""

TEXTS = ("content", "refusal", "reasoning_content", "reasoning")
"""Fields of a message that come in pieces. The last two are thoughts, as different servers call them."""


def _encodable(text: str) -> str:
    """Raises ValueError for half a pair of surrogates, which JSON can name and nobody can send on."""
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_encodable)]


class Function(BaseModel):
    name: Text | None = None
    arguments: Text | None = None


class Called(BaseModel):
    """A piece of the call of a function: its id and its name come first, its arguments piece by piece."""

    index: int = Field(default=0, ge=0, lt=MOST_CALLS)
    id: Text | None = None
    type: Text | None = None
    function: Function | None = None


class Likely(BaseModel):
    """A token, and how likely it was."""

    token: Text
    logprob: float = Field(allow_inf_nan=False)
    bytes: list[int] | None = None


class Logprob(Likely):
    top_logprobs: list[Likely] = []


class Logprobs(BaseModel):
    content: list[Logprob] | None = None
    refusal: list[Logprob] | None = None


class Delta(BaseModel):
    role: Text | None = None
    content: Text | None = None
    refusal: Text | None = None
    reasoning_content: Text | None = None
    reasoning: Text | None = None
    tool_calls: list[Called] | None = None

    def words(self) -> Iterator[str]:
        """All that the model says in it."""
        yield from filter(None, (getattr(self, name) for name in TEXTS))
        for called in self.tool_calls or ():
            if called.function:
                yield from filter(None, (called.function.name, called.function.arguments))


class Choice(BaseModel):
    """A piece of one of the answers."""

    index: int = Field(default=0, ge=0)
    delta: Delta | None = None
    finish_reason: Text | None = None
    logprobs: Logprobs | None = None

    def words(self) -> str:
        return "".join(self.delta.words()) if self.delta else ""

    def body(self) -> dict[str, Any]:
        said = self.model_dump(exclude_none=True)
        return {"delta": {}, **said, "finish_reason": self.finish_reason or None}


class Event(BaseModel):
    choices: list[Choice] = []


@dataclass(slots=True)
class _Call:
    """A call of a function, as far as it has come."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def take(self, piece: Called) -> None:
        self.id = self.id or piece.id or ""
        if piece.function:
            self.name = self.name or piece.function.name or ""
            self.arguments.append(piece.function.arguments or "")

    def body(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": "".join(self.arguments)}
        return {"id": self.id or f"call_{secrets.token_hex(12)}", "type": "function", "function": function}


@dataclass(slots=True)
class _Said:
    """One of the answers, as far as it has come."""

    finish: str = ""
    texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    calls: defaultdict[int, _Call] = field(default_factory=lambda: defaultdict(_Call))
    logprobs: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def take(self, choice: Choice) -> None:
        self.finish = choice.finish_reason or self.finish
        delta = choice.delta or Delta()
        for name in TEXTS:
            if text := getattr(delta, name):
                self.texts[name].append(text)
        for piece in delta.tool_calls or ():
            self.calls[piece.index].take(piece)
        for name, logs in (choice.logprobs or Logprobs()).model_dump().items():
            self.logprobs[name] += logs or ()

    def body(self, index: int) -> dict[str, Any]:
        logprobs = {name: logs or None for name, logs in self.logprobs.items()}
        return {
            "index": index,
            "message": self._message(),
            "logprobs": logprobs if any(logprobs.values()) else None,
            "finish_reason": self.finish,
        }

    def _message(self) -> dict[str, Any]:
        """Who only calls functions, or refuses, says nothing, which is not the empty text."""
        texts = {name: "".join(pieces) for name, pieces in self.texts.items()}
        silent = None if self.calls or "refusal" in texts else ""
        message: dict[str, Any] = {"role": "assistant", "content": silent, "refusal": None, **texts}
        if self.calls:
            message["tool_calls"] = [call.body() for _, call in sorted(self.calls.items())]
        return message


class Completion:
    """
    The answers to one request.

    Args:
        choices: How many are wanted. An agent that ends with fewer has not ended.
    """

    def __init__(self, model: str, choices: int) -> None:
        self.usage: Usage | None = None
        self._head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._said = [_Said() for _ in range(choices)]

    @property
    def finished(self) -> bool:
        return all(said.finish for said in self._said)

    def take(self, event: Mapping[str, Any]) -> Sequence[Choice]:
        """What one more event says. Raises BadEvents."""
        try:
            choices = Event.model_validate(event).choices
        except ValidationError as error:
            raise BadEvents(f"an event that is none of a chat completion: {error.error_count()} mistakes") from None
        if any(choice.index >= len(self._said) for choice in choices):
            raise BadEvents("an answer that was not asked for")
        for choice in choices:
            self._said[choice.index].take(choice)
        return choices

    def chunk(self, choices: Sequence[Choice]) -> bytes:
        """What was said, as an event."""
        return _event(self._chunk([choice.body() for choice in choices]))

    def end(self) -> bytes:
        """The last events: the usage where it is known, and the mark of the end."""
        told = _event({**self._chunk([]), "usage": _usage(self.usage)}) if self.usage else b""
        return told + b"data: [DONE]\n\n"

    def whole(self) -> bytes:
        """All of it, as one answer."""
        choices = [said.body(index) for index, said in enumerate(self._said)]
        usage = {"usage": _usage(self.usage)} if self.usage else {}
        return to_json({**self._head, "object": "chat.completion", "choices": choices, **usage})

    def _chunk(self, choices: list[Any]) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", "choices": choices}


def _event(said: dict[str, Any]) -> bytes:
    return b"data: " + to_json(said) + b"\n\n"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }

"""
A program's call, as an agent is given it, and the agent's answer, as the program reads it.

An agent always answers piece by piece. Whoever wants the answer whole gets it put together.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pydantic_core import to_json

from adapters.upstream import events
from adapters.upstream.api import EVENTS, LIMITS
from adapters.upstream.completion import Completion
from adapters.upstream.errors import REFUSALS, hush
from adapters.upstream.frames import Trouble
from adapters.upstream.heard import Heard
from bot.errors import BotError, ModelCut, ModelDown
from bot.ports import ApiRequest, ApiResponse
from bot.turn import Usage

PATH = "chat/completions"
"""All that an agent can be asked."""

OWN_MISTAKES = (400, 409, 415, 422)
"""Statuses for which the program is to blame that asked, and which it gets to see. Path and model are the agent's."""

QUOTED = 500
"""Characters of an agent's words on such a mistake that the program gets."""


@dataclass(slots=True)
class Told(Heard):
    """How far the answer to what was `asked` has come; `trouble` is why there is none, in the agent's words."""

    asked: list[str] = field(default_factory=list)
    trouble: Trouble | None = None

    def hushed(self, error: BotError) -> BotError:
        """An error in an agent's words, without those of the conversation."""
        hush(error, [*self.asked, "".join(self.pieces)])
        return error


def body_of(request: ApiRequest) -> dict[str, Any]:
    """What an agent is sent."""
    limit = {"max_tokens": request.limit} if request.limit else {}
    options = request.fields.get("stream_options")
    more = options if isinstance(options, dict) else {}
    return {**request.fields, **limit, "stream": True, "stream_options": {**more, "include_usage": True}}


def texts_in(body: Mapping[str, Any]) -> list[str]:
    """All that is said in the messages of a request."""
    contents = [message.get("content") or "" for message in body["messages"]]
    parts = [[{"text": content}] if isinstance(content, str) else content for content in contents]
    return [text for each in parts for part in each if isinstance(text := part.get("text"), str)]


def credible(usage: Usage | None, context: int, output: int) -> bool:
    """Whether that can be what it took. An agent's figures come out of people's shares; without, we count ourselves."""
    return usage is None or (usage.input <= context and usage.output <= output)


@asynccontextmanager
async def answered(
    request: ApiRequest, body: Mapping[str, Any], said: AsyncIterator[dict[str, Any]], heard: Told
) -> AsyncIterator[ApiResponse]:
    """The answer to a request of which that was the body. Raises ModelDown or one of its kind."""
    choices: int = request.fields.get("n") or 1
    completion = Completion(request.spec.model, choices)
    read = _read(said, heard, completion, request.spec.context, choices * _longest(body))
    async with aclosing(read) as chunks:
        try:
            if request.fields.get("stream"):
                response = ApiResponse(200, EVENTS, _after(await _first(chunks, heard), chunks))
            else:
                response = _json(200, await _all(chunks, completion))
        except ModelDown as error:
            if isinstance(error, ModelCut) or not _is_askers(heard.trouble):
                raise
            response = _refusal(heard.trouble)
        yield response


def _longest(body: Mapping[str, Any]) -> int:
    """Tokens of each answer, at most."""
    return min(int(body[name]) for name in LIMITS[PATH] if body.get(name))


async def _read(
    said: AsyncIterator[dict[str, Any]], heard: Told, completion: Completion, context: int, output: int
) -> AsyncGenerator[bytes, None]:
    """An answer as a program reads along, which makes `completion` whole. Raises ModelDown or one of its kind."""
    async for event in said:
        try:
            choices = completion.take(event)
        except events.BadEvents as error:
            if heard.finished:
                continue
            raise heard.failed(str(error)) from error
        heard.pieces += filter(None, (choice.words() for choice in choices))
        heard.finished = completion.finished
        if credible(usage := events.chunk(event).usage, context, output):
            completion.usage = usage or completion.usage
        if choices:
            yield completion.chunk(choices)
    yield completion.end()


async def _first(chunks: AsyncIterator[bytes], heard: Heard) -> bytes:
    """The chunks until something is said: as long as nothing is, somebody else may be asked."""
    begun = b""
    while not (heard.begun or heard.finished) and (chunk := await anext(chunks, b"")):
        begun += chunk
    return begun


async def _after(begun: bytes, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield begun
    async for chunk in chunks:
        yield chunk


async def _all(chunks: AsyncIterator[bytes], completion: Completion) -> bytes:
    async for _ in chunks:
        pass
    return completion.whole()


def _is_askers(told: Trouble | None) -> TypeGuard[Trouble]:
    """Whether the trouble is with what a program asked, and says nothing of the agent."""
    return told is not None and told.status in OWN_MISTAKES and told.code not in (*REFUSALS, "model_not_found")


def _refusal(told: Trouble) -> ApiResponse:
    error = {
        "message": told.message[:QUOTED],
        "type": "invalid_request_error",
        "param": None,
        "code": told.code or None,
    }
    return _json(told.status, to_json({"error": error}))


def _json(status: int, body: bytes) -> ApiResponse:
    return ApiResponse(status, "application/json", _once(body))


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body

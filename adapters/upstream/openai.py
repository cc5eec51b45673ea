"""Any server that speaks OpenAI's chat completions, as a Model."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from openai.types.chat import ChatCompletionChunk

from adapters.upstream.errors import TROUBLE, renamed
from bot.errors import ModelCut, ModelSilent
from bot.ports import Chunk, Request
from bot.turn import Usage

FINISHES = {"stop": "stop", "length": "length", "content_filter": "filter"}
"""The provider's word for why an answer ended -> ours. Any other word is an ending like `stop`."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: to connect, for the first word, between two words, and in all."""

    connect: float = 10
    first_token: float = 90
    gap: float = 45
    total: float = 900


class OpenAIModel:
    """One account. The SDK never tries again by itself: that would be paid twice and take the choice from us."""

    def __init__(self, base_url: str, api_key: str, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=self._timeouts.connect),
        )
        official = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if official else "max_tokens"

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak. Raises as `bot.ports.Model.stream` says; a stream that ends without saying why was cut."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.total
        begun = finished = False
        try:
            async with asyncio.timeout(self._timeouts.connect + self._timeouts.first_token):
                stream = await self._open(request)
        except TROUBLE as error:
            raise renamed(error, begun=False) from error
        except TimeoutError as error:
            raise ModelSilent("no response") from error
        async with stream:
            events = aiter(stream)
            while True:
                if loop.time() > deadline:
                    raise ModelSilent(f"not done after {self._timeouts.total:.0f} s")
                event = await _next(events, self._timeouts.gap if begun else self._timeouts.first_token, begun=begun)
                if event is None:
                    break
                chunk = _chunk(event)
                begun = begun or bool(chunk.text)
                finished = finished or bool(chunk.finish)
                yield chunk
        if not finished:
            raise ModelCut("the stream ended without a finish_reason")

    async def models(self) -> list[str]:
        """The names of the models that the account can use. Raises ModelDown or one of its kind."""
        try:
            return [model.id async for model in self._client.models.list(timeout=self._timeouts.connect)]
        except TROUBLE as error:
            raise renamed(error, begun=False) from error

    async def close(self) -> None:
        await self._client.close()

    async def _open(self, request: Request) -> openai.AsyncStream[ChatCompletionChunk]:
        try:
            return await self._create(request)
        except openai.BadRequestError as refusal:
            if refusal.param != self._limit_name:
                raise
            self._limit_name = "max_completion_tokens" if self._limit_name == "max_tokens" else "max_tokens"
            return await self._create(request)

    async def _create(self, request: Request) -> openai.AsyncStream[ChatCompletionChunk]:
        messages: Any = [{"role": message.role, "content": message.text} for message in request.messages]
        limit: Any = {self._limit_name: request.max_output}
        stream: openai.AsyncStream[ChatCompletionChunk] = await self._client.chat.completions.create(
            model=request.spec.model, messages=messages, stream=True, stream_options={"include_usage": True}, **limit
        )
        return stream


async def _next(
    events: AsyncIterator[ChatCompletionChunk], patience: float, *, begun: bool
) -> ChatCompletionChunk | None:
    """The stream's next event, None at its end. Raises ModelCut, ModelSilent, ModelDown."""
    try:
        async with asyncio.timeout(patience):
            return await anext(events, None)
    except TROUBLE as error:
        raise renamed(error, begun=begun) from error
    except TimeoutError as error:
        raise (ModelCut if begun else ModelSilent)(f"nothing for {patience:.0f} s") from error


def _chunk(event: ChatCompletionChunk) -> Chunk:
    usage = Usage(event.usage.prompt_tokens, event.usage.completion_tokens) if event.usage else None
    if not event.choices:
        return Chunk(usage=usage)
    choice = event.choices[0]
    finish = FINISHES.get(choice.finish_reason, "stop") if choice.finish_reason else ""
    text = getattr(choice.delta, "content", None)  # the SDK checks nothing that a server sends
    return Chunk(text if isinstance(text, str) else "", finish, usage)

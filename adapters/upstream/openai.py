"""Any server that speaks OpenAI's chat completions, as a Model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from adapters.upstream import events
from adapters.upstream.errors import TROUBLE, renamed, renamed_event
from bot.errors import BotError, ModelCut, ModelMisconfigured, ModelSilent
from bot.ports import Chunk, Request

LAST = 5.0
"""Seconds to wait for the usage once the answer has ended."""

PAGE = "text/html"
"""The content type of some other server's page. Servers that do stream give their events various other types."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: to connect, for the first word, between two words, and in all."""

    connect: float = 10
    first_token: float = 90
    gap: float = 45
    total: float = 900


@dataclass(slots=True)
class _Heard:
    """How far an answer has come."""

    begun: bool = False
    finished: bool = False


class OpenAIModel:
    """One account. The SDK never tries again by itself: that would be paid twice and take the choice from us."""

    def __init__(self, base_url: str, api_key: str, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=self._timeouts.connect),
            http_client=openai.DefaultAioHttpClient(),
        )
        official = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if official else "max_tokens"

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak. Raises as `bot.ports.Model.stream` says; a stream that ends without saying why was cut."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.total
        heard = _Heard()
        async with AsyncExitStack() as stack:
            received = await self._open(request, stack)
            while loop.time() < deadline and (chunk := await self._hear(received, heard)) is not None:
                yield chunk
        if not heard.finished and loop.time() >= deadline:
            raise ModelSilent(f"not done after {self._timeouts.total:.0f} s")
        if not heard.finished:
            raise ModelCut("the stream ended without a finish_reason")

    async def models(self) -> list[str]:
        """The names of the models that the account can use. Raises ModelDown or one of its kind."""
        try:
            return [model.id async for model in self._client.models.list(timeout=self._timeouts.connect)]
        except TROUBLE as error:
            raise renamed(error, begun=False) from error

    async def close(self) -> None:
        await self._client.close()

    async def _open(self, request: Request, stack: AsyncExitStack) -> AsyncGenerator[bytes, None]:
        """Make the call. Returns the data of its events; `stack` closes it."""
        try:
            async with asyncio.timeout(self._timeouts.connect + self._timeouts.first_token):
                try:
                    response = await stack.enter_async_context(self._call(request))
                except openai.BadRequestError as refusal:
                    if refusal.param != self._limit_name:
                        raise
                    self._limit_name = "max_completion_tokens" if self._limit_name == "max_tokens" else "max_tokens"
                    response = await stack.enter_async_context(self._call(request))
        except TROUBLE as error:
            raise renamed(error, begun=False) from error
        except TimeoutError as error:
            raise ModelSilent("no response") from error
        kind = response.headers.get("content-type", "")
        if PAGE in kind:
            raise ModelMisconfigured(f"{self._client.base_url} answers with a page ({kind})")
        return await stack.enter_async_context(aclosing(events.data(response.iter_bytes())))

    def _call(self, request: Request) -> Any:
        """The call as a context manager of the SDK's, whose response is read as raw bytes."""
        messages: Any = [{"role": message.role, "content": message.text} for message in request.messages]
        limit: Any = {self._limit_name: request.max_output}
        return self._client.chat.completions.with_streaming_response.create(
            model=request.spec.model, messages=messages, stream=True, stream_options={"include_usage": True}, **limit
        )

    async def _hear(self, received: AsyncGenerator[bytes, None], heard: _Heard) -> Chunk | None:
        """What the next event says, None at the end. Once the answer has ended, nothing can cut it any more."""
        try:
            line = await self._next(received, heard)
            if line is None or line == events.DONE:
                return None
            chunk = _read(line, heard)
        except BotError:
            if heard.finished:
                return None
            raise
        heard.begun = heard.begun or bool(chunk.text)
        heard.finished = heard.finished or bool(chunk.finish)
        return chunk

    async def _next(self, received: AsyncGenerator[bytes, None], heard: _Heard) -> bytes | None:
        """The data of the next event, None at the end. Raises ModelCut, ModelSilent, ModelDown."""
        patience = self._timeouts.gap if heard.begun else self._timeouts.first_token
        patience = min(patience, LAST) if heard.finished else patience
        try:
            async with asyncio.timeout(patience):
                return await anext(received, None)
        except TROUBLE as error:
            raise renamed(error, begun=heard.begun) from error
        except TimeoutError as error:
            raise (ModelCut if heard.begun else ModelSilent)(f"nothing for {patience:.0f} s") from error


def _read(line: bytes, heard: _Heard) -> Chunk:
    """What an event says. Raises ModelCut, ModelDown or one of its kind."""
    try:
        event = events.parsed(line)
    except events.BadEvents as error:
        raise ModelCut(str(error)) from error
    if event.get("error"):
        raise renamed_event(event["error"], begun=heard.begun)
    return events.chunk(event)

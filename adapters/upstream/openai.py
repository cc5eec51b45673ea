"""Any server that speaks OpenAI's chat completions, as a Model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx2
import openai
from openai._vendor.httpx_aiohttp.transport import AiohttpTransport  # nothing public takes a connector of one's own

from adapters.upstream import events
from adapters.upstream.api import ApiAccount
from adapters.upstream.awake import awake_timeout
from adapters.upstream.connect import trust, tunnels
from adapters.upstream.errors import TROUBLE, conceal, hush, renamed, renamed_event
from adapters.upstream.heard import Heard, Timeouts
from bot.errors import AccountLocked, BotError, ModelCut, ModelMisconfigured, ModelSilent
from bot.ports import ApiRequest, ApiResponse, Chunk, Request

UNSCOPED = "Missing scopes: api.model.read"
"""
How OpenAI says, with a 401 or a 403, that a key may not list the models. It may answer questions all the same.

Source: community.openai.com/t/1345041.
"""

PAGE = "text/html"
"""The content type of some other server's page. Servers that do stream give their events various other types."""


class OpenAIModel:
    """One account. The SDK never tries again by itself: that would be paid twice and take the choice from us."""

    def __init__(self, base_url: str, api_key: str, timeouts: Timeouts | None = None, proxy: str = "") -> None:
        """
        With a `proxy` (http://, https://, socks5:// or socks5h://, with a login or without) all goes through it.

        Raises ValueError when the proxy's address or login cannot be.
        """
        self._timeouts = timeouts or Timeouts()
        self._api = ApiAccount(base_url, api_key, timeouts, proxy)
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=self._timeouts.connect),
            http_client=_http_client(proxy),
        )
        official = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if official else "max_tokens"

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak. Raises as `bot.ports.Model.stream` says; a stream that ends without saying why was cut."""
        heard = Heard()
        try:
            async with aclosing(self._spoken(request, heard)) as spoken:
                async for chunk in spoken:
                    yield chunk
        except BotError as error:
            asked = [message.text for message in request.messages if message.role != "system"]
            hush(error, [*asked, "".join(heard.pieces)])
            conceal(error, self._client.api_key)
            raise

    async def _spoken(self, request: Request, heard: Heard) -> AsyncGenerator[Chunk, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeouts.total
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
            listed = [model.id async for model in self._client.models.list(timeout=self._timeouts.connect)]
            return [id for id in listed if isinstance(id, str)]
        except TROUBLE as error:
            trouble = renamed(error, begun=False)
            conceal(trouble, self._client.api_key)
            raise trouble from error
        except (AttributeError, TypeError, ValueError) as error:  # what the SDK makes of another server's page
            raise ModelMisconfigured("what it answers when asked for its models is no list of them") from error

    async def probe(self) -> None:
        """See at no cost whether the account is there, by asking for its models. Raises as `models` does."""
        try:
            await self.models()
        except AccountLocked as refusal:
            if UNSCOPED not in str(refusal):
                raise

    async def close(self) -> None:
        await self._client.close()
        await self._api.close()

    def carries(self, path: str) -> bool:
        """As `bot.ports.Api.carries` says."""
        return self._api.carries(path)

    def call(self, request: ApiRequest) -> AbstractAsyncContextManager[ApiResponse]:
        """Pass a program's call on, as `bot.ports.Api.call` says."""
        return self._api.call(request)

    async def _open(self, request: Request, stack: AsyncExitStack) -> AsyncGenerator[bytes, None]:
        """Make the call. Returns the data of its events; `stack` closes it."""
        try:
            async with awake_timeout(self._timeouts.connect + self._timeouts.first_token):
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
        most = events.largest(request.max_output)
        return await stack.enter_async_context(aclosing(events.data(response.iter_bytes(), most)))

    def _call(self, request: Request) -> Any:
        """The call as a context manager of the SDK's, whose response is read as raw bytes."""
        messages: Any = [{"role": message.role, "content": message.text} for message in request.messages]
        limit: Any = {self._limit_name: request.max_output}
        return self._client.chat.completions.with_streaming_response.create(
            model=request.spec.model, messages=messages, stream=True, stream_options={"include_usage": True}, **limit
        )

    async def _hear(self, received: AsyncGenerator[bytes, None], heard: Heard) -> Chunk | None:
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
        heard.take(chunk)
        return chunk

    async def _next(self, received: AsyncGenerator[bytes, None], heard: Heard) -> bytes | None:
        """The data of the next event, None at the end. Raises ModelCut, ModelSilent, ModelDown."""
        try:
            async with heard.patiently(self._timeouts):
                return await anext(received, None)
        except TROUBLE as error:
            raise renamed(error, begun=heard.begun) from error


def _http_client(proxy: str) -> httpx2.AsyncClient:
    """What carries an account's traffic: through its proxy or straight, whatever proxy the environment names."""
    ssl = trust()
    transport = None
    if proxy:
        connector = tunnels(proxy, ssl)
        transport = AiohttpTransport(verify=ssl, client=lambda: aiohttp.ClientSession(connector=connector()))
    return openai.DefaultAioHttpClient(verify=ssl, trust_env=False, transport=transport)


def _read(line: bytes, heard: Heard) -> Chunk:
    """What an event says. Raises ModelCut, ModelDown or one of its kind."""
    try:
        event = events.parsed(line)
    except events.BadEvents as error:
        raise ModelCut(str(error)) from error
    if event.get("error"):
        raise renamed_event(event["error"], begun=heard.begun)
    return events.chunk(event)

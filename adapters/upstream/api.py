"""
A provider account as programs use it: what they send goes on as it is, and the answer comes back byte by byte.

The SDK takes 1.8 ms of a processor for a call (docs/benchmarks.md), and nothing of what it does is needed here.
"""

import contextlib
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic_core import from_json, to_json

from adapters.upstream.connect import trust, tunnels
from adapters.upstream.errors import TROUBLE, conceal, of_status, renamed, renamed_event
from adapters.upstream.heard import Timeouts
from bot.errors import AccountLocked, BotError, ModelCut, ModelDown, ModelMisconfigured, ModelSilent
from bot.ports import ApiRequest, ApiResponse

LARGE = 1 << 20
"""Bytes of a request from which on it is sent piece by piece: in one go it would be copied, and hold others up."""

LARGEST_ERROR = 64 << 10
"""Bytes of an error's body that are read."""

OWN_MISTAKES = (400, 404, 405, 409, 413, 415, 422)
"""Statuses for which the program that asked is to blame, and which it gets to see."""

LIMITS = {"chat/completions": ("max_completion_tokens", "max_tokens"), "responses": ("max_output_tokens",)}
"""The fields that limit an answer, by the path; the first is what OpenAI itself takes today."""

EVENTS = "text/event-stream"

DATA = b"data:"

END = re.compile(rb"\n\r?\n")
"""Of an event."""


class ApiAccount:
    """One account."""

    def __init__(self, base_url: str, api_key: str, timeouts: Timeouts | None = None, proxy: str = "") -> None:
        """Raises ValueError when the proxy's address or login cannot be."""
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeouts = timeouts or Timeouts()
        self._tunnels = tunnels(proxy, trust()) if proxy else None
        self._session: aiohttp.ClientSession | None = None
        self._patience = {stream: _patience(self._timeouts, stream=stream) for stream in (True, False)}
        official = urlsplit(base_url).hostname == "api.openai.com"
        self._limit_name = LIMITS["chat/completions"][0 if official else 1]

    def carries(self, path: str) -> bool:
        """Whatever a provider does not know, it says so itself."""
        del path
        return True

    @contextlib.asynccontextmanager
    async def call(self, request: ApiRequest) -> AsyncIterator[ApiResponse]:
        """Pass a call on, as `bot.ports.Api.call` says. It is ready when the first bytes of the answer have come."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                response = await self._answered(request, stack)
            except BotError as error:
                conceal(error, self._api_key)
                raise
            yield response

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _answered(
        self, request: ApiRequest, stack: contextlib.AsyncExitStack, *, again: bool = True
    ) -> ApiResponse:
        """Ask, and `again`, once, where the provider may only dislike how we called the answer's limit."""
        response = await self._asked(request, stack)
        if response.status == 200:
            return await self._begun(response, stack)
        told = await _told(response)
        if again and response.status == 400 and request.limit and told.param == self._limit_name:
            first, second = LIMITS["chat/completions"]
            self._limit_name = second if self._limit_name == first else first
            return await self._answered(request, stack, again=False)
        trouble = of_status(response.status, told.code, told.message, response.headers)
        if isinstance(trouble, ModelDown) and not _is_own_mistake(response.status, told, trouble):
            raise trouble
        return ApiResponse(response.status, response.content_type, _once(told.body.replace(self._key, b"...")))

    @property
    def _key(self) -> bytes:
        return self._api_key.encode()

    async def _asked(self, request: ApiRequest, stack: contextlib.AsyncExitStack) -> aiohttp.ClientResponse:
        """Send it. Raises ModelDown or one of its kind."""
        body, type = (request.form, request.type) if request.form else (self._body(request), "application/json")
        headers = {
            "Authorization": f"Bearer {self._api_key}",
            "Content-Type": type,
            "Accept-Encoding": "identity",
            "User-Agent": "parley",
        }
        patience = self._patience[request.fields.get("stream") is True]
        with _renaming():
            sent = self._opened().post(
                f"{self._base_url}/{request.path}",
                data=io.BytesIO(body) if len(body) > LARGE else body,
                headers=headers,
                allow_redirects=False,
                timeout=patience,
            )
            return await stack.enter_async_context(sent)

    def _body(self, request: ApiRequest) -> bytes:
        names = LIMITS.get(request.path, ())
        if not request.limit or not names:
            return to_json(request.fields)
        name = self._limit_name if len(names) > 1 else names[0]
        return to_json({**request.fields, name: request.limit})

    async def _begun(self, response: aiohttp.ClientResponse, stack: contextlib.AsyncExitStack) -> ApiResponse:
        """An answer whose first bytes are there. Raises ModelDown or one of its kind."""
        blocks = await stack.enter_async_context(contextlib.aclosing(_blocks(response)))
        first = await (_first_event(blocks) if response.content_type == EVENTS else anext(blocks, b""))
        if response.content_type == "text/html":
            raise ModelMisconfigured(f"{self._base_url} answers with a page")
        if response.content_type == EVENTS and (told := _failed_at_once(first)) is not None:
            raise renamed_event(told, begun=False)
        return ApiResponse(200, response.headers.get("Content-Type", ""), _after(first, blocks))

    def _opened(self) -> aiohttp.ClientSession:
        """The session. It cannot be made before a loop runs."""
        if self._session is None:
            connector = self._tunnels() if self._tunnels else aiohttp.TCPConnector(limit=0, ssl=trust())
            self._session = aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _patience(timeouts: Timeouts, *, stream: bool) -> aiohttp.ClientTimeout:
    """How long an answer is waited for. One that comes whole says nothing before it is all there."""
    read = max(timeouts.first_token, timeouts.gap) if stream else timeouts.total
    return aiohttp.ClientTimeout(total=timeouts.total, sock_connect=timeouts.connect, sock_read=read)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a provider says of an error, as far as it can be read."""

    body: bytes
    code: str = ""
    message: str = ""
    param: str = ""


def _is_own_mistake(status: int, told: _Told, trouble: ModelDown) -> bool:
    """Whether it says nothing of the account. A provider without money left says so with all kinds of statuses."""
    return status in OWN_MISTAKES and told.code != "model_not_found" and not isinstance(trouble, AccountLocked)


async def _told(response: aiohttp.ClientResponse) -> _Told:
    """Raises ModelDown or one of its kind."""
    body = b""
    with _renaming():
        while len(body) < LARGEST_ERROR and (block := await response.content.readany()):
            body += block
    try:
        error = from_json(body)["error"]
        return _Told(body, *(str(error.get(name) or "") for name in ("code", "message", "param")))
    except (ValueError, LookupError, TypeError, AttributeError):
        return _Told(body, message=f"{len(body)} bytes that are no error of OpenAI's")


async def _blocks(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """The body as it arrives. Raises ModelCut or ModelSilent, ModelDown before the first byte."""
    begun = False
    while True:
        with _renaming(begun=begun):
            block = await response.content.readany()
        if not block:
            return
        begun = True
        yield block


async def _first_event(blocks: AsyncGenerator[bytes, None]) -> bytes:
    """The blocks until there is a whole event, which may be an error."""
    first = await anext(blocks, b"")
    while not END.search(first) and len(first) < LARGEST_ERROR and (block := await anext(blocks, b"")):
        first += block
    return first


async def _after(first: bytes, blocks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    if first:
        yield first
    async for block in blocks:
        yield block


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _failed_at_once(first: bytes) -> Any:
    """The error that stands in the first event of a stream, if one does."""
    line = first.partition(b"\n")[0]
    if not line.startswith(DATA) or b'"error"' not in line:
        return None
    try:
        return from_json(line[len(DATA) :]).get("error")
    except (ValueError, AttributeError):
        return None


@contextlib.contextmanager
def _renaming(*, begun: bool = False) -> Iterator[None]:
    """Around what aiohttp does. Raises our errors in place of its own."""
    try:
        yield
    except TimeoutError as error:
        raise (ModelCut if begun else ModelSilent)(type(error).__name__) from error
    except TROUBLE as error:
        raise renamed(error, begun=begun) from error

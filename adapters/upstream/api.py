"""
A provider account as programs use it: what they send goes on as it is, and the answer comes back byte by byte.

The SDK takes 1.8 ms of a processor for a call (docs/benchmarks.md), and nothing of what it does is needed here.
"""

import io
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Self
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

    def call(self, request: ApiRequest) -> "_Call":
        """Pass a call on, as `bot.ports.Api.call` says. It is ready when the first bytes of the answer have come."""
        return _Call(self, request)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def answered(self, request: ApiRequest) -> tuple[ApiResponse, aiohttp.ClientResponse]:
        """An answer, and what has to be released when it is read. Raises ModelDown or one of its kind."""
        try:
            return await self._answered(request)
        except BotError as error:
            conceal(error, self._api_key)
            raise

    async def _answered(self, request: ApiRequest, *, again: bool = True) -> tuple[ApiResponse, aiohttp.ClientResponse]:
        """Ask, and `again`, once, where the provider may only dislike how we called the answer's limit."""
        response = await self._asked(request)
        try:
            if response.status == 200:
                return await self._begun(response), response
            told = await _told(response)
            if not (again and response.status == 400 and request.limit and told.param == self._limit_name):
                return self._refused(response, told), response
        except BaseException:
            response.release()
            raise
        response.release()
        first, second = LIMITS["chat/completions"]
        self._limit_name = second if self._limit_name == first else first
        return await self._answered(request, again=False)

    def _refused(self, response: aiohttp.ClientResponse, told: "_Told") -> ApiResponse:
        """What a program gets to see of a refusal. Raises ModelDown or one of its kind for what is not its mistake."""
        trouble = of_status(response.status, told.code, told.message, response.headers)
        if isinstance(trouble, ModelDown) and not _is_own_mistake(response.status, told, trouble):
            raise trouble
        return ApiResponse(response.status, response.content_type, _once(told.body.replace(self._key, b"...")))

    @property
    def _key(self) -> bytes:
        return self._api_key.encode()

    async def _asked(self, request: ApiRequest) -> aiohttp.ClientResponse:
        """Send it. Raises ModelDown or one of its kind."""
        body, type = (request.form, request.type) if request.form else (self._body(request), "application/json")
        headers = {
            "Authorization": f"Bearer {self._api_key}",
            "Content-Type": type,
            "Accept-Encoding": "identity",
            "User-Agent": "parley",
        }
        patience = self._patience[request.fields.get("stream") is True]
        try:
            return await self._opened().post(
                f"{self._base_url}/{request.path}",
                data=io.BytesIO(body) if len(body) > LARGE else body,
                headers=headers,
                allow_redirects=False,
                timeout=patience,
            )
        except (TimeoutError, *TROUBLE) as error:
            raise _renamed(error) from error

    def _body(self, request: ApiRequest) -> bytes:
        names = LIMITS.get(request.path, ())
        if not request.limit or not names:
            return to_json(request.fields)
        name = self._limit_name if len(names) > 1 else names[0]
        return to_json({**request.fields, name: request.limit})

    async def _begun(self, response: aiohttp.ClientResponse) -> ApiResponse:
        """An answer whose first bytes are there. Raises ModelDown or one of its kind."""
        body, type = _Body(response.content), response.content_type
        await body.begin(END if type == EVENTS else None)
        if type == "text/html":
            raise ModelMisconfigured(f"{self._base_url} answers with a page")
        if type == EVENTS and (told := _failed_at_once(body.first)) is not None:
            raise renamed_event(told, begun=False)
        return ApiResponse(200, response.headers.get("Content-Type", ""), body)

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


class _Call:
    """One call, as a context manager."""

    def __init__(self, account: ApiAccount, request: ApiRequest) -> None:
        self._account = account
        self._request = request

    async def __aenter__(self) -> ApiResponse:
        answered, self._response = await self._account.answered(self._request)
        return answered

    async def __aexit__(self, *_: object) -> None:
        self._response.release()  # the connection is closed where not all was read


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
    while len(body) < LARGEST_ERROR and (block := await _read(response.content, begun=False)):
        body += block
    try:
        error = from_json(body)["error"]
        return _Told(body, *(str(error.get(name) or "") for name in ("code", "message", "param")))
    except (ValueError, LookupError, TypeError, AttributeError):
        return _Told(body, message=f"{len(body)} bytes that are no error of OpenAI's")


class _Body:
    """A body as it arrives, block by block, with its errors by our names. `first` is read before it is passed on."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._begun = False
        self.first = b""

    async def begin(self, end: re.Pattern[bytes] | None) -> None:
        """Read the first of it: what comes first, or as much as has such an end. Raises as `read` does."""
        self.first = await self.read()
        while end and not end.search(self.first) and len(self.first) < LARGEST_ERROR and (block := await self.read()):
            self.first += block

    async def read(self) -> bytes:
        """What comes next, nothing at the end. Raises ModelCut or ModelSilent, ModelDown before the first byte."""
        block = await _read(self._content, begun=self._begun)
        self._begun = True
        return block

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block, self.first = self.first, b""
        if not block and (self._content.at_eof() or not (block := await self.read())):
            raise StopAsyncIteration
        return block


async def _read(content: aiohttp.StreamReader, *, begun: bool) -> bytes:
    try:
        return await content.readany()
    except (TimeoutError, RuntimeError, *TROUBLE) as error:  # RuntimeError: aiohttp has closed what was no HTTP
        raise _renamed(error, begun=begun) from error


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


def _renamed(error: Exception, *, begun: bool = False) -> BotError:
    """Our error for one of aiohttp's."""
    if isinstance(error, TimeoutError):
        return (ModelCut if begun else ModelSilent)(type(error).__name__)
    return renamed(error, begun=begun)

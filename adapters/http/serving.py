"""One call over HTTP: its body is read within limits, its work ends when its caller leaves, its answer flows."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi import Request, Response
from starlette.types import Message, Receive, Scope, Send

from adapters.http import refusals
from adapters.http.answer import Work
from adapters.http.refusals import Rejected
from bot.errors import BotError, Refused

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds within which a caller must have sent all of a request."""

STALLED = 60.0
"""Seconds for which a caller may leave unread what it is sent."""


async def whole_body(request: Request, most: int, cover: Callable[[int], None] = lambda _: None) -> bytes:
    """
    The body, of at most so many bytes. `cover` is told how many there are, or will be. Raises Rejected, as it may.
    """
    announced = int(request.headers.get("Content-Length") or 0)
    if announced > most:
        raise _too_large(most)
    cover(announced)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for block in request.stream():
                body += block
                if len(body) > most:
                    raise _too_large(most)
                cover(len(body))
    except TimeoutError:
        raise Rejected(f"The request was not all here within {PATIENCE:.0f} s.", 408, "timeout") from None
    return bytes(body)


def _too_large(most: int) -> Rejected:
    return Rejected(f"That is too large: at most {most:,} bytes are read.", 413, "request_too_large")


class Outgoing:
    """An answer that is sent to a caller."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self._begun = False
        self._waits_since: float | None = None

    @property
    def begun(self) -> bool:
        return self._begun

    def stalls(self, seconds: float) -> bool:
        """Whether the caller has read nothing for so long."""
        return self._waits_since is not None and time.monotonic() - self._waits_since > seconds

    async def begin(self, status: int, type: str, length: int | None = None) -> None:
        named = {**self._headers, "content-type": type}
        if length is not None:
            named["content-length"] = str(length)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
        self._begun = True
        await self._sent({"type": "http.response.start", "status": status, "headers": headers})

    async def block(self, data: bytes) -> None:
        await self._sent({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        await self._sent({"type": "http.response.body", "body": data})

    async def broken(self, data: bytes) -> None:
        await self.finish(data)

    async def _sent(self, message: Message) -> None:
        self._waits_since = time.monotonic()
        await self._send(message)
        self._waits_since = None


class Served(Response):
    """
    A response that is made while it is sent. Whatever goes wrong before its head is told in its place.

    `over` is called when all is done.
    """

    def __init__(self, work: Work, over: Callable[[], None] = lambda: None) -> None:
        self.background = None
        self._work = work
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = refusals.new_id()
        answer = Outgoing(send, {"x-request-id": id})
        try:
            async with _as_long_as_wanted(receive, answer):
                await self._work(answer)
        except Exception as error:
            await self._tell(id, error, answer, scope, receive, send)
        finally:
            self._over()

    async def _tell(
        self, id: str, error: Exception, answer: Outgoing, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not isinstance(error, BotError):
            log.error("%s: %s broke", id, scope["path"], exc_info=error)
            error = BotError()
        _report(f"{id}: {scope['path']}", error)
        if not answer.begun:
            await refusals.response(error, scope["path"], id)(scope, receive, send)


def _report(path: str, error: BotError) -> None:
    level = logging.INFO if isinstance(error, Refused) else logging.ERROR
    log.log(level, "%s: %s: %s", path, type(error).__name__, error)


@contextlib.asynccontextmanager
async def _as_long_as_wanted(receive: Receive, answer: Outgoing) -> AsyncIterator[None]:
    """End the block when the caller leaves, or does not read what it is sent: others want its place."""
    serving, left = asyncio.current_task(), False
    loop = asyncio.get_running_loop()
    watching = loop.call_later(STALLED, lambda: look())
    leaving = asyncio.ensure_future(_gone(receive))

    def leave(_: object) -> None:
        nonlocal left
        left = True
        assert serving is not None
        serving.cancel()

    def look() -> None:
        nonlocal watching
        if answer.stalls(STALLED):
            leave(None)
        else:
            watching = loop.call_later(STALLED, look)

    leaving.add_done_callback(leave)
    try:
        yield
    except asyncio.CancelledError:
        if not left or serving is None or serving.uncancel():
            raise
    finally:
        leaving.remove_done_callback(leave)
        leaving.cancel()
        watching.cancel()


async def _gone(receive: Receive) -> None:
    """Return when the caller has left."""
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()

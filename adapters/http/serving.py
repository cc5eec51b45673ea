"""One call over HTTP: its body is read within limits, its work ends when its caller leaves, its answer flows."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from adapters.http import refusals
from adapters.http.answer import Work
from adapters.http.header import header
from adapters.http.presence import Presence
from adapters.http.refusals import Rejected
from bot.errors import BotError, Refused

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds within which a caller must have sent all of a request."""


async def whole_body(request: Request, most: int, cover: Callable[[int], None] = lambda _: None) -> bytes:
    """
    The body, of at most so many bytes. `cover` is told how many there are, or will be. Raises Rejected, as it may.
    """
    announced = int(header(request, "Content-Length") or 0)
    if announced > most:
        raise _too_large(most)
    cover(announced)
    if Presence.of(request.scope).whole:
        return await _read(request, most, cover)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(request, most, cover)
    except TimeoutError:
        raise Rejected(f"The request was not all here within {PATIENCE:.0f} s.", 408, "timeout") from None


async def _read(request: Request, most: int, cover: Callable[[int], None]) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message["body"]
        more = message["more_body"]
        if len(body) > most:
            raise _too_large(most)
        cover(len(body))
    return bytes(body)


def _too_large(most: int) -> Rejected:
    return Rejected(f"That is too large: at most {most:,} bytes are read.", 413, "request_too_large")


class Outgoing:
    """An answer that is sent to a caller."""

    def __init__(self, send: Send, id: str) -> None:
        """`id` is the request's."""
        self._send = send
        self._id = id
        self._begun = False

    @property
    def begun(self) -> bool:
        return self._begun

    async def begin(self, status: int, type: str, length: int | None = None) -> None:
        headers = [(b"x-request-id", self._id.encode()), (b"content-type", type.encode("latin-1"))]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        self._begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def block(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": data})

    async def broken(self, data: bytes) -> None:
        await self.finish(data)


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
        answer = Outgoing(send, id)
        try:
            await Presence.of(scope).during(partial(self._work, answer))
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

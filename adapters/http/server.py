"""The HTTP server. It runs in the service's own event loop and leaves the signals to it."""

import asyncio
import contextlib
import hmac
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from adapters.http import document, refusals
from adapters.http.connection import Connection
from adapters.http.docs_page import HEADERS, page
from adapters.http.errors import CannotListen
from adapters.http.refusals import Rejected
from bot.errors import BotError, StorageDown

log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Bytes of a webhook call that are read. An update is a few KB."""

LARGEST_FRAME = 1 << 20
"""Bytes of a WebSocket message that are read; a larger one closes the connection, with code 1009."""

GRACE = 20
"""Seconds that calls under way get when we close. A client that does not read would hold us up for ever."""

Take = Callable[[Mapping[str, Any]], Awaitable[object]]


def create(*, documented: bool = False) -> FastAPI:
    """
    A server that answers for its own health, and nothing else yet.

    Args:
        documented: Whether there is a description of what it offers, at /docs.
    """
    app = FastAPI(title="Parley", openapi_url="/openapi.json" if documented else None, docs_url=None, redoc_url=None)
    if documented:
        _describe(app)
    _tell_errors(app)

    @app.get("/health", tags=["operation"])
    async def health() -> dict[str, str]:
        """Whether this process lives."""
        return {"status": "ok"}

    return app


def _describe(app: FastAPI) -> None:
    document.complete(app)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers=HEADERS)


def add_ready(app: FastAPI, ready: Callable[[], Awaitable[object]]) -> None:
    """Say at /ready whether anybody can be served: `ready` raises StorageDown when not."""

    @app.get("/ready", tags=["operation"])
    async def is_ready() -> dict[str, str]:
        """Whether this process can serve: its store answers."""
        await ready()
        return {"status": "ready"}


def _tell_errors(app: FastAPI) -> None:
    """Let every refusal be told in our words, in the shape that a path's clients read."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, BotError)
        return refusals.response(error, request.url.path)

    async def unroutable(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return refusals.plain(request.url.path, error.status_code, error.headers)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        where = ".".join(str(part) for part in error.errors()[0]["loc"][1:])
        sentence = f"{where or 'The request'} is not as it should be."
        return refusals.response(Rejected(sentence, 422), request.url.path)

    async def left(request: Request, error: Exception) -> Response:
        del request, error
        return Response(status_code=499)  # nobody reads it

    async def broke(request: Request, error: Exception) -> Response:
        log.error("%s broke", request.url.path, exc_info=error)
        return refusals.plain(request.url.path, 500)

    app.add_exception_handler(BotError, refused)
    app.add_exception_handler(HTTPException, unroutable)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(ClientDisconnect, left)
    app.add_exception_handler(Exception, broke)


def add_webhook(app: FastAPI, path: str, secret: str, take: Take) -> None:
    """
    Let Telegram call us.

    The call is answered with 200 once `take` has stored the update; until then Telegram keeps it and calls again.

    Source: core.telegram.org/bots/api#setwebhook (the secret's header, and that other answers are tried again).
    """

    @app.post(path)
    async def webhook(request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=401)
        if int(request.headers.get("Content-Length") or LARGEST + 1) > LARGEST:
            return Response(status_code=413)
        try:
            update = await request.json()
        except ValueError:
            return Response(status_code=400)
        if not isinstance(update, dict):
            return Response(status_code=400)
        try:
            await take(update)
        except StorageDown as trouble:
            log.error("an update was not taken: %s", trouble)
            return Response(status_code=503)
        return Response(status_code=200)


class _Server(uvicorn.Server):
    """A uvicorn server that does not take the process's signals for itself, and says when it listens."""

    def __init__(self, settings: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(settings)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp, host: str, port: int, *, grace: int = GRACE, listening: Callable[[], None] = lambda: None
) -> None:
    """Serve until cancelled, then let calls under way end, for `grace` seconds. Raises CannotListen."""
    server = _Server(_settings(app, host, port, grace), listening)
    serving = asyncio.ensure_future(_guarded(server, f"{host}:{port}"))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        while not serving.done():  # calls under way use what is closed after us, however often we are told to end
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({serving})


def _settings(app: ASGIApp, host: str, port: int, grace: int) -> uvicorn.Config:
    """
    WebSocket messages are not compressed: a few bytes could become many megabytes of them.

    Which proxies are believed, `front.Front` knows, and no variable of the environment.
    """
    return uvicorn.Config(
        app,
        host,
        port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        http=Connection,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=grace,
    )


async def _guarded(server: uvicorn.Server, address: str) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # uvicorn's way to say that it could not bind
        raise CannotListen(f"{address} cannot be listened on: is another program using it?") from error

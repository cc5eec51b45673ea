"""The HTTP server. It runs in the service's own event loop and leaves the signals to it."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from adapters.http.errors import CannotListen
from bot.errors import StorageDown

log = logging.getLogger(__name__)

LARGEST = 1 << 20
"""Bytes of a webhook call that are read. An update is a few KB."""

Take = Callable[[Mapping[str, Any]], Awaitable[object]]


def create() -> FastAPI:
    """A server that answers for its own health, and nothing else yet."""
    app = FastAPI(title="Parley", openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


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
    """A uvicorn server that does not take the process's signals for itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until cancelled, then let calls under way end. Raises CannotListen."""
    server = _Server(uvicorn.Config(app, host, port, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.ensure_future(_guarded(server, f"{host}:{port}"))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait({serving})


async def _guarded(server: uvicorn.Server, address: str) -> None:
    try:
        await server.serve()
    except SystemExit as error:  # uvicorn's way to say that it could not bind
        raise CannotListen(f"{address} cannot be listened on: is another program using it?") from error

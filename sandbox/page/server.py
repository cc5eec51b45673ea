"""The page's server: a handful of files, and a WebSocket for each page that is open. It listens on 127.0.0.1 only."""

import errno
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Self
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from adapters.http.errors import CannotListen
from sandbox.discord.server import Discord
from sandbox.page import discord as on_discord
from sandbox.page import telegram as on_telegram
from sandbox.page.admit import admit
from sandbox.page.visit import visit
from sandbox.pictures import kind_of
from sandbox.telegram.server import Telegram

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}

LONGEST = 64 * 1024
"""Bytes of one message from a page."""

HEARTBEAT = 20.0
"""Seconds between the pings by which a page that vanished is noticed."""

TRIES = 20
"""How many ports are tried, upward from the wanted one, before any free one is taken."""


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of the model behind the bot. `place` is the address of a real one, "" for our own."""

    model: str
    place: str = ""


class PageServer:
    """Serves the page as long as the block lasts. `port` is the wanted one, and then the one that was free."""

    def __init__(self, discord: Discord, telegram: Telegram, about: About, port: int = 0) -> None:
        self.port = port
        self._discord = discord
        self._telegram = telegram
        self._about = about
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()
        app = web.Application(middlewares=[admit])
        app.router.add_get("/", _file)
        app.router.add_get("/live", self._live)
        app.router.add_get(r"/picture/{platform:discord|telegram}/{id:[\w-]+}", self._picture)
        app.router.add_get(r"/{name:[a-z-]+}.{kind:css|js}", _file)
        app.on_shutdown.append(self._close_all)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Self:
        """Listen on the wanted port, or on the next one that nobody uses. Raises CannotListen."""
        await self._runner.setup()
        for port in _ports(self.port):
            try:
                await web.TCPSite(self._runner, "127.0.0.1", port).start()
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise CannotListen(f"Port {port} cannot be listened on: {os.strerror(error.errno or 0)}") from error
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LONGEST)
        await socket.prepare(request)
        self._open.add(socket)
        await visit(socket, self._discord, self._telegram, asdict(self._about))
        return socket

    async def _picture(self, request: web.Request) -> web.Response:
        """A picture that stands in a chat; nothing else that was sent there, since a browser might run it."""
        platform, id = request.match_info["platform"], request.match_info["id"]
        try:
            is_discord = platform == "discord"
            data = on_discord.picture(self._discord, id) if is_discord else on_telegram.picture(self._telegram, id)
        except LookupError:
            raise web.HTTPNotFound from None
        kind = kind_of(data)
        if not kind:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type=kind)

    async def _close_all(self, _: web.Application) -> None:
        for socket in list(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY)


def _ports(wanted: int) -> Iterator[int]:
    """The wanted one, those after it, and at last any that is free."""
    if wanted:
        yield from range(wanted, min(wanted + TRIES, 65_536))
    yield 0


async def _file(request: web.Request) -> web.Response:
    name, kind = request.match_info.get("name", "index"), request.match_info.get("kind", "html")
    found = files("sandbox.page").joinpath(f"{name}.{kind}")
    if not found.is_file():
        raise web.HTTPNotFound
    return web.Response(body=found.read_bytes(), content_type=TYPES[kind], charset="utf-8")

"""
One page that is open: what its visitor does, and what they see.

A page sends `{"id": 1, "do": "discord.say", "who": "alice", ...}` (see `acts`) and gets `{"from": "reply", "id": 1}`
with `result`, or with `error`, a sentence for its visitor. What happens comes as `{"from": "discord", "event": ...}`
and `{"from": "telegram", "event": ...}`, beginning with the `screen` of each.
"""

import asyncio
from contextlib import ExitStack, suppress
from typing import Any, Self

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from sandbox.discord.server import Discord
from sandbox.page import discord as on_discord
from sandbox.page import telegram as on_telegram
from sandbox.page.acts import ACT, Look, OnDiscord, OnTelegram, perform
from sandbox.telegram.server import Telegram

GONE = "That is not there any more."
SILENT = "Parley did not answer in time."
STRANGE = "The page and its server do not understand each other. Please reload the page."


class _Left(Exception):
    """The page is gone, and whatever goes on for it can end."""


async def visit(socket: web.WebSocketResponse, discord: Discord, telegram: Telegram, about: dict[str, Any]) -> None:
    """Serve the page until it leaves."""
    with ExitStack() as watching:
        try:
            async with asyncio.TaskGroup() as group:
                page = watching.enter_context(_Page(discord, telegram, group))
                group.create_task(page.send(socket))
                page.tell("about", about)
                page.look("alice")
                page.look_at_telegram()
                await _heed(socket, page)
                raise _Left
        except* _Left:
            pass


async def _heed(socket: web.WebSocketResponse, page: "_Page") -> None:
    """Do what the page says, until it says no more."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            act = ACT.validate_json(message.data)
        except ValidationError:
            page.tell("reply", {"id": None, "error": STRANGE})
            continue
        if isinstance(act, Look):
            page.look(act.who)
            page.tell("reply", {"id": act.id, "result": None})
        else:
            page.act(act)


class _Page:
    """Everything for the page leaves through one queue, so that a screen arrives before what follows it."""

    def __init__(self, discord: Discord, telegram: Telegram, group: asyncio.TaskGroup) -> None:
        self._discord = discord
        self._telegram = telegram
        self._group = group
        self._leaving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._on_discord = ExitStack()
        self._on_telegram = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._on_discord.close()
        self._on_telegram.close()

    def tell(self, sender: str, what: dict[str, Any]) -> None:
        self._leaving.put_nowait({"from": sender, **what})

    async def send(self, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):
            while True:
                await socket.send_json(await self._leaving.get())

    def look(self, who: str) -> None:
        """Show that person's Discord from now on."""
        self._on_discord.close()
        happening = self._on_discord.enter_context(self._discord.watch(who))
        self.tell("discord", on_discord.screen(self._discord, who))
        self._on_discord.callback(self._group.create_task(self._follow(happening)).cancel)

    async def _follow(self, happening: asyncio.Queue[dict[str, Any]]) -> None:
        while True:
            shown = on_discord.event(await happening.get())
            if shown is not None:
                self.tell("discord", shown)

    def look_at_telegram(self) -> None:
        self._on_telegram.callback(self._telegram.feed.listen(self._hear))
        self.tell("telegram", on_telegram.screen(self._telegram))

    def _hear(self, happened: dict[str, Any]) -> None:
        shown = on_telegram.event(self._telegram, happened)
        if shown is not None:
            self.tell("telegram", shown)

    def act(self, act: OnDiscord | OnTelegram) -> None:
        """Do it meanwhile: a pressed button may wait for its answer for long."""
        self._group.create_task(self._act(act))

    async def _act(self, act: OnDiscord | OnTelegram) -> None:
        answer: dict[str, Any]
        try:
            answer = {"result": await perform(act, self._discord, self._telegram)}
        except LookupError:
            answer = {"error": GONE}
        except TimeoutError:
            answer = {"error": SILENT}
        except ValueError as impossible:
            answer = {"error": str(impossible)}
        self.tell("reply", {"id": act.id, **answer})

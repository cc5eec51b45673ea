"""A stage where people have shares: a service with prices and quotas, and what they do with keys and commands."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

from adapters.config.shape import Config
from adapters.service import Service
from adapters.wiring import open_store
from sandbox.discord.server import Where, Who
from sandbox.discord.state import Message as DiscordMessage
from sandbox.redis_server import RedisServer
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Place
from sandbox.telegram.state import Message as TelegramMessage
from sandbox.telegram.state import Person
from storage.store import Store
from tests.journeys.stage import PATIENCE, Stage, discord_buttons, on_stage, telegram_buttons

KEY = re.compile(r"parley_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}")
ID = re.compile(r"Key `(\w{8})`")

SHARED = ["1k questions per day"]
"""What each community has, so that keys can be taken from it."""


class Town(Stage):
    """A stage with prices, on which `changes` to the configuration hold."""

    changes: ClassVar[dict[str, Any]] = {}
    redis: ClassVar[RedisServer | None] = None

    async def start(self) -> None:
        """What the platforms' paces do to answers is told elsewhere."""
        self.telegram.world.limits.pace = UNLIMITED
        self.discord.rules.identify_seconds = 0.0
        await super().start()

    def config(self) -> Config:
        config = super().config().model_dump()
        config["models"]["demo"]["price"] = {"input": 1_000_000, "output": 2_000_000}
        for section, values in self.changes.items():
            config[section] = {**config[section], **values} if isinstance(values, dict) else values
        if self.redis is not None:
            config["storage"] = {"url": self.redis.url}
        return Config.model_validate(config)

    @property
    def store(self) -> Store:
        """What the service keeps everything in."""
        assert self._service is not None
        return self._service._store

    @contextlib.asynccontextmanager
    async def another_process(self) -> AsyncIterator[None]:
        """One more service on the same store, until the block ends."""
        service = Service(self.config(), await open_store(self.config()))
        stop = asyncio.Event()
        running = asyncio.ensure_future(service.run(stop))
        try:
            await asyncio.wait_for(service.ready.wait(), PATIENCE)
            yield
        finally:
            stop.set()
            await running

    # In Discord.

    async def slash(
        self, command: str, /, who: Who = "alice", where: Where = "general", **options: object
    ) -> DiscordMessage:
        """Give a command, and return what was answered."""
        asked = await self.discord.slash(where, who, command, options)

        def answer() -> DiscordMessage | None:
            found = self.discord.response(asked)
            return None if found is None or found.loading else found

        await self.discord.wait_until(answer, PATIENCE)
        found = answer()
        assert found is not None
        return found

    async def press(self, message: DiscordMessage, label: str, who: Who = "alice") -> str:
        """Press a button, and return what its answer says to them alone."""
        data = discord_buttons(message)[label]
        pressed = await self.discord.press(message.channel_id, who, message, data)
        await self.discord.wait_until(lambda: set(pressed.made) - {message.id}, PATIENCE)
        (answer,) = set(pressed.made) - {message.id}
        return self.discord.message(message.channel_id, answer).content

    async def ask(self, text: str = "Why?", who: Who = "alice", where: Where = "general") -> str:
        """Ask by /ask, and return the answer as it stays."""
        asked = await self.discord.slash(where, who, "ask", {"prompt": text})

        def done() -> bool:
            found = self.discord.response(asked)
            return found is not None and not found.loading and _is_final(found.content, discord_buttons(found))

        await self.discord.wait_until(done, PATIENCE)
        found = self.discord.response(asked)
        assert found is not None
        return found.content

    def letters(self, who: Who) -> list[str]:
        """What the bot wrote to somebody in private, in Discord."""
        return self.discord.texts(self.discord.dm(who))

    # In Telegram.

    def person(self, who: str) -> Person:
        return self.telegram.people[who]

    async def write(self, text: str, who: str = "alice", place: Place | None = None) -> TelegramMessage:
        """Say something, in private if no place is given, and return what the bot says to it in the end."""
        where = self.person(who) if place is None else place
        before = len(self.telegram.answers(where))
        await self.telegram.say(where, self.person(who), text)

        def done() -> bool:
            new = self.telegram.answers(where)[before:]
            return bool(new) and all(_is_final(each.text, telegram_buttons(each.keyboard)) for each in new)

        await self.telegram.wait_until(done, PATIENCE)
        return self.telegram.answers(where)[before]

    async def tap(self, message: TelegramMessage, label: str, who: str = "alice") -> str:
        """Press a button, and return what pops up."""
        data = telegram_buttons(message.keyboard)[label]
        toast = await self.telegram.press(message.chat, self.person(who), message.id, data)
        assert toast is not None
        return toast.text

    def said(self, who: str) -> list[str]:
        """What the bot wrote to somebody in private, in Telegram."""
        return self.telegram.texts(self.person(who))

    # Keys.

    async def issue(self, **terms: Any) -> str:
        """Have Alice, who runs the place, make a key in Discord. Returns its id."""
        (id,) = ID.findall((await self.slash("key issue", **terms)).content)
        return str(id)

    async def show(self, who: Who = "alice") -> str:
        """Have somebody look at the key that was made for them in Discord."""
        (key,) = KEY.findall((await self.slash("key show", who)).content)
        return str(key)


def _is_final(text: str, buttons: dict[str, str]) -> bool:
    return "Stop" not in buttons and text not in ("", "…")


@contextlib.asynccontextmanager
async def in_town(folder: Path, redis: RedisServer | None = None, /, **changes: Any) -> AsyncIterator[Town]:
    """
    The service with `changes` to its configuration, by section.

    At the end, all that crossed the wire must have been as the platforms describe it.
    """
    kind = type("Changed", (Town,), {"changes": changes, "redis": redis})
    async with on_stage(folder, kind) as stage:
        assert isinstance(stage, Town)
        yield stage
    assert [] == stage.violations()

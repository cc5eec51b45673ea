"""The whole service on loopback, with the real client libraries, and a seat in a room of either platform."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from adapters.config.shape import Config
from adapters.service import Service
from adapters.wiring import open_store
from sandbox.discord.server import Discord
from sandbox.discord.state import Channel
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.telegram.server import Telegram
from tests.judge import Judge

PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One message of the bot's, as it stands on the screen. `buttons` maps what they say to what they do."""

    id: int
    text: str
    buttons: dict[str, str]

    @property
    def final(self) -> bool:
        return "Stop" not in self.buttons and self.text not in ("", "…")


class Seat(Protocol):
    """What people do and see in one shared room, alike on both platforms."""

    async def say(self, text: str, who: str = "alice", reply_to: int = 0) -> None:
        """Say something to the bot, in the way that the platform asks for in a room: with a mention, or as a reply."""

    async def command(self, command: str, /, who: str = "alice", **options: str) -> None:
        """Give a command."""

    async def press(self, message: int, button: str, who: str = "alice") -> None:
        """Press a button of a message."""

    def shown(self) -> list[Shown]:
        """The bot's messages in the room, oldest first."""

    async def until(self, predicate: Callable[[], object]) -> None:
        """Wait until something holds that the bot can bring about."""


async def answers(seat: Seat, count: int) -> list[Shown]:
    """The bot's messages, once there are so many and each is final."""

    def settled() -> bool:
        shown = seat.shown()
        return len(shown) >= count and all(message.final for message in shown)

    await seat.until(settled)
    return seat.shown()


class DiscordSeat:
    """A text channel."""

    def __init__(self, discord: Discord, where: str | Channel = "general") -> None:
        self._discord = discord
        self._where = where

    async def say(self, text: str, who: str = "alice", reply_to: int = 0) -> None:
        mention = "" if reply_to else f"<@{self._discord.bot.id}> "
        await self._discord.say(self._where, who, f"{mention}{text}", reply_to or None)

    async def command(self, command: str, /, who: str = "alice", **options: str) -> None:
        await self._discord.slash(self._where, who, command, options)

    async def press(self, message: int, button: str, who: str = "alice") -> None:
        data = next(shown.buttons[button] for shown in self.shown() if shown.id == message)
        await self._discord.press(self._where, who, message, data)

    def shown(self) -> list[Shown]:
        messages = self._discord.messages(self._where, "alice")
        return [
            Shown(message.id, message.content, discord_buttons(message))
            for message in messages
            if message.author == self._discord.bot
        ]

    async def until(self, predicate: Callable[[], object]) -> None:
        await self._discord.wait_until(predicate, PATIENCE)


class TelegramSeat:
    """A group."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram

    async def say(self, text: str, who: str = "alice", reply_to: int = 0) -> None:
        ask = "" if reply_to else f"/ask@{self._telegram.bot.username} "  # privacy mode keeps mentions from a bot
        person = self._telegram.people[who]
        await self._telegram.say(self._telegram.club, person, f"{ask}{text}", reply_to=reply_to)

    async def command(self, command: str, /, who: str = "alice", **options: str) -> None:
        line = " ".join((f"/{command}@{self._telegram.bot.username}", *options.values()))
        await self._telegram.say(self._telegram.club, self._telegram.people[who], line)

    async def press(self, message: int, button: str, who: str = "alice") -> None:
        data = next(shown.buttons[button] for shown in self.shown() if shown.id == message)
        await self._telegram.press(self._telegram.club, self._telegram.people[who], message, data)

    def shown(self) -> list[Shown]:
        return [
            Shown(message.id, message.text, telegram_buttons(message.keyboard))
            for message in self._telegram.messages(self._telegram.club)
            if message.sender == self._telegram.bot
        ]

    async def until(self, predicate: Callable[[], object]) -> None:
        await self._telegram.wait_until(predicate, PATIENCE)


def discord_buttons(message: Any) -> dict[str, str]:
    buttons = [button for row in message.components for button in row["components"]]
    return {button["label"]: button.get("custom_id") or button["url"] for button in buttons}


def telegram_buttons(keyboard: Any) -> dict[str, str]:
    rows = (keyboard or {}).get("inline_keyboard", ())
    return {button["text"]: button.get("callback_data") or button["url"] for row in rows for button in row}


class Stage:
    """Three simulators and one service between them, which can be stopped and started again."""

    def __init__(self, discord: Discord, telegram: Telegram, openai: OpenAI, folder: Path) -> None:
        self.discord = discord
        self.telegram = telegram
        self.openai = openai
        self.judges = [
            Judge("discord", discord.traffic),
            Judge("telegram", telegram.traffic),
            Judge("openai", openai.traffic),
        ]
        self._folder = folder
        self._stop = asyncio.Event()
        self._service: Service | None = None
        self._running: asyncio.Task[None] | None = None

    def config(self) -> Config:
        """What an operator would write for these simulators."""
        return Config.model_validate(
            {
                "storage": {"url": f"sqlite:///{self._folder}/parley.db"},
                "discord": {
                    "token": self.discord.application.token,
                    "api_base": self.discord.api_base,
                    "gateway_url": self.discord.gateway_url,
                },
                "telegram": {"token": self.telegram.token, "api_base": self.telegram.base_url.removesuffix("/bot")},
                "upstreams": [{"base_url": self.openai.base_url, "api_key": self.openai.api_key}],
                "models": {"demo": {"model": "parley-demo"}, "mini": {"model": "parley-demo-mini"}},
                "limits": {"drain": 1},
            }
        )

    async def start(self) -> None:
        """Start the service, and return once both platforms have let it in."""
        await self.launch()
        assert self._running is not None
        ready = asyncio.ensure_future(self.ready())
        done, _ = await asyncio.wait({self._running, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if self._running in done:
            ready.cancel()
            self._running.result()
        assert ready in done

    async def launch(self) -> None:
        """Start the service."""
        config = self.config()
        self._service = Service(config, await open_store(config))
        self._stop.clear()
        self._running = asyncio.ensure_future(self._service.run(self._stop))

    async def ready(self) -> None:
        assert self._service is not None
        await self._service.ready.wait()

    async def stop(self) -> None:
        if self._running is not None:
            self._stop.set()
            await self._running
            self._running = None

    def prompt(self) -> list[str]:
        """What the model was last asked to read, without our own words to it."""
        messages = self.openai.books.requests[-1]["messages"]
        return [message["content"] for message in messages if message["role"] != "system"]

    def violations(self) -> list[str]:
        return [violation for judge in self.judges for violation in judge.violations]


@contextlib.asynccontextmanager
async def on_stage(folder: Path, kind: type[Stage] = Stage) -> AsyncIterator[Stage]:
    """The service, running between its simulators."""
    async with Discord() as discord, Telegram() as telegram, OpenAI() as openai:
        openai.otherwise(say("Hoo."))
        stage = kind(discord, telegram, openai, folder)
        await stage.start()
        try:
            yield stage
        finally:
            await stage.stop()

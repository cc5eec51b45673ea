"""A Discord for each test, the real client library connected to it, and raw calls for what no library would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from sandbox.discord.server import Discord
from tests.judge import Judge


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    """The Owl Club, whose traffic must agree with Discord's own description."""
    async with Discord() as club:
        judge = Judge("discord", club.traffic)
        monkeypatch.setattr(discord.http.Route, "BASE", club.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(club.gateway_url))
        yield club
    assert [] == judge.violations


class Client(discord.AutoShardedClient):
    """The real client, in a hurry: it neither waits for guilds nor before it identifies anew."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        wanted = discord.Intents.default() if intents is None else intents
        wanted.message_content = True if intents is None else intents.message_content
        super().__init__(intents=wanted, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.edits: list[discord.RawMessageUpdateEvent] = []
        self.events: list[str] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library would wait for five seconds."""

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.append(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edits.append(event)

    async def on_socket_event_type(self, name: str) -> None:
        self.events.append(name)

    def sendable(self, number: int) -> discord.abc.Messageable:
        """A channel to write to that may not be known yet."""
        return self.get_partial_messageable(number)


@asynccontextmanager
async def connected(club: Discord, client: Client | None = None, *, sync: bool = False) -> AsyncIterator[Client]:
    """Log in, register the commands if told to, connect, and leave again."""
    client = client or Client()
    async with client:
        await client.login(club.application.token)
        if sync:
            await client.tree.sync()
        running = asyncio.create_task(client.connect())
        await asyncio.wait_for(client.wait_until_ready(), 5)
        try:
            yield client
        finally:
            await client.close()
            await asyncio.wait([running], timeout=5)
            running.exception()


async def heard(client: Client, count: int = 1) -> list[discord.Message]:
    """Wait until the client has heard so many messages."""
    async with asyncio.timeout(5):
        while len(client.heard) < count:
            await asyncio.sleep(0.005)
    return client.heard


async def told(client: Client, name: str, count: int = 1) -> None:
    """Wait until the gateway has told the client of so many events of that name."""
    async with asyncio.timeout(5):
        while client.events.count(name) < count:
            await asyncio.sleep(0.005)


def shown(screen: asyncio.Queue[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that came up on a screen so far."""
    return [screen.get_nowait() for _ in range(screen.qsize())]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


class Raw:
    """Calls as nobody's library makes them."""

    def __init__(self, club: Discord, session: aiohttp.ClientSession) -> None:
        self._club = club
        self._session = session

    async def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        headers = {"Authorization": f"Bot {self._club.application.token}", **options.pop("headers", {})}
        if body is not None:
            options["data"] = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        async with self._session.request(method, self._club.api_base + path, headers=headers, **options) as response:
            text = await response.text()
            is_json = response.headers.get("Content-Type") == "application/json"
            return Answer(response.status, response.headers, json.loads(text) if is_json else text)

    def connect(self, query: str = "?v=10&encoding=json") -> Any:
        """A bare websocket to the gateway."""
        return self._session.ws_connect(self._club.gateway_url + query)


@pytest.fixture
async def raw(club: Discord) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(club, session)


def only_error(answer: Answer, *path: str) -> str:
    """The one code that a refused form has under a path."""
    assert (400, 50035, "Invalid Form Body") == (answer.status, answer.body["code"], answer.body["message"])
    node = answer.body["errors"]
    for key in path:
        node = node[key]
    (error,) = node["_errors"]
    return str(error["code"])

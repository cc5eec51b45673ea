"""A private chat and HTTP are two ways into one conversation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from adapters.config.shape import Config
from adapters.wiring import utc_now
from bot import keyring
from bot.keyring import KeyRecord, KeyScope
from sandbox.openai.script import say
from sandbox.redis_server import free_port
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Person
from tests.journeys.stage import (
    DiscordSeat,
    Seat,
    Shown,
    Stage,
    TelegramSeat,
    answers,
    on_stage,
    telegram_buttons,
)


class Open(Stage):
    """A stage whose service programs can call, too."""

    def config(self) -> Config:
        return Config.model_validate({**super().config().model_dump(), "http": {"api": True, "port": self.port}})

    @cached_property
    def port(self) -> int:
        return free_port()

    async def key(self, person: str) -> str:
        assert self._service is not None
        store, now = self._service._store, utc_now()
        scopes = frozenset({KeyScope.CHAT, KeyScope.API})
        wanted = KeyRecord("discord:1", now, now + timedelta(days=1), scopes, made_for=person)
        issued = await keyring.issue(store.records, store.ledger, store.pepper, wanted)
        claimed = await keyring.claim(store.records, store.pepper, issued.claim.reveal(), person, now)
        return claimed.reveal()

    async def call(self, method: str, path: str, key: str, json: Any = None) -> Any:
        async with (
            ClientSession(f"http://127.0.0.1:{self.port}") as session,
            session.request(method, path, json=json, headers={"Authorization": f"Bearer {key}"}) as response,
        ):
            assert response.status < 300, await response.text()
            return await response.json() if response.status != 204 else None


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Open]:
    async with on_stage(tmp_path, Open) as running:
        assert isinstance(running, Open)
        yield running
    assert [] == running.violations()


class PrivateSeat(TelegramSeat):
    """Somebody's private chat with the bot in Telegram."""

    def __init__(self, telegram: Telegram, person: Person) -> None:
        super().__init__(telegram)
        self._person = person

    async def say(self, text: str, who: str = "alice", reply_to: int = 0) -> None:
        del who
        await self._telegram.say(self._person, self._person, text, reply_to=reply_to)

    def shown(self) -> list[Shown]:
        return [
            Shown(message.id, message.text, telegram_buttons(message.keyboard))
            for message in self._telegram.answers(self._person)
        ]


@dataclass(slots=True)
class Alice:
    """Who she is, and where she speaks in private."""

    person: str
    seat: Seat

    async def say(self, text: str) -> None:
        """Say something, and wait for the whole answer to it."""
        count = len(self.seat.shown())
        await self.seat.say(text)
        await answers(self.seat, count + 1)


@pytest_asyncio.fixture(params=["discord", "telegram"])
async def alice(request: pytest.FixtureRequest, stage: Open) -> Alice:
    if request.param == "discord":
        return Alice(
            f"discord:{stage.discord.people['alice'].id}", DiscordSeat(stage.discord, stage.discord.dm("alice"))
        )
    person = stage.telegram.people["alice"]
    seat = PrivateSeat(stage.telegram, person)
    await stage.telegram.start(person)
    await answers(seat, 1)
    return Alice(f"telegram:{person.id}", seat)


async def test_a_private_chat_goes_on_over_http_and_back(stage: Open, alice: Alice) -> None:
    """The same tree: what one way adds, the other goes on from."""
    key = await stage.key(alice.person)
    await alice.say("My owl is called Minerva.")

    (listed,) = await stage.call("GET", "/conversations", key)
    assert "My owl is called Minerva." == listed["title"]
    stage.openai.queue(say("By HTTP."))
    asked = await stage.call("POST", f"/conversations/{listed['id']}/ask", key, {"prompt": "What is it called?"})
    assert "By HTTP." == asked["response"]["message"]
    assert ["My owl is called Minerva.", "Hoo.", "What is it called?"] == stage.prompt()

    await alice.say("And how old is it?")
    assert ["What is it called?", "By HTTP.", "And how old is it?"] == stage.prompt()[2:]
    messages = await stage.call("GET", f"/conversations/{listed['id']}/messages", key)
    assert 6 == len(messages)
    assert 1 == len(await stage.call("GET", "/conversations", key))


async def test_a_private_chat_can_be_forgotten_over_http(stage: Open, alice: Alice) -> None:
    """The bot remembers nothing of it; what is said from then on is a conversation again."""
    key = await stage.key(alice.person)
    await alice.say("My owl is called Minerva.")
    (listed,) = await stage.call("GET", "/conversations", key)
    await stage.call("DELETE", f"/conversations/{listed['id']}", key)

    assert [] == await stage.call("GET", "/conversations", key)
    await alice.say("What is it called?")
    assert ["What is it called?"] == stage.prompt()
    assert ["What is it called?"] == [each["title"] for each in await stage.call("GET", "/conversations", key)]

"""The whole service between the simulators, and the page to look at it."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from adapters.config.shape import Config, UpstreamConfig
from adapters.service import Service
from adapters.wiring import open_store, utc_now
from bot import keyring
from bot.keyring import KeyRecord, KeyScope
from bot.keys import ApiKey
from sandbox.discord.server import Discord
from sandbox.openai.server import OpenAI
from sandbox.page.server import About, PageServer
from sandbox.redis_server import free_port
from sandbox.telegram.server import Telegram
from storage.store import Store

DRAIN = 2.0
"""Seconds that answers in progress get when the sandbox is stopped. Nothing that is said in it outlives it anyway."""

CONTEXT, LONGEST_ANSWER = 16_384, 4_096
"""Tokens of a model that nothing is known about: what most servers at home can do."""


VISITOR = "http:visitor"
"""Whoever looks around, as the ledger knows them."""


@dataclass(frozen=True, slots=True)
class RealModel:
    """A model on any server that speaks OpenAI's API, in the place of the demonstration."""

    account: UpstreamConfig
    name: str

    @property
    def place(self) -> str:
        """The server, as people are told of it."""
        return urlsplit(self.account.base_url).netloc.rpartition("@")[2]

    def config(self) -> dict[str, Any]:
        model = {"model": self.name, "context": CONTEXT, "max_output": LONGEST_ANSWER}
        return {"upstreams": [self.account], "models": {self.name: model}}


def demo_config(openai: OpenAI) -> dict[str, Any]:
    return {
        "upstreams": [{"base_url": openai.base_url, "api_key": openai.api_key}],
        "models": {
            "demo": {"model": "parley-demo", "summary": "plays back prepared texts"},
            "mini": {"model": "parley-demo-mini", "context": 16_384, "summary": "the same, with a shorter memory"},
            "embed": {"model": "parley-demo-embedding", "abilities": ["embeddings"]},
            "art": {"model": "parley-demo-picture", "abilities": ["images"]},
            "voice": {"model": "parley-demo-speech", "abilities": ["speech"]},
            "ear": {"model": "parley-demo-transcription", "abilities": ["transcription"]},
        },
    }


def config(discord: Discord, telegram: Telegram, model: dict[str, Any], folder: str) -> Config:
    """What an operator would write for these simulators. Raises pydantic.ValidationError for a strange model."""
    return Config.model_validate(
        {
            "storage": {"url": f"sqlite:///{folder}/parley.db"},
            "discord": {
                "token": discord.application.token,
                "api_base": discord.api_base,
                "gateway_url": discord.gateway_url,
            },
            "telegram": {"token": telegram.token, "api_base": telegram.base_url.removesuffix("/bot")},
            "http": {"port": free_port(), "api": True},
            "limits": {"drain": DRAIN},
            **model,
        }
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """
    What is running. `service` ends when it is told to stop, or by itself when it cannot go on.

    Args:
        api: Where programs ask, as OpenAI's clients want it, with `key`.
    """

    discord: Discord
    telegram: Telegram
    openai: OpenAI
    page: PageServer
    service: "asyncio.Task[None]"
    api: str
    key: ApiKey


@contextlib.asynccontextmanager
async def on_stage(port: int = 0, model: RealModel | None = None, *, hurry: float = 1.0) -> AsyncIterator[Stage]:
    """
    Start everything; stop it at the end of the block, answers in progress first.

    The simulators' worlds are new each time, with new ids in them, so that history of an earlier time could belong to
    nothing here: the store is new as well, and gone afterwards.

    Args:
        port: Where the page should be; 0 takes a free port.
        model: Who answers, if not the demonstration model.
        hurry: How many times faster than written the demonstration model speaks.
    """
    about = About(model.name, model.place) if model else About("parley-demo")
    async with contextlib.AsyncExitStack() as until_the_end:
        folder = until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="parley-sandbox-"))
        discord = await until_the_end.enter_async_context(Discord())
        telegram = await until_the_end.enter_async_context(Telegram())
        openai = await until_the_end.enter_async_context(OpenAI(hurry=hurry))
        page = await until_the_end.enter_async_context(PageServer(discord, telegram, about, port))
        wanted = config(discord, telegram, model.config() if model else demo_config(openai), folder)
        store = await open_store(wanted)
        service, key = Service(wanted, store), await _key(store)
        serving = await until_the_end.enter_async_context(_running(service))
        yield Stage(discord, telegram, openai, page, serving, f"http://127.0.0.1:{wanted.http.port}/v1", key)


async def _key(store: Store) -> ApiKey:
    """A key for a visitor's own programs, from the owner of the bot that nobody owns yet."""
    now = utc_now()
    scopes = frozenset({KeyScope.CHAT, KeyScope.IMAGES, KeyScope.AUDIO, KeyScope.API})
    wanted = KeyRecord(VISITOR, now, now + keyring.LASTS, scopes, made_for=VISITOR)
    issued = await keyring.issue(store.records, store.ledger, store.pepper, wanted)
    return await keyring.claim(store.records, store.pepper, issued.claim.reveal(), VISITOR, now)


@contextlib.asynccontextmanager
async def _running(service: Service) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve from when the platforms have let us in until the end of the block. What ends the service ends the block."""
    stop = asyncio.Event()
    serving = asyncio.create_task(service.run(stop))
    ready = asyncio.create_task(service.ready.wait())
    try:
        await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
        yield serving
    finally:
        stop.set()
        ready.cancel()
        await serving

"""The service as programs meet it: a provider on loopback, no chat platform, and keys."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

from adapters.config.shape import Config
from adapters.fetch import Outside
from adapters.service import Service
from adapters.wiring import open_store, utc_now
from bot import keyring
from bot.keyring import KeyRecord, KeyScope, Tier
from bot.keys import ApiKey
from bot.quota import Limit, Spending
from sandbox.openai.server import API_KEY, OpenAI
from sandbox.redis_server import free_port
from storage.store import Store
from tests.judge import Judge

PATIENCE = 15.0

FOR_PROGRAMS = frozenset({KeyScope.CHAT, KeyScope.IMAGES, KeyScope.AUDIO, KeyScope.API})

MODELS: dict[str, dict[str, Any]] = {
    "demo": {"model": "parley-demo", "price": {"input": 1_000_000, "output": 2_000_000}},
    "mini": {"model": "parley-demo-mini"},
    "embed": {"model": "parley-demo-embedding", "abilities": ["embeddings"], "price": {"input": 1_000_000}},
    "art": {"model": "parley-demo-picture", "abilities": ["images"], "price": {"image": 40_000}},
    "voice": {"model": "parley-demo-speech", "abilities": ["speech"], "price": {"audio_second": 250}},
    "ear": {"model": "parley-demo-transcription", "abilities": ["transcription"], "price": {"audio_second": 100}},
}


class Programs:
    """A provider and one service between it and programs, which can be stopped and started again."""

    def __init__(self, provider: OpenAI, folder: Path, outside: Outside | None = None, **settings: Any) -> None:
        self.provider = provider
        self.judge = Judge("openai", provider.traffic)
        self.port = free_port()
        self.reached = 0
        """Requests that clients have sent, their own retries included."""
        self._settings = settings
        self._folder = folder
        self._outside = outside
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def config(self) -> Config:
        """What an operator would write."""
        settings: dict[str, Any] = {
            "storage": {"url": f"sqlite:///{self._folder}/parley.db"},
            "owners": ["discord:1"],
            "http": {"port": self.port, "api": True},
            "upstreams": [{"base_url": self.provider.base_url, "api_key": self.provider.api_key}],
            "models": MODELS,
            "limits": {"drain": 1},
        }
        return Config.model_validate({**settings, **self._settings})

    async def start(self) -> None:
        """Start the service, and return once programs can ask."""
        config = self.config()
        self._store = await open_store(config)
        service = Service(config, self._store, self._outside)
        self._stop.clear()
        self._running = asyncio.ensure_future(service.run(self._stop))
        ready = asyncio.ensure_future(service.ready.wait())
        done, _ = await asyncio.wait({self._running, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if self._running in done:
            ready.cancel()
            self._running.result()
        assert ready in done

    async def stop(self) -> None:
        if self._running is not None:
            self._stop.set()
            await self._running
            self._running = None

    async def key(self, person: str = "discord:42", limits: Iterable[Limit] = (), **terms: Any) -> ApiKey:
        """A key that is shown to that person."""
        now, records, pepper = utc_now(), self.store.records, self.store.pepper
        wanted = KeyRecord(
            **{
                "issuer": "discord:1",
                "created": now,
                "expires": now + timedelta(days=30),
                "scopes": FOR_PROGRAMS,
                "made_for": person,
                "tier": Tier.FREE,
                **terms,
            }
        )
        issued = await keyring.issue(records, self.store.ledger, pepper, wanted, tuple(limits))
        return await keyring.claim(records, pepper, issued.claim.reveal(), person, now)

    async def _count(self, request: object) -> None:
        del request
        self.reached += 1

    async def spendings(self) -> Sequence[Spending]:
        """All that was charged, summed up by model and key."""
        return await self.store.ledger.spendings("2000-01-01", "2999-12-31")

    async def held(self) -> int:
        """How much of anything is held."""
        entries = await self.store.ledger.journal(0, 100_000)
        return sum(leg.held for entry in entries for leg in entry.legs)

    async def nothing_held(self) -> bool:
        return await self.held() == 0

    async def until_async(self, predicate: Callable[[], Awaitable[object]]) -> None:
        """Wait until something holds that one has to ask for."""
        async with asyncio.timeout(PATIENCE):
            while not await predicate():
                await asyncio.sleep(0.02)

    async def until(self, predicate: Callable[[], object]) -> None:
        """Wait until something holds that the service can bring about."""
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                await asyncio.sleep(0.005)

    def sdk(self, key: ApiKey | None, **options: Any) -> AsyncOpenAI:
        """OpenAI's own client, pointed at us, or with no key at the provider itself."""
        return AsyncOpenAI(
            base_url=f"{self.url}/v1" if key else self.provider.base_url,
            api_key=key.reveal() if key else API_KEY,
            http_client=DefaultAsyncHttpx2Client(verify=False, event_hooks={"request": [self._count]}),
            **options,
        )


@contextlib.asynccontextmanager
async def on_programs(folder: Path, outside: Outside | None = None, **settings: Any) -> AsyncIterator[Programs]:
    """The service and its provider, until the block ends."""
    async with OpenAI(hurry=1000.0) as provider:
        programs = Programs(provider, folder, outside, **settings)
        await programs.start()
        try:
            yield programs
        finally:
            await programs.stop()

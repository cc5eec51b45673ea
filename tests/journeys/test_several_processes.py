"""Several services on one Redis: one listens, all answer, and another listens when it is gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters import tenure
from adapters.config.shape import Config
from adapters.service import Service
from adapters.wiring import open_store
from sandbox.redis_server import RedisServer, redis_server
from tests.journeys.stage import PATIENCE, DiscordSeat, Stage, TelegramSeat, answers, on_stage


class Crowd(Stage):
    """A stage with a second service. Each counts as started when it is let in, or stands by."""

    redis: RedisServer
    processes = 1

    def config(self) -> Config:
        config = super().config().model_dump()
        config["storage"] = {"url": self.redis.url}
        config["discord"]["processes"] = self.processes
        return Config.model_validate(config)

    async def another(self) -> "asyncio.Task[None]":
        """Start one more. Cancelling it ends it."""
        service = Service(self.config(), await open_store(self.config()))
        running = asyncio.ensure_future(service.run(asyncio.Event()))
        await asyncio.wait_for(service.ready.wait(), PATIENCE)
        return running

    def shards(self) -> set[tuple[int, int]]:
        """The shards that are connected, each with how many there are."""
        sessions = (line.session for line in self.discord.gateway.connections)
        return {(session.shard, session.shards) for session in sessions if session}


@pytest_asyncio.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with redis_server("--appendonly", "yes") as server:
        yield server


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenure, "ROUNDS", 75)


def crowd(server: RedisServer, **changes: Any) -> type[Crowd]:
    return type("OnRedis", (Crowd,), {"redis": server, **changes})


async def test_a_second_process_stands_by_and_takes_over(tmp_path: Path, redis: RedisServer) -> None:
    async with on_stage(tmp_path, crowd(redis)) as stage:
        assert isinstance(stage, Crowd)
        second = await stage.another()
        seats = DiscordSeat(stage.discord), TelegramSeat(stage.telegram)
        for seat in seats:
            await seat.say("First?")
            await answers(seat, 1)
        assert {(0, 1)} == stage.shards()

        await stage.stop()
        await stage.discord.wait_until(stage.shards, PATIENCE)
        for seat in seats:
            await seat.say("Second?")
            assert ["Hoo.", "Hoo."] == [message.text for message in await answers(seat, 2)]
        assert 4 == len(stage.openai.books.requests)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)


async def test_two_processes_share_the_shards(tmp_path: Path, redis: RedisServer) -> None:
    """Each event reaches one of them."""
    async with on_stage(tmp_path, crowd(redis, processes=2)) as stage:
        assert isinstance(stage, Crowd)
        second = await stage.another()
        seat = DiscordSeat(stage.discord)
        for count in range(1, 4):
            await seat.say("Well?")
            await answers(seat, count)

        assert {(0, 2), (1, 2)} == stage.shards()
        assert 3 == len(stage.openai.books.requests)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)

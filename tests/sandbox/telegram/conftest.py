"""A Telegram of its own for every test, the real client library connected to it, and a clock that can be turned."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession
from telegram import Bot

from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram
from tests.judge import Judge

Post = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def judge() -> Judge:
    return Judge("telegram")


@pytest.fixture
async def telegram(clock: Clock, judge: Judge) -> AsyncIterator[Telegram]:
    """Without limits of pace; all that crosses the wire must fit the official description."""
    async with Telegram(pace=UNLIMITED, clock=clock, webhook_wait=0.01) as server:
        judge.listen(server.traffic)
        yield server
    assert [] == judge.violations


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with Bot(telegram.token, base_url=telegram.base_url, base_file_url=telegram.base_file_url) as client:
        yield client


@pytest.fixture
async def post(telegram: Telegram) -> AsyncIterator[Post]:
    """Call a method without any client library: gives the HTTP status and the body."""
    async with ClientSession() as http:

        async def call(method: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
            async with http.post(f"{telegram.base_url}{telegram.token}/{method}", json=parameters) as response:
                return response.status, await response.json()

        yield call

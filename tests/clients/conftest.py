"""A service that clients of others call, with a provider that answers each question alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from sandbox.openai.asked import Asked
from sandbox.openai.script import say, use
from tests.journeys.programs import Programs, on_programs
from tests.journeys.thirty_calls import WORDS


@pytest_asyncio.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    async with on_programs(tmp_path) as running:
        running.provider.when(_offers_tools, use("weather", '{"place": "Oslo"}'))
        running.provider.otherwise(say(WORDS))
        yield running
        assert await running.held() == 0
    assert [] == running.judge.violations


def _offers_tools(asked: Asked) -> bool:
    """Whether a tool can be used, and none was."""
    return bool(asked.body.get("tools")) and asked.messages[-1].role == "user"

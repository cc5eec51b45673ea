"""A process that was stopped does not blame the provider."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.upstream.awake import awake_timeout
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from tests.adapters.upstream.test_openai import request


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI(otherwise=say("one two three four five six", rate=10)) as server:
        yield server


async def test_an_answer_goes_on_after_we_were_stopped(provider: OpenAI) -> None:
    """Longer than we wait for a word: what came meanwhile is there all the same."""
    model = OpenAIModel(provider.base_url, provider.api_key, Timeouts(first_token=20, gap=1.0))
    asyncio.get_running_loop().call_later(0.3, time.sleep, 2.0)  # nothing in this process goes on
    try:
        said = [chunk.text async for chunk in model.stream(request())]
    finally:
        await model.close()

    assert "one two three four five six" == "".join(said)


async def test_whoever_is_awake_waits_no_longer_than_so_long() -> None:
    with pytest.raises(TimeoutError):
        async with awake_timeout(0.05):
            await asyncio.Event().wait()


async def test_it_rings_late_once_and_then_in_time() -> None:
    steps: list[str] = []

    async def sleep_and_wait() -> None:
        async with awake_timeout(0.05):
            time.sleep(1.0)  # noqa: ASYNC251
            await asyncio.sleep(0.01)
            steps.append("went on")
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await sleep_and_wait()
    assert ["went on"] == steps


async def test_what_ends_in_time_leaves_nothing_behind() -> None:
    async with awake_timeout(0.05):
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)

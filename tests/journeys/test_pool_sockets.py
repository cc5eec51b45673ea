"""The pool over real sockets: loopback providers, real clients. `make test` asks some, PARLEY_LONG=1 all."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from bot.account import Account
from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.errors import AllDown, ModelCut, ModelDown
from bot.pool import Pool
from bot.ports import Request
from sandbox.openai.errors import rate_limited
from sandbox.openai.script import Ending, say
from sandbox.openai.server import OpenAI
from storage.memory import open_memory
from tests.fuzz.amount import amount
from tests.journeys.test_pool import accounts

SPEC = ModelSpec("demo", "parley-demo", 8_192, 500)
AT_ONCE = 20

later = timedelta()
"""How far the pool's clock is ahead of ours."""


def now() -> datetime:
    return datetime.now(UTC) + later


@pytest.fixture(autouse=True)
def on_time() -> None:
    global later
    later = timedelta()


@contextlib.asynccontextmanager
async def pool_of(providers: list[OpenAI], weights: tuple[int, ...]) -> AsyncIterator[Pool]:
    """A pool of an account with each provider."""
    store = open_memory()
    pool = Pool(store.records, store.settings, store.slots, now, lambda _: None)
    models = [OpenAIModel(each.base_url, each.api_key, Timeouts(first_token=20, gap=20)) for each in providers]
    for number, (model, weight) in enumerate(zip(models, weights, strict=True)):
        pool.join(Account(f"account-{number}", weight=weight), model)
    try:
        yield pool
    finally:
        for model in models:
            await model.close()


async def ask(pool: Pool, session: str = "") -> str:
    """What is said."""
    question = Message("q", "root", "user", "Who are you?", "", "", datetime.now(UTC))
    return "".join([chunk.text async for chunk in pool.stream(Request(SPEC, (question,), session, 100))])


async def ask_all(pool: Pool, sessions: list[str]) -> list[str]:
    """What is said to each, some of them at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(session: str) -> str:
        async with turn:
            return await ask(pool, session)

    return await asyncio.gather(*map(one, sessions))


async def test_weights_are_respected() -> None:
    picks = amount(300, 10_000)
    async with accounts(3) as providers, pool_of(providers, (5, 3, 2)) as pool:
        said = Counter(await ask_all(pool, [""] * picks))
    for name, part in (("I am 0.", 0.5), ("I am 1.", 0.3), ("I am 2.", 0.2)):
        assert abs(said[name] / picks - part) <= 0.03 * part


async def test_conversations_stay_where_they_began() -> None:
    sessions = [f"s{number}" for number in range(amount(50, 1_000))]
    async with accounts(3) as providers, pool_of(providers, (1, 1, 1)) as pool:
        assert await ask_all(pool, sessions) == await ask_all(pool, sessions)


async def test_one_that_is_busy_is_left_alone_for_as_long_as_it_says() -> None:
    global later
    async with accounts(2) as providers, pool_of(providers, (1, 1)) as pool:
        providers[0].queue(rate_limited(60))
        assert {"I am 1."} == {await ask(pool) for _ in range(10)}
        assert 1 == providers[0].books.calls
        later = timedelta(seconds=61)
        assert {"I am 0.", "I am 1."} == set(await ask_all(pool, [""] * 10))


async def test_one_that_is_killed_in_the_middle_is_followed_by_another() -> None:
    async with accounts(2) as providers, pool_of(providers, (1, 1)) as pool:
        providers[0].queue(say("I am nobody you know", Ending.CUT))
        with pytest.raises(ModelCut):
            await ask(pool, "s")
        await providers[0].stop()
        assert {"I am 1."} == set(await ask_all(pool, ["s", *[""] * 20]))


async def test_when_all_are_killed_it_is_told_when_one_is_tried_again(tmp_path: Path) -> None:
    del tmp_path
    async with accounts(2) as providers, pool_of(providers, (1, 1)) as pool:
        for provider in providers:
            await provider.stop()
        errors = [type(await failure(pool)) for _ in range(5)]
        assert [ModelDown] * 3 == errors[:3]
        assert AllDown is errors[-1]
        for provider in providers:
            await provider.start()
        global later
        later = timedelta(seconds=11)
        assert {"I am 0.", "I am 1."} == {await ask(pool), await ask(pool)}


async def failure(pool: Pool) -> ModelDown:
    with pytest.raises(ModelDown) as raised:
        await ask(pool)
    return raised.value

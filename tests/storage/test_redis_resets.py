"""Connections to Redis that are reset while nobody uses them, or while somebody does."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from bot.errors import StorageDown
from sandbox.redis_cluster import ask
from sandbox.redis_server import RedisServer
from storage.redis import open_redis
from storage.redis.pipeline import TRIPS
from storage.store import Store
from tests.make import NOW
from tests.storage.resetting import Way, way_to

PUSH = b">2\r\n$6\r\nnotice\r\n$4\r\nwhat\r\n"
"""A message that belongs to no command. Source: RESP3's specification, push type."""


@pytest_asyncio.fixture
async def far(redis: RedisServer) -> AsyncIterator[tuple[Store, Way]]:
    """A store, and the way to it. Its ledger has a connection once it was asked for the first time."""
    async with way_to(redis.port) as (way, url):
        store = await open_redis(url, allow_volatile=True)
        yield store, way
        await store.close()


async def test_what_was_reset_while_idle_fails_nobody(far: tuple[Store, Way]) -> None:
    """redis-py sees connections that were closed, and not those that were reset."""
    store, way = far
    for _ in range(2):
        await asyncio.gather(*(store.settings.get(f"s{number}") for number in range(5)))
        await way.reset()

    assert {} == await store.settings.get("s1")


async def test_a_ledger_begins_on_a_connection_that_is_there(far: tuple[Store, Way]) -> None:
    """Its first call may come long after others have left a connection idle."""
    store, way = far
    await store.settings.get("s1")
    await way.reset()

    assert [] == list(await asyncio.wait_for(store.ledger.balances([], NOW), 5))


async def test_a_reset_is_told_to_those_whose_calls_are_under_way(far: tuple[Store, Way], redis: RedisServer) -> None:
    store, way = far
    await store.ledger.balances([], NOW)
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    calls = [asyncio.ensure_future(store.ledger.reset("user/a", NOW)) for _ in range(TRIPS + 2)]
    await asyncio.sleep(0.1)
    await way.reset()
    await ask(redis, "CLIENT UNPAUSE")
    outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)

    assert [StorageDown] * TRIPS == [type(outcome) for outcome in outcomes[:TRIPS]]
    assert [None] * 2 == outcomes[TRIPS:]


async def test_a_message_that_nobody_asked_for_is_nobodys_reply(far: tuple[Store, Way]) -> None:
    store, way = far
    await store.ledger.balances([], NOW)
    way.before = PUSH

    assert [] == list(await store.ledger.balances([], NOW))
    assert not way.before

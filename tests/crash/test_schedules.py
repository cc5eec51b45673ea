"""
Whatever dies whenever: nothing lost, nothing said twice, nothing charged twice.

`make test` tries some of the schedules, `make schedules` all of them.
"""

import asyncio
import logging
import os
from collections.abc import Iterator

import pytest

from sandbox.redis_server import redis_server
from tests.crash.schedules import Schedule, pairs, run_all, singles, thinned, triples
from tests.crash.stores import InlineRedis, InlineSqlite

EVERYTHING = "PARLEY_SCHEDULES" in os.environ
SHARDS = 16


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What dies complains; here that is all in order."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def on_sqlite(everything: bool) -> list[Schedule]:
    """Every single, every pair, many triples; or some of them."""
    some = [*pairs(), *triples(11_000)]
    return [*singles(), *(some if everything else thinned(some, 1_000))]


def on_redis(everything: bool) -> list[Schedule]:
    """Scripts instead of SQL under the same rules."""
    some = [*singles(), *thinned([*pairs()], 250), *triples(250)]
    return some if everything else list(thinned(some, 100))


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("platform", ["telegram", "discord"])
def test_nothing_is_lost_or_doubled_on_sqlite(platform: str, shard: int) -> None:
    assert not run_all(InlineSqlite(), platform, on_sqlite(EVERYTHING)[shard::SHARDS])


@pytest.mark.parametrize("platform", ["telegram", "discord"])
async def test_nothing_is_lost_or_doubled_on_redis(platform: str) -> None:
    async with redis_server() as server:
        assert not await asyncio.to_thread(run_all, InlineRedis(server.url), platform, on_redis(EVERYTHING))


def test_all_of_them_are_many() -> None:
    assert 2 * len(on_sqlite(everything=True) + on_redis(everything=True)) >= 35_000

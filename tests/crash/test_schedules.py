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
from tests.crash.schedules import Schedule, pairs_of_kills, run_all, sampled, singles, thinned
from tests.crash.stores import InlineRedis, InlineSqlite

EVERYTHING = "PARLEY_SCHEDULES" in os.environ
SHARDS = 8


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What dies complains; here that is all in order."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def on_sqlite(everything: bool) -> list[Schedule]:
    """Every single, every pair of kills, some other pairs and triples."""
    some = [*pairs_of_kills(), *sampled(2, 4_000, stalls=True), *sampled(3, 2_000, stalls=True)]
    return [*singles(), *(some if everything else thinned(some, 500))]


def on_redis(everything: bool) -> list[Schedule]:
    """Scripts instead of SQL under the same rules: every single, some pairs and triples."""
    some = [*singles(), *sampled(2, 300, stalls=True), *sampled(3, 300, stalls=True)]
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

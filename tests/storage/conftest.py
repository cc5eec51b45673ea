"""Every store, opened empty: a test that asks for `store` runs on all of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from sandbox.redis_cluster import RedisCluster, ask, redis_cluster
from sandbox.redis_server import RedisServer, redis_server
from storage.memory import open_memory
from storage.redis.client import connect
from storage.redis.cluster import connect_cluster
from storage.redis.open import store_on
from storage.sqlite import open_sqlite
from storage.store import USUAL, UTC_ZONE, Keep, Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster() -> AsyncIterator[RedisCluster]:
    async with redis_cluster() as nodes:
        yield nodes


@pytest.fixture
def zone() -> ZoneInfo:
    """Where a store's days begin. A test that lives elsewhere says so with parametrize."""
    return UTC_ZONE


@pytest.fixture
def keep() -> Keep:
    """How long a store keeps things. A test for which that matters says so with parametrize."""
    return USUAL


@pytest.fixture
def memory_store(zone: ZoneInfo, keep: Keep) -> Store:
    return open_memory(zone, keep=keep)


@pytest_asyncio.fixture
async def sqlite_store(tmp_path: Path, zone: ZoneInfo, keep: Keep) -> AsyncIterator[Store]:
    opened = await open_sqlite(tmp_path / "parley.db", NOW, zone=zone, keep=keep)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def redis_store(redis: RedisServer, zone: ZoneInfo, keep: Keep) -> AsyncIterator[Store]:
    client = connect(redis.url)
    await client.flushall()
    opened = store_on(client, zone, keep, own_clock=False)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def cluster_store(cluster: RedisCluster, zone: ZoneInfo, keep: Keep) -> AsyncIterator[Store]:
    await cluster.mend()
    for node in cluster.nodes:
        await ask(node, "FLUSHALL")
    client = connect_cluster(cluster.url)
    await client.initialize()
    opened = store_on(client, zone, keep, own_clock=False)
    yield opened
    await opened.close()


ON_CLUSTER = pytest.mark.xdist_group("redis cluster")
"""One process runs all that needs a cluster: it takes two seconds to start."""


@pytest.fixture(params=["memory", "sqlite", "redis", pytest.param("cluster", marks=ON_CLUSTER)])
def store(request: pytest.FixtureRequest, zone: ZoneInfo, keep: Keep) -> Store:
    del zone, keep  # named here, so that a test may choose them
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened

"""A Redis that would lose messages is not served from; one that restarts or forgets its scripts is gone on with."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.errors import StorageDown
from bot.ports import Ingested
from sandbox.redis_cluster import RedisCluster, ask
from sandbox.redis_server import RedisServer, redis_server
from storage.redis import open_redis
from tests.make import NOW, turn
from tests.storage.conftest import ON_CLUSTER

FORGETFUL = ("--appendonly", "no")
EVICTING = ("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru")


async def refusal(url: str) -> str:
    """Why a server is not taken."""
    with pytest.raises(StorageDown) as refused:
        await open_redis(url)
    return str(refused.value)


async def test_a_redis_that_forgets_when_it_restarts_is_refused() -> None:
    """It is Redis's default. Both settings are named, lest somebody comes back for the second."""
    async with redis_server(*FORGETFUL) as server:
        why = await refusal(server.url)

    assert "appendonly is off, so a restart forgets." in why
    assert "Set `appendonly yes` and `maxmemory-policy noeviction`" in why
    assert "storage.allow_volatile: true" in why


async def test_a_redis_that_forgets_when_it_is_full_is_refused() -> None:
    """Whatever it throws out may be somebody's question."""
    async with redis_server(*EVICTING) as server:
        why = await refusal(server.url)

    assert "maxmemory-policy is allkeys-lru, so a full memory forgets" in why
    assert "appendonly is off" not in why


async def test_a_forgetful_redis_is_taken_when_that_is_wanted() -> None:
    """To try things out."""
    async with redis_server(*FORGETFUL) as server:
        store = await open_redis(server.url, allow_volatile=True)
        assert Ingested.NEW is await store.turns.ingest(turn(), 0, NOW)
        await store.close()


@ON_CLUSTER
async def test_one_forgetful_node_of_a_cluster_is_refused(cluster: RedisCluster) -> None:
    """A sixteenth of the rooms may be all that it keeps; it is named."""
    node = cluster.nodes[1]
    await ask(node, "CONFIG SET", "appendonly", "no", "maxmemory-policy", "volatile-lru")
    try:
        why = await refusal(cluster.url)
    finally:
        await ask(node, "CONFIG SET", "appendonly", "yes", "maxmemory-policy", "noeviction")

    assert f"appendonly is off on 127.0.0.1:{node.port}" in why
    assert f"maxmemory-policy is volatile-lru on 127.0.0.1:{node.port}" in why
    assert str(cluster.nodes[0].port) not in why


@pytest_asyncio.fixture
async def managed() -> AsyncIterator[RedisServer]:
    """A server with users who may not do everything, as providers give them out."""
    async with redis_server(*FORGETFUL) as server:
        yield server


def as_user(server: RedisServer) -> str:
    return f"redis://user:secret@127.0.0.1:{server.port}/0"


async def test_a_redis_that_shows_no_configuration_is_judged_all_the_same(managed: RedisServer) -> None:
    """Most managed servers forbid CONFIG, and INFO says it too."""
    await ask(managed, "ACL SETUSER", "user", "on", ">secret", "~*", "+@all", "-config")

    assert "appendonly is off" in await refusal(as_user(managed))


async def test_a_redis_that_says_nothing_is_taken_with_a_warning(
    managed: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It may well be fine, and the operator is told what to look at."""
    await ask(managed, "ACL SETUSER", "user", "on", ">secret", "~*", "+@all", "-config", "-info")
    store = await open_redis(as_user(managed))
    await store.close()

    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "does not say whether it would lose messages" in warning.getMessage()
    assert "secret" not in warning.getMessage()


async def test_a_wrong_password_is_told(managed: RedisServer) -> None:
    """Without saying it."""
    why = await refusal(as_user(managed))

    assert why.startswith("cannot reach Redis: ")
    assert "secret" not in why


async def test_a_redis_that_was_killed_is_found_again() -> None:
    """With all that it confirmed, and without anybody's help; its scripts it has forgotten."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        await asyncio.gather(*(store.turns.ingest(turn(f"e{number}"), 0, NOW) for number in range(20)))
        await server.kill()
        with pytest.raises(StorageDown):
            await store.turns.ingest(turn("e20"), 0, NOW)
        await server.start()

        assert Ingested.NEW is await store.turns.ingest(turn("e20"), 0, NOW)
        assert 21 == len(await store.turns.waiting(turn().lane))
        await store.close()


async def test_a_redis_that_was_emptied_is_gone_on_with() -> None:
    """What was in it is lost, and the service need not be restarted for that."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        await store.turns.ingest(turn(), 0, NOW)
        await ask(server, "FLUSHALL")
        await ask(server, "SCRIPT FLUSH")

        assert Ingested.NEW is await store.turns.ingest(turn(), 0, NOW)
        await store.close()


async def test_a_full_redis_refuses_and_keeps_what_it_has() -> None:
    """That is what noeviction is for."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        await store.turns.ingest(turn("e1"), 0, NOW)
        await ask(server, "CONFIG SET", "maxmemory", 1)
        with pytest.raises(StorageDown, match="maxmemory"):
            await store.turns.ingest(turn("e2"), 0, NOW)
        await ask(server, "CONFIG SET", "maxmemory", 0)

        assert Ingested.NEW is await store.turns.ingest(turn("e2"), 0, NOW)
        assert [turn("e1").id, turn("e2").id] == list(await store.turns.waiting(turn().lane))
        await store.close()

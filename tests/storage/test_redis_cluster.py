"""A Redis Cluster in trouble. What it does in peace, the tests of each port show."""

import asyncio
import itertools
from dataclasses import dataclass

import pytest

from bot.errors import StorageDown
from bot.ports import Ingested
from bot.turn import Turn, turn_id
from sandbox.redis_cluster import RedisCluster, ask, redis_cluster
from sandbox.redis_server import RedisServer
from storage.redis import cluster as client
from storage.redis import keys, open_redis
from storage.store import Store
from tests.make import NOW, key, question
from tests.storage.conftest import ON_CLUSTER

pytestmark = ON_CLUSTER

BACK = 15.0
"""Seconds within which a node is back that was started again."""


def turn_in(channel: str, event: str = "e1") -> Turn:
    asked = question("Why?", event, key(channel=channel))
    lane = f"{asked.origin.key.room}/-/*"
    return Turn(turn_id(asked.origin), lane, lane, asked)


def turns_of(cluster: RedisCluster, node: RedisServer, count: int) -> list[Turn]:
    """Turns of as many rooms that are all kept by one node."""
    turns = (turn_in(str(number)) for number in itertools.count())
    ours = (turn for turn in turns if cluster.primary_of(keys.partition(turn.lane)) is node)
    return list(itertools.islice(ours, count))


async def works_again(store: Store, turn: Turn) -> None:
    """Return once the store takes a turn. Raises TimeoutError."""
    async with asyncio.timeout(BACK):
        while True:
            try:
                await store.turns.ingest(turn, 0, NOW)
                return
            except StorageDown:
                await asyncio.sleep(0.05)


async def test_one_node_down_is_felt_in_its_rooms_alone(cluster: RedisCluster, cluster_store: Store) -> None:
    """And when it is back, without anybody's help, everything is there that it ever confirmed."""
    victim, other = cluster.primaries[:2]
    hit, spared = turns_of(cluster, victim, 12), turns_of(cluster, other, 3)
    for turn in hit[:10]:
        assert Ingested.NEW is await cluster_store.turns.ingest(turn, 0, NOW)

    await victim.kill()
    with pytest.raises(StorageDown):
        await cluster_store.turns.ingest(hit[10], 0, NOW)
    for turn in spared:
        assert Ingested.NEW is await cluster_store.turns.ingest(turn, 0, NOW)

    assert {turn.lane for turn in spared} == set(await cluster_store.turns.due(NOW, 100))

    await victim.start()
    await works_again(cluster_store, hit[11])
    await cluster.agreed()
    assert {turn.lane for turn in [*hit[:10], hit[11], *spared]} <= set(await cluster_store.turns.due(NOW, 100))


async def test_a_healthy_node_learns_a_script_while_another_is_down(
    cluster: RedisCluster, cluster_store: Store
) -> None:
    """A script that is new to a node is given to that node, not to all."""
    victim, other = cluster.primaries[:2]
    for node in cluster.primaries:
        await ask(node, "SCRIPT FLUSH")
    await victim.kill()
    try:
        assert Ingested.NEW is await cluster_store.turns.ingest(turns_of(cluster, other, 1)[0], 0, NOW)
    finally:
        await victim.start()
        await cluster.agreed()


async def test_a_node_that_does_not_answer_is_not_waited_for(
    cluster: RedisCluster, cluster_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than TIMEOUT; and when it answers again, it is gone on with."""
    monkeypatch.setattr(client, "TIMEOUT", 0.1)
    impatient = await open_redis(cluster.url)
    silent = cluster.primaries[0]
    (turn,) = turns_of(cluster, silent, 1)
    await ask(silent, "CLIENT PAUSE", 60_000, "WRITE")
    with pytest.raises(StorageDown):
        await impatient.turns.ingest(turn, 0, NOW)
    await ask(silent, "CLIENT UNPAUSE")

    assert Ingested.NEW is await cluster_store.turns.ingest(turn, 0, NOW)
    assert Ingested.KNOWN is await impatient.turns.ingest(turn, 0, NOW)
    await impatient.close()


async def test_a_command_that_may_have_been_done_is_not_given_again(
    cluster: RedisCluster, cluster_store: Store
) -> None:
    """Whoever gave it learns that nobody can tell, and the event comes again."""
    node = cluster.primaries[0]
    (turn,) = turns_of(cluster, node, 1)
    await ask(node, "CLIENT PAUSE", 60_000, "WRITE")
    given = asyncio.create_task(cluster_store.turns.ingest(turn, 0, NOW))
    while "evalsha" not in {known["cmd"] for known in await ask(node, "CLIENT LIST")}:
        await asyncio.sleep(0.01)
    await ask(node, "CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    await ask(node, "CLIENT UNPAUSE")

    with pytest.raises(StorageDown):
        await given
    assert Ingested.NEW is await cluster_store.turns.ingest(turn, 0, NOW)


async def test_many_commands_at_once_wait_for_each_other(cluster_store: Store) -> None:
    """redis-py's client of a cluster would refuse those for which it has no connection."""
    turns = [turn_in(str(number)) for number in range(500)]
    results = await asyncio.gather(*(cluster_store.turns.ingest(turn, 0, NOW) for turn in turns))

    assert [Ingested.NEW] * 500 == results


async def test_a_slot_moves_to_a_new_node() -> None:
    """
    Whoever makes a cluster larger need not stop the service.

    While Redis has a slot half here and half there, it does no command with keys on both sides: those are StorageDown.
    """
    async with redis_cluster(primaries=1, spares=1) as small:
        store = await open_redis(small.url)
        rooms = [turn for turn in map(turn_in, map(str, range(500))) if "{p7}" == keys.partition(turn.lane)]
        await asyncio.gather(*(store.turns.ingest(turn, 0, NOW) for turn in rooms))
        move = Move(small.primaries[0], small.spares[0], await ask(small.primaries[0], "CLUSTER KEYSLOT", "{p7}"))

        await move.begin()
        await move.take(len(rooms))
        assert {Ingested.KNOWN, StorageDown} == await outcomes(store, rooms)
        await move.take(10_000)
        assert {Ingested.KNOWN} == await outcomes(store, rooms)
        await store.settings.put(rooms[0].lane, {"scope": "reply"})
        await move.end()
        assert {"scope": "reply"} == await store.settings.get(rooms[0].lane)
        assert {Ingested.KNOWN} == await outcomes(store, rooms)
        assert len(rooms) == len(await store.turns.due(NOW, 1_000))
        await store.close()


async def outcomes(store: Store, turns: list[Turn]) -> set[object]:
    """What becomes of turns that are all handed in at once."""
    results = await asyncio.gather(*(store.turns.ingest(turn, 0, NOW) for turn in turns), return_exceptions=True)
    return {type(result) if isinstance(result, Exception) else result for result in results}


@dataclass(frozen=True, slots=True)
class Move:
    """The move of a slot from one node to another, step by step, as `redis-cli --cluster reshard` makes it."""

    home: RedisServer
    to: RedisServer
    slot: int

    async def begin(self) -> None:
        await ask(self.to, "CLUSTER SETSLOT", self.slot, "IMPORTING", await ask(self.home, "CLUSTER MYID"))
        await ask(self.home, "CLUSTER SETSLOT", self.slot, "MIGRATING", await ask(self.to, "CLUSTER MYID"))

    async def take(self, most: int) -> None:
        """Move so many keys."""
        found = await ask(self.home, "CLUSTER GETKEYSINSLOT", self.slot, most)
        await ask(self.home, "MIGRATE", "127.0.0.1", self.to.port, "", 0, 5000, "KEYS", *found)

    async def end(self) -> None:
        owner = await ask(self.to, "CLUSTER MYID")
        for node in (self.to, self.home):
            await ask(node, "CLUSTER SETSLOT", self.slot, "NODE", owner)


async def test_a_replica_takes_over() -> None:
    """The service finds the new primary, with all that the old one had."""
    async with redis_cluster(primaries=1, replicas=1) as small:
        store = await open_redis(small.url)
        await store.turns.ingest(turn_in("1"), 0, NOW)
        await ask(small.replicas[0], "CLUSTER FAILOVER")
        async with asyncio.timeout(BACK):
            while "master" != (await ask(small.replicas[0], "ROLE"))[0]:
                await asyncio.sleep(0.02)
        await small.primaries[0].kill()

        await works_again(store, turn_in("2"))
        assert {turn_in("1").lane, turn_in("2").lane} == set(await store.turns.due(NOW, 10))
        await store.close()


async def test_any_node_of_the_address_will_do(cluster: RedisCluster) -> None:
    """A cluster outlives the node that stands first in the configuration; a password may stand there too."""
    for node in cluster.nodes:
        await ask(node, "ACL SETUSER", "parley", "on", ">se@cret", "~*", "+@all")
    alive = [f"127.0.0.1:{node.port}" for node in cluster.nodes]
    store = await open_redis(f"redis+cluster://parley:se%40cret@127.0.0.1:9,{','.join(alive)}/0")

    assert {} == await store.settings.get("nothing")
    await store.close()
    for node in cluster.nodes:
        await ask(node, "ACL DELUSER", "parley")


@pytest.mark.parametrize("url", ["redis+cluster://127.0.0.1:port", "redis+cluster://127.0.0.1:6379/1", "redis://h:p"])
async def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(StorageDown, match=r"storage\.url is not an address of Redis"):
        await open_redis(url)


async def test_a_server_that_is_no_cluster_is_told(redis: RedisServer) -> None:
    with pytest.raises(StorageDown, match="Cluster mode is not enabled"):
        await open_redis(f"redis+cluster://127.0.0.1:{redis.port}")

"""A real Redis Cluster of one's own, on loopback, for as long as a block lasts."""

import asyncio
import contextlib
import itertools
import tempfile
import warnings
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

from sandbox.redis_server import RedisServer, free_port

START = 20.0
"""Seconds that the nodes may take to agree that all is well. A server by itself waits for two of them."""

OPTIONS = (
    *("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no"),
    *("--appendonly", "yes", "--appendfsync", "always"),
)
"""A node that is gone is missed after a second, and the others go on meanwhile."""


class RedisCluster:
    """Some primaries, each with its part of the slots, replicas of the first one, and nodes that have nothing yet."""

    def __init__(
        self, primaries: Sequence[RedisServer], replicas: Sequence[RedisServer], spares: Sequence[RedisServer]
    ) -> None:
        self.primaries = primaries
        self.replicas = replicas
        self.spares = spares

    @property
    def nodes(self) -> list[RedisServer]:
        return [*self.primaries, *self.replicas, *self.spares]

    @property
    def url(self) -> str:
        """The address of the cluster, as the configuration takes it."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def primary_of(self, key: str) -> RedisServer:
        """The primary that was given the slot of a key."""
        return self.primaries[key_slot(key.encode()) * len(self.primaries) // SLOTS]

    async def start(self) -> None:
        """Start the nodes and make them a cluster. Raises TimeoutError."""
        await asyncio.gather(*(node.start() for node in self.nodes))
        edges = [-(-SLOTS * number // len(self.primaries)) for number in range(len(self.primaries) + 1)]
        for node, (first, end) in zip(self.primaries, itertools.pairwise(edges), strict=True):
            await ask(node, "CLUSTER ADDSLOTSRANGE", first, end - 1)
        for epoch, node in enumerate(self.nodes, 1):
            await ask(node, "CLUSTER SET-CONFIG-EPOCH", epoch)
            await ask(self.primaries[0], "CLUSTER MEET", "127.0.0.1", node.port, node.bus)
        await self.agreed()
        for replica in self.replicas:
            await ask(replica, "CLUSTER REPLICATE", await ask(self.primaries[0], "CLUSTER MYID"))
        await self._replicated()

    async def agreed(self) -> None:
        """Return once every node finds the cluster whole. Raises TimeoutError."""
        async with asyncio.timeout(START):
            while not all([await self._whole(node) for node in self.nodes]):
                await asyncio.sleep(0.02)

    async def mend(self) -> None:
        """Start those nodes again that ended by themselves, and say how they did. Raises TimeoutError."""
        for node in self.nodes:
            if node.ended:
                warnings.warn(node.ended, stacklevel=1)
                await node.start()
                await self.agreed()

    async def kill(self) -> None:
        for node in self.nodes:
            await node.kill()

    async def _replicated(self) -> None:
        """Return once every replica has what its primary has. Raises TimeoutError."""
        async with asyncio.timeout(START):
            while not all(["connected" in await ask(replica, "ROLE") for replica in self.replicas]):
                await asyncio.sleep(0.02)

    async def _whole(self, node: RedisServer) -> bool:
        seen = await ask(node, "CLUSTER INFO")
        whole = {"cluster_state": "ok", "cluster_slots_ok": str(SLOTS), "cluster_known_nodes": str(len(self.nodes))}
        return bool(whole.items() <= seen.items())


async def ask(node: RedisServer, command: str, *arguments: object) -> Any:
    """Give one node a command."""
    client: Any = Redis.from_url(node.url, decode_responses=True)
    async with client as redis:
        return await redis.execute_command(command, *arguments)


@contextlib.asynccontextmanager
async def redis_cluster(primaries: int = 3, replicas: int = 0, spares: int = 0) -> AsyncIterator[RedisCluster]:
    """A cluster that writes everything to disk before it confirms it, and is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="parley-cluster-") as folder:
        nodes = [_node(Path(folder, str(number))) for number in range(primaries + replicas + spares)]
        bounds = (primaries, primaries + replicas)
        cluster = RedisCluster(nodes[: bounds[0]], nodes[bounds[0] : bounds[1]], nodes[bounds[1] :])
        try:
            await cluster.start()
            yield cluster
        finally:
            await cluster.kill()


def _node(folder: Path) -> RedisServer:
    folder.mkdir()
    return RedisServer(folder, free_port(), *OPTIONS, bus=free_port())

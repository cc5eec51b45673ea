"""The connection to a Redis Cluster: every command goes to the node that has its key."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit, urlunsplit

from redis._parsers import AsyncCommandsParser
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, PipelineCommand, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.cluster import get_node_name
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ClusterError,
    ConnectionError,
    MovedError,
    RedisClusterException,
    TimeoutError,
    TryAgainError,
)

from storage.redis.client import CONNECTIONS, NO_NOTICES, TIMEOUT

SUFFIX = "+cluster"

PATIENCE = 3 * TIMEOUT
"""Seconds for a free connection, another look at the cluster and the command itself."""

REDIRECTIONS = 16
"""How often a command is sent elsewhere before it is given up."""

BREATH = 0.05
"""Seconds to wait for a slot that is half here and half there."""

PORT = 6379
"""Where a node is when its address does not say."""


def connect_cluster(url: str) -> Redis:
    """
    Open a client of the cluster of which `url` names some nodes: redis+cluster://host:port,host:port (or rediss).

    It does no command twice, as `connect` says. Redirections it follows: they come instead of the command's effect.

    Raises:
        ValueError, RedisClusterException: The address is none.
    """
    parts = urlsplit(url)
    login, at, nodes = parts.netloc.rpartition("@")
    first, *others = nodes.split(",")
    plain = parts._replace(scheme=parts.scheme.removesuffix(SUFFIX), netloc=f"{login}{at}{first}")
    cluster = Cluster.from_url(
        urlunsplit(plain),
        startup_nodes=[_node(other) for other in others],
        decode_responses=True,
        max_connections=2 * CONNECTIONS,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=NO_NOTICES,
    )
    return cast("Redis", cluster)  # it has the same commands, though not the same base


def _node(place: str) -> ClusterNode:
    parts = urlsplit(f"//{place}")
    return ClusterNode(parts.hostname or "localhost", parts.port or PORT)


class Cluster(RedisCluster):
    """A cluster's client whose commands wait for a free connection, and for all together no longer than PATIENCE."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands_parser = _Commands()
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def initialize(self, *hints: Any, **more: Any) -> Self:
        """Look at the cluster: ask the nodes that were there last, and if none is left, those of the address."""
        try:
            await super().initialize(*hints, **more)
        except RedisClusterException:
            self.nodes_manager.startup_nodes.update({node.name: node for node in self.startup_nodes})
            await super().initialize(*hints, **more)
        return self

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        async with asyncio.timeout(PATIENCE), self._free:
            return await super().execute_command(*args, **options)

    async def _execute_command(self, target_node: ClusterNode, *args: Any, **options: Any) -> Any:
        """
        Have a node do a command, and go where it sends us: that it does instead of the command.

        redis-py's own would leave ASKING on one connection and the command on another, and at every fifth move of a
        slot close the connections on which other commands are under way.
        """
        send = target_node.execute_command
        for _ in range(REDIRECTIONS):
            try:
                return await send(*args, **options)
            except MovedError as moved:
                await self.nodes_manager.move_slot(moved)
                send = self._node_at(moved).execute_command
            except AskError as asked:
                send = functools.partial(_asking, self._node_at(asked))
            except TryAgainError:
                await asyncio.sleep(BREATH)
            except (ConnectionError, TimeoutError, ClusterDownError):
                self._initialize = True  # look at the cluster before the next command
                raise
        raise ClusterError(f"sent from node to node {REDIRECTIONS} times")

    def _node_at(self, place: AskError) -> ClusterNode:
        """The node that an error sends us to, which may be new in the cluster."""
        known = self.nodes_manager.nodes_cache
        if get_node_name(place.host, place.port) not in known:
            new = ClusterNode(place.host, place.port, **self.connection_kwargs)
            self.nodes_manager.set_nodes(known, {new.name: new})
        return known[get_node_name(place.host, place.port)]

    def pipeline(self, transaction: bool | None = None, shard_hint: None = None) -> Any:
        del transaction, shard_hint  # what must be all or nothing is a script
        return _SideBySide(self)

    async def aclose(self) -> None:
        """Close all connections, also those of a client that was about to look at the cluster anew."""
        await super().aclose()
        await self.nodes_manager.aclose()
        await self.nodes_manager.aclose("startup_nodes")


async def _asking(node: ClusterNode, *args: Any, **options: Any) -> Any:
    """Have a node do a command on a key that it is just being given."""
    command = PipelineCommand(1, *args, **options)
    await node.execute_pipeline([PipelineCommand(0, "ASKING"), command])
    if isinstance(command.result, Exception):
        raise command.result
    return command.result


class _Commands(AsyncCommandsParser):
    """What is known of each command, asked for once: it takes 50 ms, and would be after every lost connection."""

    async def initialize(self, node: ClusterNode | None = None) -> None:
        if not self.commands:
            await super().initialize(node)


class _SideBySide:
    """
    A pipeline whose commands go out at the same time, each on a way of its own.

    redis-py's own does not look at the cluster anew when it finds a node gone.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._commands: list[Callable[[], Awaitable[Any]]] = []

    def __getattr__(self, command: str) -> Callable[..., None]:
        def add(*args: Any, **options: Any) -> None:
            self._commands.append(functools.partial(getattr(self._cluster, command), *args, **options))

        return add

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The replies, in the order of the commands. Raises the first error, if wanted, once all have ended."""
        replies = await asyncio.gather(*(command() for command in self._commands), return_exceptions=True)
        for reply in replies:
            if raise_on_error and isinstance(reply, BaseException):
                raise reply
        return replies

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commands.clear()

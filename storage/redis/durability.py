"""Whether a server would lose what it is given."""

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from storage.redis.cluster import Cluster

log = logging.getLogger(__name__)

Info = Callable[[str], Awaitable[Mapping[str, Any]]]

UNKNOWN = (
    "Redis%s does not say whether it would lose messages: see that it has appendonly yes, maxmemory-policy noeviction"
)


async def faults(redis: Redis) -> list[str]:
    """
    What would make the server, or any node of the cluster, lose what it is given.

    It asks INFO, which managed servers allow, and not CONFIG. A server that does not say is warned of, not refused.

    Raises:
        RedisError, RedisClusterException: It cannot be reached.
    """
    if not isinstance(redis, Cluster):
        return await _faults(redis.info, "")
    found = []
    for node in redis.get_nodes():
        found += await _faults(functools.partial(redis.info, target_nodes=node), f" on {node.name}")
    return found


async def _faults(info: Info, where: str) -> list[str]:
    try:
        said = {**await info("persistence"), **await info("memory")}
    except ResponseError:
        said = {}
    aof, policy = said.get("aof_enabled"), said.get("maxmemory_policy")
    if aof is None or policy is None:
        log.warning(UNKNOWN, where)
    found = []
    if aof == 0:
        found.append(f"appendonly is off{where}, so a restart forgets")
    if policy not in (None, "noeviction"):
        found.append(f"maxmemory-policy is {policy}{where}, so a full memory forgets")
    return found

"""The connection to Redis: no silent retries, a bounded pool, errors by our names."""

import functools
from collections.abc import Callable, Coroutine
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from bot.errors import StorageDown

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 64
TIMEOUT = 5.0
"""Seconds that a command, or a free connection, is waited for."""


def connect(url: str) -> Redis:
    """
    Open a client that never does a command twice.

    redis-py tries a command again up to ten times by default, and a write whose reply was lost is then done twice.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        max_connections=CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def text(reply: bytes | str) -> str:
    """A reply as text. The client decodes replies, but its types leave it open."""
    return reply if isinstance(reply, str) else reply.decode()


def script(redis: Redis, verb: str) -> AsyncScript:
    """The Lua script of that name."""
    return redis.register_script(files("storage.redis").joinpath(f"lua/{verb}.lua").read_text())


def translated(verb: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a verb raise StorageDown where Redis or the way to it fails."""

    @functools.wraps(verb)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await verb(*args, **kwargs)
        except (RedisError, OSError, TimeoutError) as error:
            raise StorageDown(f"redis: {verb.__name__}: {error}") from error

    return call

"""The connection to Redis: no silent retries, a bounded pool, scripts, errors by our names."""

import functools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any, ParamSpec, Protocol, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisClusterException, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from bot.errors import StorageDown

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 64
TIMEOUT = 5.0
"""Seconds that a command, or a free connection, is waited for."""

NO_NOTICES = MaintNotificationsConfig(enabled=False)
"""
Of maintenance at a provider that sends such. With them, redis-py 8.1 takes a connection that Redis has closed for one
with a notice on it, and the first command on each fails after Redis was started again.
"""

UNREACHED = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What the client raises when Redis or the way to it fails."""


def connect(url: str) -> Redis:
    """
    Open a client that never does a command twice.

    redis-py tries a command again up to ten times by default, and a write whose reply was lost is then done twice.

    Raises:
        ValueError: The address is none.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        max_connections=CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=NO_NOTICES,
    )
    pool.connection_class = _looked_at(pool.connection_class)
    return Redis.from_pool(pool)


def _looked_at(kind: type[AbstractConnection]) -> type[AbstractConnection]:
    """Such connections, of which the pool sees that they were reset; by itself it sees only that they were closed."""

    class LookedAt(kind):  # type: ignore[misc, valid-type]
        async def can_read(self) -> bool:
            return self._writer is None or self._writer.is_closing() or bool(await super().can_read())

    return LookedAt


def text(reply: bytes | str) -> str:
    """A reply as text. The client decodes replies, but its types leave it open."""
    return reply if isinstance(reply, str) else reply.decode()


class Calls(Protocol):
    """What calls scripts: a client, or a pipeline of one."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Awaitable[Any]: ...

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Awaitable[Any]: ...


class Script:
    """
    A Lua script, sent whole only to a server that does not know it.

    redis-py's own would give it to every node of a cluster first, and so fail on a healthy one while another is down.
    """

    def __init__(self, redis: Calls, body: str) -> None:
        self._redis = redis
        self._body = body
        self._sha = sha1(body.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
        try:
            return await self._redis.evalsha(self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return await self._redis.eval(self._body, len(keys), *keys, *args)


def script(redis: Calls, verb: str, *before: str) -> Script:
    """The Lua script of that name, with what it is built on put before it."""
    return Script(redis, "\n".join(_read(name) for name in (*before, verb)))


@functools.cache
def _read(name: str) -> str:
    return files("storage.redis").joinpath(f"lua/{name}.lua").read_text()


def translated(verb: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a verb raise StorageDown where Redis or the way to it fails."""

    @functools.wraps(verb)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await verb(*args, **kwargs)
        except UNREACHED as error:
            raise StorageDown(f"redis: {verb.__name__}: {error}") from error

    return call

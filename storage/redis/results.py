"""bot.ports.Results in Redis."""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta

from redis.asyncio import Redis

from bot.ports import Result
from storage.redis import keys
from storage.redis.client import script, translated

MILLISECOND = timedelta(milliseconds=1)


class RedisResults:
    """A result as a hash that expires on the server's clock. The body is base64, as the client reads text alone."""

    def __init__(self, redis: Redis) -> None:
        self._begin, self._renew = script(redis, "result_begin"), script(redis, "result_renew")
        self._keep, self._drop = script(redis, "result_keep"), script(redis, "result_drop")

    @translated
    async def begin(self, name: str, mark: str, ttl: timedelta, now: datetime) -> Result | None:
        del now
        there = await self._begin(keys=[keys.result(name)], args=[mark, ttl // MILLISECOND])
        if there is None:
            return None
        mark, body = there
        return Result(mark, None if body is None else b64decode(body))

    @translated
    async def renew(self, name: str, mark: str, ttl: timedelta, now: datetime) -> None:
        del now
        await self._renew(keys=[keys.result(name)], args=[mark, ttl // MILLISECOND])

    @translated
    async def keep(self, name: str, mark: str, body: bytes, ttl: timedelta, now: datetime) -> None:
        del now
        await self._keep(keys=[keys.result(name)], args=[mark, b64encode(body), ttl // MILLISECOND])

    @translated
    async def drop(self, name: str, mark: str) -> None:
        await self._drop(keys=[keys.result(name)], args=[mark])

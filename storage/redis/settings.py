"""bot.ports.Settings in Redis."""

from collections.abc import Mapping

from redis.asyncio import Redis

from storage.redis import keys
from storage.redis.client import text, translated


class RedisSettings:
    """One hash for each name."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated
    async def get(self, name: str) -> Mapping[str, str]:
        found = await self._redis.hgetall(keys.settings(name))
        return {text(field): text(value) for field, value in found.items()}

    @translated
    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        kept = [part for field, value in fields.items() if value for part in (field, value)]
        gone = [field for field, value in fields.items() if not value]
        async with self._redis.pipeline(transaction=True) as pipe:
            if kept:
                pipe.hset(keys.settings(name), items=kept)
            if gone:
                pipe.hdel(keys.settings(name), *gone)
            await pipe.execute()

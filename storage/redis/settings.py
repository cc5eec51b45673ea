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
    async def put(self, name: str, field: str, value: str) -> None:
        if value:
            await self._redis.hset(keys.settings(name), field, value)
        else:
            await self._redis.hdel(keys.settings(name), field)

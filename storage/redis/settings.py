"""bot.ports.Settings in Redis."""

from collections.abc import Mapping

from redis.asyncio import Redis

from storage.redis import keys
from storage.redis.client import script, text, translated


class RedisSettings:
    """One hash for each name."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._put = script(redis, "put")

    @translated
    async def get(self, name: str) -> Mapping[str, str]:
        found = await self._redis.hgetall(keys.settings(name))
        return {text(field): text(value) for field, value in found.items()}

    @translated
    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        await self._put(keys=[keys.settings(name)], args=[part for pair in fields.items() for part in pair])

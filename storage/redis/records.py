"""bot.ports.Records in Redis."""

from collections.abc import Mapping

from redis.asyncio import Redis

from storage.redis import keys
from storage.redis.client import script, text, translated


class RedisRecords:
    """A folder as a hash."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._swap = script(redis, "record_swap")

    @translated
    async def get(self, folder: str, name: str) -> str | None:
        doc = await self._redis.hget(keys.records(folder), name)
        return None if doc is None else text(doc)

    @translated
    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        swapped = await self._swap(
            keys=[keys.records(folder)],
            args=[name, int(old is not None), old or "", int(new is not None), new or ""],
        )
        return bool(swapped)

    @translated
    async def all(self, folder: str) -> Mapping[str, str]:
        return {text(name): text(doc) for name, doc in (await self._redis.hgetall(keys.records(folder))).items()}

"""bot.ports.DeadLetters in Redis."""

from collections.abc import Sequence
from datetime import datetime

from redis.asyncio import Redis

from bot.ports import DeadLetter
from storage.record import dump_letter, load_letter, ms
from storage.redis import keys
from storage.redis.client import script, translated

BATCH = 1_000
"""The most letters that one script forgets: no other script runs meanwhile."""


class RedisLetters:
    """Letters in a hash, in the order of a sorted set."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keys = (keys.letters(), keys.letter_docs())
        self._add, self._newest, self._remove, self._sweep = (
            script(redis, f"letter_{verb}") for verb in ("add", "newest", "remove", "sweep")
        )

    @translated
    async def add(self, letter: DeadLetter) -> None:
        await self._add(keys=self._keys, args=[letter.id, ms(letter.at), dump_letter(letter), keys.LETTERS])

    @translated
    async def newest(self, limit: int) -> Sequence[DeadLetter]:
        return [load_letter(doc) for doc in await self._newest(keys=self._keys, args=[limit])]

    @translated
    async def get(self, id: str) -> DeadLetter | None:
        doc = await self._redis.hget(keys.letter_docs(), id)
        return load_letter(doc) if doc else None

    @translated
    async def remove(self, id: str) -> None:
        await self._remove(keys=self._keys, args=[id])

    @translated
    async def sweep(self, before: datetime) -> int:
        """Forget the letters of before then. Returns how many."""
        count = late = int(await self._sweep(keys=self._keys, args=[ms(before), BATCH]))
        while late == BATCH:
            late = int(await self._sweep(keys=self._keys, args=[ms(before), BATCH]))
            count += late
        return count

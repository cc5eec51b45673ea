"""bot.ports.Slots in Redis."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from redis.asyncio import Redis

from storage.record import ms
from storage.redis import keys
from storage.redis.client import script, translated
from storage.slots import FULL

MILLISECOND = timedelta(milliseconds=1)


class RedisSlots:
    """Places by when their time runs out. All of one account is in one slot of a cluster."""

    def __init__(self, redis: Redis, *, own_clock: bool = True) -> None:
        """Redis's own clock counts; without it, the caller's does, as in the other stores."""
        self._redis = redis
        self._own_clock = own_clock
        self._take, self._renew, self._taken = (
            script(redis, f"slot_{verb}", "slot_places") for verb in ("take", "renew", "taken")
        )

    @translated
    async def take(
        self, account: str, most: int, per_minute: int, token: str, ttl: timedelta, now: datetime
    ) -> timedelta | None:
        wait = await self._take(
            keys=[keys.places(account), keys.begun(account)],
            args=[self._clock(now), token, ttl // MILLISECOND, most, per_minute, FULL // MILLISECOND],
        )
        return wait * MILLISECOND or None

    @translated
    async def renew(self, account: str, token: str, ttl: timedelta, now: datetime) -> None:
        await self._renew(keys=[keys.places(account)], args=[self._clock(now), token, ttl // MILLISECOND])

    @translated
    async def free(self, account: str, token: str) -> None:
        await self._redis.zrem(keys.places(account), token)

    @translated
    async def taken(self, accounts: Sequence[str], now: datetime) -> Mapping[str, int]:
        counts = await asyncio.gather(
            *(self._taken(keys=[keys.places(account)], args=[self._clock(now)]) for account in accounts)
        )
        return dict(zip(accounts, counts, strict=True))

    def _clock(self, now: datetime) -> int | str:
        return "" if self._own_clock else ms(now)

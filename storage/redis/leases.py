"""bot.ports.Leases in Redis."""

from datetime import datetime

from redis.asyncio import Redis

from storage.record import ms
from storage.redis import keys
from storage.redis.client import script, translated


class RedisLeases:
    """An office as a string that expires with its lease. The length of a lease counts, on the server's clock."""

    def __init__(self, redis: Redis) -> None:
        self._hold, self._release = script(redis, "lease_hold"), script(redis, "lease_release")

    @translated
    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        return bool(await self._hold(keys=[keys.lease(office)], args=[token, ms(until) - ms(now)]))

    @translated
    async def release(self, office: str, token: str) -> None:
        await self._release(keys=[keys.lease(office)], args=[token])

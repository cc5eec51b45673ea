"""bot.ports.Ledger in Redis."""

from redis.asyncio import Redis

from bot.quota import Charge
from storage.record import dump_charge, load_charge
from storage.redis import keys
from storage.redis.client import translated


class RedisLedger:
    """A charge as a string."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @translated
    async def settle(self, charge: Charge) -> bool:
        key, doc = keys.charge(charge.id), dump_charge(charge)
        return bool(await self._redis.set(key, doc, nx=True, ex=keys.CHARGE))

    @translated
    async def charged(self, id: str) -> Charge | None:
        doc = await self._redis.get(keys.charge(id))
        return load_charge(doc) if doc else None

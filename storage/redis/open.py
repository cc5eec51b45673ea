"""Opens a Redis store, and refuses a server that would lose what it is given."""

from datetime import datetime
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from bot.errors import StorageDown
from storage.redis.client import UNREACHED, connect
from storage.redis.cluster import SUFFIX, connect_cluster
from storage.redis.durability import faults
from storage.redis.history import RedisHistory
from storage.redis.leases import RedisLeases
from storage.redis.ledger import RedisLedger
from storage.redis.letters import RedisLetters
from storage.redis.records import RedisRecords
from storage.redis.results import RedisResults
from storage.redis.schedules import RedisSchedules
from storage.redis.settings import RedisSettings
from storage.redis.slots import RedisSlots
from storage.redis.turns import RedisTurns
from storage.store import USUAL, UTC_ZONE, Keep, Store

REFUSED = (
    "this Redis would lose messages: {faults}. Set `appendonly yes` and `maxmemory-policy noeviction` on the server, "
    "or say `storage.allow_volatile: true` if losing them is fine with you."
)


async def open_redis(url: str, *, allow_volatile: bool = False, zone: ZoneInfo = UTC_ZONE, keep: Keep = USUAL) -> Store:
    """
    Connect to a server (redis:// or rediss://), or to a cluster by some of its nodes (redis+cluster://host:port,...).

    Args:
        zone: Where days and months begin at midnight.

    Raises:
        StorageDown: It cannot be reached, or it would lose what it is given and `allow_volatile` is not set.
    """
    redis = _client(url)
    try:
        await redis.initialize()
        found = await faults(redis)
    except UNREACHED as error:
        await redis.aclose()
        raise StorageDown(f"cannot reach Redis: {error}") from error
    if found and not allow_volatile:
        await redis.aclose()
        raise StorageDown(REFUSED.format(faults=" and ".join(found)))
    return store_on(redis, zone, keep)


def store_on(redis: Redis, zone: ZoneInfo = UTC_ZONE, keep: Keep = USUAL, *, own_clock: bool = True) -> Store:
    """The ports, on a connected client. Without its own clock, the ledger and the slots go by the caller's."""
    letters = RedisLetters(redis)

    async def sweep(now: datetime) -> int:
        return await letters.sweep(now - keep.letters)  # the rest expires by itself

    return Store(
        turns=RedisTurns(redis),
        history=RedisHistory(redis, keep.history),
        settings=RedisSettings(redis),
        ledger=RedisLedger(redis, zone, own_clock=own_clock),
        records=RedisRecords(redis),
        results=RedisResults(redis),
        schedules=RedisSchedules(redis),
        letters=letters,
        leases=RedisLeases(redis),
        slots=RedisSlots(redis, own_clock=own_clock),
        sweep=sweep,
        close=redis.aclose,
    )


def _client(url: str) -> Redis:
    try:
        return connect_cluster(url) if SUFFIX in url.split(":")[0] else connect(url)
    except (ValueError, *UNREACHED) as error:
        raise StorageDown(f"storage.url is not an address of Redis: {error}") from error

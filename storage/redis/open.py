"""Opens a Redis store, and refuses a server that would lose what it is given."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import StorageDown
from storage.redis.client import connect
from storage.redis.history import RedisHistory
from storage.redis.leases import RedisLeases
from storage.redis.ledger import RedisLedger
from storage.redis.letters import RedisLetters
from storage.redis.settings import RedisSettings
from storage.redis.turns import RedisTurns
from storage.store import Store

REFUSED = (
    "this Redis would lose messages: {faults}. Set `appendonly yes` and `maxmemory-policy noeviction` on the server, "
    "or say `storage.allow_volatile: true` if losing them is fine with you."
)


async def open_redis(url: str, *, allow_volatile: bool = False) -> Store:
    """
    Connect to the server at `url` (redis:// or rediss://).

    Raises:
        StorageDown: It cannot be reached, or it would lose what it is given and `allow_volatile` is not set.
    """
    redis = connect(url)
    try:
        persistence, memory = await redis.info("persistence"), await redis.info("memory")
    except (RedisError, OSError, TimeoutError) as error:
        await redis.aclose()
        raise StorageDown(f"cannot reach Redis: {error}") from error
    faults = [] if allow_volatile else _faults(persistence.get("aof_enabled"), memory.get("maxmemory_policy"))
    if faults:
        await redis.aclose()
        raise StorageDown(REFUSED.format(faults=" and ".join(faults)))
    return store_on(redis)


def store_on(redis: Redis) -> Store:
    """The ports, on a connected client."""
    return Store(
        turns=RedisTurns(redis),
        history=RedisHistory(redis),
        settings=RedisSettings(redis),
        ledger=RedisLedger(redis),
        letters=RedisLetters(redis),
        leases=RedisLeases(redis),
        close=redis.aclose,
    )


def _faults(aof: object, policy: object) -> list[str]:
    faults = []
    if aof != 1:
        faults.append("appendonly is off, so a restart forgets")
    if policy != "noeviction":
        faults.append(f"maxmemory-policy is {policy}, so a full memory forgets")
    return faults

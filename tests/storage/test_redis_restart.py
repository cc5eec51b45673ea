"""Redis goes away and comes back."""

import asyncio

from sandbox.redis_server import RedisServer
from storage.redis import open_redis


async def test_connections_that_redis_has_closed_fail_nobody(redis: RedisServer) -> None:
    """Not even the first who asks on each of them once it is back."""
    store = await open_redis(redis.url, allow_volatile=True)
    try:
        await asyncio.gather(*(store.settings.get(f"s{number}") for number in range(20)))
        await redis.kill()
        await asyncio.sleep(0.1)
        await redis.start()
        await asyncio.gather(*(store.settings.get(f"s{number}") for number in range(20)))
        assert [] == await store.ledger.limits("user/a")
    finally:
        await store.close()

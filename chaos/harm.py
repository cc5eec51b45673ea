"""What is done to the processes and to their store, at moments that the dice choose."""

import asyncio
import random
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chaos.crew import Crew
from chaos.crowd import Crowd
from sandbox.redis_server import RedisServer


async def kills(crew: Crew, count: int, pause: float, dice: random.Random) -> None:
    """SIGKILL somebody, so many times, about `pause` seconds apart."""
    for _ in range(count):
        await asyncio.sleep(dice.uniform(0, 2 * pause))
        (await crew.somebody()).kill()


async def pauses(crew: Crew, count: int, lease: float, dice: random.Random) -> None:
    """SIGSTOP somebody for longer than a lease, so many times."""
    for _ in range(count):
        await (await crew.somebody()).pause(lease * dice.uniform(1.1, 1.8))
        await asyncio.sleep(dice.uniform(0, 1))


async def restarts(crew: Crew, count: int, pause: float, dice: random.Random) -> list[float]:
    """SIGTERM somebody, so many times. Returns the seconds that each took to end."""
    took = []
    for _ in range(count):
        await asyncio.sleep(dice.uniform(0, 2 * pause))
        took.append(await (await crew.somebody()).restart())
    return took


async def outages(
    server: RedisServer | None, crowd: Crowd, count: int, pause: float, dice: random.Random
) -> list[float]:
    """
    SIGKILL Redis and start it again on the same data, so many times.

    Returns:
        The seconds from when it answered a PING again until an answer was complete in some chat, for each.
    """
    recovered = []
    for _ in range(count):
        assert server is not None
        await asyncio.sleep(dice.uniform(0, 2 * pause))
        await server.kill()
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        await server.start()
        back = await _answers_again(server.url)
        while crowd.last_answer < back:
            await asyncio.sleep(0.02)
        recovered.append(crowd.last_answer - back)
    return recovered


async def _answers_again(url: str) -> float:
    """When the server first answered a PING: until then it reads its data."""
    async with Redis.from_url(url) as redis:
        while True:
            try:
                await redis.ping()
                return time.monotonic()
            except (RedisError, OSError):
                await asyncio.sleep(0.01)

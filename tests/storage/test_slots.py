"""Places on accounts, on every store; and on a real Redis from which several processes take."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.redis_server import RedisServer
from storage.redis import keys, open_redis
from storage.redis.client import connect
from storage.redis.open import store_on
from storage.sqlite import open_sqlite
from storage.store import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TTL = timedelta(seconds=60)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SHORT = timedelta(milliseconds=30)

PROCESSES, WORKERS, TRIES, MOST = 4, 8, 50, 8
PATIENCE = 60.0
"""Seconds until all processes are there, and until they are done."""


async def take(
    store: Store, token: str, now: datetime = NOW, *, account: str = "main", most: int = 0, per_minute: int = 0
) -> timedelta | None:
    return await store.slots.take(account, most, per_minute, token, TTL, now)


async def taken(store: Store, now: datetime = NOW) -> int:
    return (await store.slots.taken(["main"], now))["main"]


async def test_no_more_places_are_taken_than_there_are(store: Store) -> None:
    """The provider would refuse, and count it as a failure of the account."""
    assert await take(store, "a", most=2) is None
    assert await take(store, "b", most=2) is None
    refused = await take(store, "c", most=2)

    assert refused is not None
    assert refused > timedelta()
    assert 2 == await taken(store)


async def test_a_hundred_at_once_take_no_more_than_there_are(store: Store) -> None:
    """Looking and taking are one step."""
    outcomes = await asyncio.gather(*(take(store, str(number), most=8) for number in range(100)))

    assert 8 == outcomes.count(None)
    assert 8 == await taken(store)


async def test_accounts_are_strangers(store: Store) -> None:
    await take(store, "a", most=1)
    assert await take(store, "a", account="other", most=1) is None
    assert {"main": 1, "other": 1, "third": 0} == await store.slots.taken(["main", "other", "third"], NOW)


async def test_zero_is_any_number(store: Store) -> None:
    for number in range(20):
        assert await take(store, str(number)) is None
    assert 20 == await taken(store)


async def test_a_place_given_back_can_be_taken(store: Store) -> None:
    await take(store, "a", most=1)
    await store.slots.free("main", "a")
    assert await take(store, "b", most=1) is None


async def test_giving_back_twice_gives_back_once(store: Store) -> None:
    """A reply may be lost; nobody else's place may be given away for it."""
    await take(store, "a", most=2)
    await take(store, "b", most=2)
    for _ in range(2):
        await store.slots.free("main", "a")
    await store.slots.free("main", "nobody")
    await store.slots.free("unknown", "a")

    assert 1 == await taken(store)
    assert await take(store, "c", most=2) is None
    assert await take(store, "d", most=2) is not None


async def test_a_place_is_free_once_its_time_has_run_out(store: Store) -> None:
    """Who held it has died."""
    await take(store, "a", most=1)
    assert await take(store, "b", NOW + TTL - SECOND, most=1) is not None
    assert 0 == await taken(store, NOW + TTL)
    assert await take(store, "b", NOW + TTL, most=1) is None


async def test_a_place_is_held_for_longer(store: Store) -> None:
    """An answer may take longer than a lease."""
    await take(store, "a", most=1)
    await store.slots.renew("main", "a", TTL, NOW + TTL / 2)
    assert await take(store, "b", NOW + TTL, most=1) is not None
    assert await take(store, "b", NOW + TTL * 3 / 2, most=1) is None


async def test_a_place_that_is_lost_stays_lost(store: Store) -> None:
    """It may be another's by now."""
    await take(store, "late", most=2)
    await take(store, "freed", most=2)
    await store.slots.free("main", "freed")
    await store.slots.renew("main", "freed", TTL, NOW)
    await store.slots.renew("main", "late", TTL, NOW + TTL)
    await store.slots.renew("main", "never", TTL, NOW + TTL)

    assert 0 == await taken(store, NOW + TTL)
    assert await take(store, "x", NOW + TTL, most=2) is None
    assert await take(store, "y", NOW + TTL, most=2) is None


async def test_who_has_a_place_takes_it_for_longer(store: Store) -> None:
    """The reply to the first time may have been lost. It is no second place, and no second beginning."""
    assert await take(store, "a", most=1, per_minute=1) is None
    assert await take(store, "a", NOW + TTL / 2, most=1, per_minute=1) is None
    assert 1 == await taken(store, NOW + TTL)
    assert 0 == await taken(store, NOW + TTL * 3 / 2)


async def test_no_minute_sees_more_begun_than_it_may(store: Store) -> None:
    """Wherever the minute begins; places given back do not begin it anew. The wait is to the moment."""
    for number in range(3):
        assert await take(store, str(number), NOW + number * SECOND, per_minute=3) is None
        await store.slots.free("main", str(number))

    assert 57 * SECOND == await take(store, "x", NOW + 3 * SECOND, per_minute=3)
    assert SECOND == await take(store, "x", NOW + MINUTE - SECOND, per_minute=3)
    assert await take(store, "x", NOW + MINUTE, per_minute=3) is None
    assert SECOND == await take(store, "y", NOW + MINUTE, per_minute=3)
    assert await take(store, "y", NOW + MINUTE + SECOND, per_minute=3) is None


@pytest.mark.parametrize(("before", "after", "granted"), [(2, 4, 2), (4, 2, 0)])
async def test_a_rate_that_was_changed_holds_at_once(store: Store, before: int, after: int, granted: int) -> None:
    """A new configuration meets what the old one let through."""
    for number in range(before):
        await take(store, f"old {number}", per_minute=before)
    outcomes = [await take(store, f"new {number}", NOW + SECOND, per_minute=after) for number in range(4)]

    assert granted == outcomes.count(None)


async def test_a_refusal_consumes_nothing(store: Store) -> None:
    """Neither of the minute, when all places are taken, nor of the places, when the minute is full."""
    await take(store, "a", most=1, per_minute=2)
    for number in range(5):
        assert await take(store, f"full {number}", most=1, per_minute=2) is not None
    await store.slots.free("main", "a")
    assert await take(store, "b", most=1, per_minute=2) is None
    await store.slots.free("main", "b")

    for number in range(5):
        assert MINUTE == await take(store, f"fast {number}", most=1, per_minute=2)
    assert 0 == await taken(store)


async def test_both_limits_are_waited_for(store: Store) -> None:
    """Else whoever waits comes back too early."""
    await take(store, "a", most=1, per_minute=1)
    assert MINUTE == await take(store, "b", most=1, per_minute=1)


async def test_what_a_dead_process_had_is_free_when_a_file_is_served_again(tmp_path: Path) -> None:
    """Only one serves from it at a time; whoever looks at it beside the service takes nothing away."""
    for sole, taken in ((True, 0), (False, 1), (True, 0)):
        opened = await open_sqlite(tmp_path / "parley.db", NOW, sole=sole)
        assert {"a": taken} == await opened.slots.taken(["a"], NOW)
        await opened.slots.take("a", 1, 0, "t", TTL, NOW)
        await opened.close()


async def test_nothing_of_it_stays_in_redis(redis_store: Store, redis: RedisServer) -> None:
    """Accounts are renamed, processes die: every key ends by itself, and not before the last place on it."""
    await take(redis_store, "long", per_minute=5)
    await redis_store.slots.take("main", 0, 5, "short", SHORT, NOW)
    client = connect(redis.url)
    lives = {key: await client.pttl(key) for key in [key async for key in client.scan_iter()]}
    await client.aclose()

    assert 2 == len(lives)
    for life in lives.values():
        assert TTL - 10 * SECOND < timedelta(milliseconds=life) <= TTL


async def test_redis_remembers_no_more_beginnings_than_count(redis_store: Store, redis: RedisServer) -> None:
    """An account lives for years."""
    for number in range(10):
        assert await take(redis_store, str(number), NOW + number * MINUTE, per_minute=1) is None
    client = connect(redis.url)
    remembered = await client.llen(keys.begun("main"))
    await client.aclose()

    assert 1 == remembered


async def test_redis_goes_by_its_own_clock(redis: RedisServer) -> None:
    """Processes whose clocks differ share the places: an hour ahead is not yet an hour later."""
    client = connect(redis.url)
    await client.flushall()
    store = store_on(client)
    await take(store, "a", most=1, per_minute=2)
    assert await take(store, "b", NOW + 60 * MINUTE, most=1) is not None
    await store.slots.renew("main", "a", SHORT, NOW)
    async with asyncio.timeout(5):
        while await taken(store):
            await asyncio.sleep(SHORT.total_seconds())
    assert await take(store, "b", most=1, per_minute=2) is None
    await store.slots.free("main", "b")
    assert await take(store, "c", NOW + 60 * MINUTE, most=1, per_minute=2) is not None
    await store.close()


async def test_several_processes_never_take_more_than_there_are(redis: RedisServer) -> None:
    """Each counts itself in, while it has a place: the count says how many had one at once."""
    client = connect(redis.url)
    await client.flushall()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        work = (loop.run_in_executor(pool, _hammer, redis.url, number) for number in range(PROCESSES))
        inside, refused = zip(*await asyncio.wait_for(asyncio.gather(*work), 120), strict=True)
    left = await client.get("inside")
    await client.aclose()

    assert max(inside) <= MOST
    assert sum(refused) > 0
    assert "0" == left


def _hammer(url: str, process: int) -> tuple[int, int]:
    """The most that had a place at once, as one process saw it, and how often it was refused one."""
    return asyncio.run(_hammered(url, process))


async def _hammered(url: str, process: int) -> tuple[int, int]:
    store, client = await open_redis(url), connect(url)
    await client.incr("here")
    async with asyncio.timeout(PATIENCE):
        while await client.get("here") != str(PROCESSES):
            await asyncio.sleep(0.01)

    async def work(worker: int) -> tuple[int, int]:
        most = refused = 0
        for number in range(TRIES):
            token = f"{process}.{worker}.{number}"
            if await take(store, token, most=MOST) is not None:
                refused += 1
                continue
            most = max(most, await client.incr("inside"))
            await asyncio.sleep(SHORT.total_seconds() / 10)
            await client.decr("inside")
            await store.slots.free("main", token)
        return most, refused

    async with asyncio.timeout(PATIENCE):
        seen = await asyncio.gather(*(work(worker) for worker in range(WORKERS)))
    await client.aclose()
    await store.close()
    return max(most for most, _ in seen), sum(refused for _, refused in seen)

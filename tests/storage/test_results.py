"""Answers kept for programs that ask again, on every store."""

import asyncio
import contextlib
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import StorageDown
from bot.ports import Result
from sandbox.redis_server import RedisServer, redis_server
from storage.redis import open_redis
from storage.redis.client import connect
from storage.sqlite import open_sqlite
from storage.store import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TTL = timedelta(seconds=60)
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
SHORT = timedelta(milliseconds=30)

PATIENCE = 5.0
"""Seconds until a store that has a clock of its own has seen a short time run out."""


async def begin(
    store: Store, mark: str = "m", now: datetime = NOW, *, name: str = "alice/1", ttl: timedelta = TTL
) -> Result | None:
    return await store.results.begin(name, mark, ttl, now)


async def keep(store: Store, body: bytes, mark: str = "m", now: datetime = NOW, *, ttl: timedelta = DAY) -> None:
    await store.results.keep("alice/1", mark, body, ttl, now)


async def renew(store: Store, mark: str = "m", now: datetime = NOW, *, ttl: timedelta = DAY) -> None:
    await store.results.renew("alice/1", mark, ttl, now)


async def free_again(store: Store, later: datetime) -> None:
    """Claim the name as soon as it is free. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while await begin(store, "another", later) is not None:
            await asyncio.sleep(SHORT.total_seconds())


async def test_a_request_made_again_gets_the_same_answer(store: Store) -> None:
    """Its first reply was lost on the way, and must not be paid for twice."""
    assert await begin(store) is None
    assert Result("m") == await begin(store)
    await keep(store, b'{"id": 1}')

    assert Result("m", b'{"id": 1}') == await begin(store)
    assert Result("m", b'{"id": 1}') == await begin(store, now=NOW + DAY - SECOND)


async def test_another_request_under_that_name_is_told_from_it(store: Store) -> None:
    """Whether it is under way or answered; it changes nothing of either."""
    await begin(store)
    assert Result("m") == await begin(store, "another")
    await keep(store, b"another's", "another")
    await store.results.drop("alice/1", "another")
    assert Result("m") == await begin(store, "another")

    await keep(store, b"ours")
    assert Result("m", b"ours") == await begin(store, "another")


@pytest.mark.parametrize("name", ["alice/2", "böb/{1}", "{}", "", "a\nb" * 100])
async def test_names_are_strangers(store: Store, name: str) -> None:
    """They are what programs wrote into a header."""
    await begin(store)
    assert await begin(store, name=name) is None
    await keep(store, b"alice's")

    assert Result("m") == await begin(store, name=name)


async def test_of_many_who_claim_a_name_at_once_one_gets_it(store: Store) -> None:
    """The others would have the model paid for again."""
    outcomes = await asyncio.gather(*(begin(store, str(number)) for number in range(20)))
    (winner,) = [number for number, outcome in enumerate(outcomes) if outcome is None]

    assert {Result(str(winner))} == {outcome for outcome in outcomes if outcome is not None}


async def test_a_claim_that_was_dropped_is_free(store: Store) -> None:
    """A request that failed may be made again, and another in its place."""
    await begin(store)
    await store.results.drop("alice/1", "m")
    await store.results.drop("alice/1", "m")
    assert await begin(store, "another") is None


async def test_an_answer_that_was_kept_stays(store: Store) -> None:
    """Whoever was slow finds it there, and everybody has been told the same."""
    await begin(store)
    await keep(store, b"first")
    await store.results.drop("alice/1", "m")
    await keep(store, b"second")

    assert Result("m", b"first") == await begin(store)


async def test_an_empty_answer_is_one(store: Store) -> None:
    await begin(store)
    await keep(store, b"")
    await store.results.drop("alice/1", "m")

    assert Result("m", b"") == await begin(store)


async def test_a_large_answer_is_kept_to_the_byte(store: Store) -> None:
    """Pictures and sounds are no text."""
    body = random.Random(7).randbytes(1_000_000) + bytes(range(256))
    await begin(store)
    await keep(store, body)

    assert Result("m", body) == await begin(store)


async def test_a_claim_whose_time_has_run_out_is_free(store: Store) -> None:
    """Who made it has died; if not, it comes too late to keep anything."""
    await begin(store, ttl=SHORT)
    await free_again(store, NOW + SHORT)
    await keep(store, b"late", now=NOW + SHORT)
    await store.results.drop("alice/1", "m")

    assert Result("another") == await begin(store, now=NOW + SHORT)


async def test_a_claim_that_is_renewed_has_its_time_anew(store: Store) -> None:
    """Who made it lives, and is not done; that counts from when it was renewed, and no longer."""
    await begin(store)
    await renew(store, now=NOW + SECOND)
    assert Result("m") == await begin(store, "another", NOW + DAY)

    await renew(store, now=NOW + DAY, ttl=SHORT)
    await free_again(store, NOW + DAY + SHORT)


async def test_a_claim_that_was_renewed_takes_its_answer(store: Store) -> None:
    await begin(store)
    await renew(store)
    await keep(store, b"kept", now=NOW + DAY - SECOND)

    assert Result("m", b"kept") == await begin(store, now=NOW + DAY)


async def test_nobody_renews_anothers_claim(store: Store) -> None:
    """A short time tells it: it would run out at once."""
    await begin(store)
    await renew(store, "another", ttl=SHORT)
    await asyncio.sleep(2 * SHORT.total_seconds())

    assert Result("m") == await begin(store, "another", NOW + 2 * SHORT)


async def test_an_answer_that_was_kept_is_not_renewed(store: Store) -> None:
    """It has its own time, whoever renews the claim a moment late."""
    await begin(store)
    await keep(store, b"kept")
    await renew(store, ttl=SHORT)
    await asyncio.sleep(2 * SHORT.total_seconds())

    assert Result("m", b"kept") == await begin(store, now=NOW + 2 * SHORT)


async def test_a_claim_that_was_dropped_is_not_renewed(store: Store) -> None:
    await begin(store)
    await store.results.drop("alice/1", "m")
    await renew(store)

    assert await begin(store, "another") is None


async def test_a_claim_whose_time_has_run_out_is_not_renewed(store: Store) -> None:
    """Whether or not somebody else has the name by then."""
    await begin(store, ttl=SHORT)
    await asyncio.sleep(2 * SHORT.total_seconds())
    await renew(store, now=NOW + 2 * SHORT)
    assert await begin(store, "another", NOW + 2 * SHORT) is None

    await renew(store, now=NOW + 2 * SHORT)
    assert Result("another") == await begin(store, now=NOW + 2 * SHORT)


async def test_an_answer_is_kept_for_its_time_and_no_longer(store: Store) -> None:
    """Which begins when it is there, and is not that of the claim."""
    await begin(store)
    await keep(store, b"kept", now=NOW + SECOND, ttl=SHORT)
    await free_again(store, NOW + SECOND + SHORT)


async def test_nothing_is_kept_that_was_not_claimed(store: Store) -> None:
    await keep(store, b"never")
    await store.results.drop("alice/1", "m")
    assert await begin(store) is None


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
async def test_an_answer_that_comes_late_is_not_kept(store: Store) -> None:
    """Though nobody else has claimed the name since. In Redis the claim is gone by itself."""
    await begin(store)
    await keep(store, b"late", now=NOW + TTL)

    assert await begin(store, now=NOW + TTL) is None


async def test_redis_forgets_by_itself(redis_store: Store, redis: RedisServer) -> None:
    """The claim after its time, the answer after its own, on Redis's clock: an hour ahead is not yet an hour later."""
    client = connect(redis.url)
    await begin(redis_store)
    (key,) = [key async for key in client.scan_iter()]
    assert TTL - 10 * SECOND < timedelta(milliseconds=await client.pttl(key)) <= TTL
    assert Result("m") == await begin(redis_store, now=NOW + TTL)
    await renew(redis_store, ttl=2 * TTL)
    assert 2 * TTL - 10 * SECOND < timedelta(milliseconds=await client.pttl(key)) <= 2 * TTL
    await keep(redis_store, b"kept", now=NOW + TTL)
    assert DAY - 10 * SECOND < timedelta(milliseconds=await client.pttl(key)) <= DAY
    await client.aclose()


async def test_sqlite_sweeps_by_the_way_and_when_it_is_opened(tmp_path: Path) -> None:
    """A day's answers may be large; the file must not grow for ever."""
    path = tmp_path / "parley.db"
    store = await open_sqlite(path, NOW)
    for number in range(3):
        await begin(store, now=NOW + number * SECOND, name=str(number))
    await begin(store, now=NOW + TTL + SECOND, name="next")
    assert ["2", "next"] == names(path)
    await store.close()

    await (await open_sqlite(path, NOW + 2 * TTL)).close()
    assert ["next"] == names(path)


def names(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM result ORDER BY name")]


async def test_sqlite_keeps_them_over_a_restart(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "parley.db", NOW)
    await begin(store)
    await keep(store, b"kept")
    await store.close()
    store = await open_sqlite(tmp_path / "parley.db", NOW + SECOND)

    assert Result("m", b"kept") == await begin(store, now=NOW + SECOND)
    await store.close()


async def test_a_redis_that_is_down_is_told() -> None:
    """Nobody may take it for a name that is free."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        await server.kill()
        with pytest.raises(StorageDown):
            await begin(store)
        with pytest.raises(StorageDown):
            await renew(store)
        with pytest.raises(StorageDown):
            await keep(store, b"lost")
        with pytest.raises(StorageDown):
            await store.results.drop("alice/1", "m")
        await store.close()

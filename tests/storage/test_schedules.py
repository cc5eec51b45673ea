"""Schedules, on every store."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat import Key
from bot.errors import StorageDown
from bot.schedule import Job, Recurrence, Schedule, changed
from sandbox.redis_server import RedisServer, redis_server
from storage.redis import keys, open_redis
from storage.redis.client import connect
from storage.redis.schedules import RedisSchedules
from storage.sqlite import open_sqlite
from storage.sqlite.database import Database
from storage.sqlite.schedules import SqliteSchedules
from storage.store import Store
from tests.make import key

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
FAR = NOW + timedelta(days=365 * 1_000)
EVERY_MONDAY = Recurrence("Europe/Oslo", cron="0 18 * * mon")


def schedule(id: str, due: datetime | None = NOW, *, owner: Key | None = None, place: Key | None = None) -> Schedule:
    """The first version of one that was made so many seconds after NOW as its id says."""
    whose = owner or key()
    made = NOW + int(id.strip("s")) * SECOND
    return Schedule(id, 1, Job.REMIND, "Water the plants 🪴", EVERY_MONDAY, whose, "Alice", place or whose, made, due)


async def write(store: Store, *schedules: Schedule) -> None:
    for each in schedules:
        assert await store.schedules.write(each)


async def due(store: Store, until: datetime = NOW, limit: int = 10) -> list[str]:
    return [each.id for each in await store.schedules.due(until, limit)]


async def test_a_schedule_comes_back_as_it_was_written(store: Store) -> None:
    """Whoever reads it does what its owner said, in the owner's zone, and not nearly that."""
    full = replace(
        schedule("s1", NOW + MICROSECOND, place=key(channel="11", thread="7")),
        paused="You said so.",
        job=Job.PROMPT,
        text="Say:\n\n🦉 \ud83d",
        recurrence=Recurrence("Asia/Kathmandu", seconds=90, since=NOW + MICROSECOND),
        author="Ålice\n",
        skipped=2,
        skipped_at=NOW,
    )
    await write(store, full, schedule("s2", None))

    assert full == await store.schedules.get("s1")
    assert schedule("s2", None) == await store.schedules.get("s2")
    assert await store.schedules.get("s3") is None


async def test_only_the_next_version_is_written(store: Store) -> None:
    """Of two who read it and change it, the second looks again, and undoes nothing of the first's."""
    first = schedule("s1")
    assert not await store.schedules.write(changed(first))
    assert await store.schedules.write(first)
    assert not await store.schedules.write(replace(first, text="another"))
    assert await store.schedules.write(changed(first, paused="You paused it."))
    assert not await store.schedules.write(changed(first, text="late"))
    assert not await store.schedules.write(replace(first, version=4))

    assert changed(first, paused="You paused it.") == await store.schedules.get("s1")


@pytest.mark.parametrize("version", [1, 2])
async def test_of_many_who_write_a_version_at_once_one_does(store: Store, version: int) -> None:
    """The others would fire it a second time."""
    base = replace(schedule("s1"), version=0)
    for _ in range(1, version):
        base = changed(base)
        await write(store, base)
    rivals = [changed(base, text=str(number)) for number in range(20)]
    outcomes = await asyncio.gather(*(store.schedules.write(rival) for rival in rivals))
    (winner,) = [rival for rival, written in zip(rivals, outcomes, strict=True) if written]

    assert winner == await store.schedules.get("s1")
    assert [winner] == list(await store.schedules.due(NOW, 10))


async def test_what_is_due_comes_earliest_first_and_no_more_than_wanted(store: Store) -> None:
    """After a downtime much is due at once, and is worked off in order."""
    minutes = {"s1": -2, "s2": -3, "s3": 1, "s4": 0, "s5": -3}
    await write(store, *(schedule(id, NOW + timedelta(minutes=late)) for id, late in minutes.items()))

    assert ["s2", "s5", "s1", "s4"] == await due(store)
    assert ["s2", "s5"] == await due(store, limit=2)
    assert ["s2", "s5", "s1", "s4", "s3"] == await due(store, FAR)


async def test_nothing_is_due_a_microsecond_early(store: Store) -> None:
    """Whoever is told that it is due asks which of its times have come, and must find one."""
    await write(store, schedule("s1", NOW + MICROSECOND))

    assert [] == await due(store, NOW)
    assert ["s1"] == await due(store, NOW + MICROSECOND)


async def test_what_is_paused_or_over_is_not_due(store: Store) -> None:
    paused = schedule("s1")
    await write(store, paused, schedule("s2", None))
    await write(store, changed(paused, paused="You paused it."))
    assert [] == await due(store, FAR)

    await write(store, changed(changed(paused), paused=""))
    assert ["s1"] == await due(store)


async def test_a_schedule_is_due_when_its_newest_version_says(store: Store) -> None:
    """Once it was done it waits for its next time; a process that wrote nothing changes nothing."""
    first = schedule("s1")
    await write(store, first, changed(first, next=NOW + SECOND))
    await store.schedules.write(changed(first, next=NOW))

    assert [] == await due(store)
    assert ["s1"] == await due(store, NOW + SECOND)
    await write(store, replace(first, version=3, next=None))
    assert [] == await due(store, FAR)


async def test_an_owner_has_theirs_oldest_first(store: Store) -> None:
    """Wherever they made them, and whether or not they wait."""
    alice, elsewhere, bob, longer = key("1"), key("1", channel="11", community=""), key("2"), key("11")
    owners = {"s3": alice, "s1": elsewhere, "s2": bob, "s10": alice, "s4": longer}
    await write(store, *(schedule(id, None, owner=owner) for id, owner in owners.items()))

    assert ["s1", "s3", "s10"] == [each.id for each in await store.schedules.of(alice.person)]
    assert [] == list(await store.schedules.of(key("3").person))


async def test_a_channel_has_its_own_oldest_first(store: Store) -> None:
    """Whoever made them; a thread is a place of its own."""
    places = {"s3": key("1"), "s1": key("2"), "s2": key(thread="7"), "s10": key("3"), "s4": key(channel="101")}
    await write(store, *(schedule(id, owner=key("9"), place=place) for id, place in places.items()))

    assert ["s1", "s3", "s10"] == [each.id for each in await store.schedules.at(key().place)]
    assert ["s2"] == [each.id for each in await store.schedules.at(key(thread="7").place)]
    assert [] == list(await store.schedules.at(key(channel="12").place))


async def test_a_schedule_that_moved_is_found_where_it_is(store: Store) -> None:
    """A group that becomes a supergroup takes its schedules along."""
    here, there = key(channel="10"), key("2", channel="11")
    first = schedule("s1", owner=here)
    await write(store, first, changed(first, owner=there, place=there))

    for found in (store.schedules.of(here.person), store.schedules.at(here.place)):
        assert [] == list(await found)
    for found in (store.schedules.of(there.person), store.schedules.at(there.place)):
        assert ["s1"] == [each.id for each in await found]


async def test_what_was_removed_is_nowhere(store: Store) -> None:
    """And its id is free: a new one begins at version 1."""
    await write(store, schedule("s1"), schedule("s2"))
    assert await store.schedules.remove("s1")
    assert not await store.schedules.remove("s1")
    assert not await store.schedules.write(changed(schedule("s1")))

    assert await store.schedules.get("s1") is None
    assert ["s2"] == await due(store)
    assert ["s2"] == [each.id for each in await store.schedules.of(key().person)]
    assert ["s2"] == [each.id for each in await store.schedules.at(key().place)]
    await write(store, schedule("s1"))


async def test_redis_has_nothing_left_of_what_was_removed(redis_store: Store, redis: RedisServer) -> None:
    await write(redis_store, schedule("s1"), changed(schedule("s1"), place=key(channel="11")), schedule("s2", None))
    for id in ("s1", "s2"):
        await redis_store.schedules.remove(id)
    client = connect(redis.url)
    left = await client.keys("*")
    await client.aclose()

    assert [] == left


async def test_a_thousand_schedules_are_read_in_order(store: Store) -> None:
    """A page at a time, or all at once; in Redis that is one way there and back, and not a thousand."""
    ids = [f"s{number}" for number in range(1_000)]
    await asyncio.gather(*(write(store, schedule(id, NOW - int(id[1:]) * SECOND)) for id in ids))

    assert ids[::-1] == await due(store, limit=2_000)
    assert ids[:-101:-1] == await due(store, limit=100)
    assert ids == [each.id for each in await store.schedules.of(key().person)]


async def spoil_sqlite(path: Path, *ids: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for id in ids:
            connection.execute("UPDATE schedule SET doc = replace(doc, '\"v\":1', '\"v\":2') WHERE id = ?", (id,))


async def spoil_redis(url: str, *ids: str) -> None:
    client = connect(url)
    docs = keys.schedules()[0]
    for id in ids:
        value = await client.hget(docs, id)
        assert value is not None
        await client.hset(docs, id, str(value).replace('"v":1', '"v":2'))
    await client.aclose()


Spoil = Callable[..., Awaitable[None]]


@pytest.fixture(params=["sqlite", "redis"])
def spoiled(request: pytest.FixtureRequest, tmp_path: Path, redis: RedisServer) -> tuple[Store, Spoil]:
    """A store, and a way to make schedules in it such as only a newer Parley can read."""
    store: Store = request.getfixturevalue(f"{request.param}_store")

    async def spoil(*ids: str) -> None:
        if request.param == "sqlite":
            await spoil_sqlite(tmp_path / "parley.db", *ids)
        else:
            await spoil_redis(redis.url, *ids)

    return store, spoil


async def test_one_that_cannot_be_read_holds_up_nobody(
    spoiled: tuple[Store, Spoil], caplog: pytest.LogCaptureFixture
) -> None:
    """However few are asked for; the log says so once, though it is asked for again and again."""
    store, spoil = spoiled
    await write(store, *(schedule(f"s{number}", NOW + number * SECOND) for number in range(6)))
    await spoil("s0", "s1", "s3")

    for limit, found in ((1, ["s2"]), (2, ["s2", "s4"]), (3, ["s2", "s4", "s5"]), (10, ["s2", "s4", "s5"])):
        assert found == await due(store, FAR, limit)
    assert ["s2", "s4", "s5"] == [each.id for each in await store.schedules.of(key().person)]
    assert ["s2", "s4", "s5"] == [each.id for each in await store.schedules.at(key().place)]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert ["s0", "s1", "s3"] == [error.split()[1] for error in errors]
    assert "written by a newer Parley" in errors[0]
    assert "plants" not in caplog.text


async def test_one_that_cannot_be_read_can_be_removed(spoiled: tuple[Store, Spoil]) -> None:
    store, spoil = spoiled
    await write(store, schedule("s1"))
    await spoil("s1")

    assert await store.schedules.remove("s1")
    await write(store, schedule("s1"))
    assert ["s1"] == await due(store)


async def test_sqlite_keeps_them_over_a_restart(tmp_path: Path) -> None:
    """Also over a year in which nobody started it."""
    store = await open_sqlite(tmp_path / "parley.db", NOW)
    await write(store, schedule("s1"))
    await store.close()
    later = NOW + timedelta(days=400)
    store = await open_sqlite(tmp_path / "parley.db", later)

    assert [schedule("s1")] == list(await store.schedules.due(later, 10))
    await store.close()


async def test_redis_keeps_them_over_a_crash() -> None:
    """Each index too, and the scripts that it has forgotten are given to it again."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        await write(store, schedule("s1"))
        await server.kill()
        with pytest.raises(StorageDown):
            await due(store)
        await server.start()

        assert ["s1"] == await due(store)
        await write(store, changed(schedule("s1"), next=None))
        assert [changed(schedule("s1"), next=None)] == list(await store.schedules.at(key().place))
        await store.close()


async def test_another_process_sees_what_was_written(redis_store: Store, redis: RedisServer) -> None:
    """The next time it asks: nothing is remembered on this side."""
    other = await open_redis(redis.url, allow_volatile=True)
    assert [] == await due(other)
    await write(redis_store, schedule("s1"))

    assert ["s1"] == await due(other)
    assert not await other.schedules.write(schedule("s1"))
    await other.close()


async def test_a_redis_that_is_down_is_told() -> None:
    """Nobody may take it for an empty calendar."""
    async with redis_server() as server:
        client = connect(server.url)
        await server.kill()
        await all_refused(RedisSchedules(client))
        await client.aclose()


async def test_a_closed_sqlite_is_told(tmp_path: Path) -> None:
    file = Database(str(tmp_path / "parley.db"))
    await file.open()
    await file.close()
    await all_refused(SqliteSchedules(file))


async def all_refused(schedules: RedisSchedules | SqliteSchedules) -> None:
    for verb in (
        lambda: schedules.get("s1"),
        lambda: schedules.write(schedule("s1")),
        lambda: schedules.remove("s1"),
        lambda: schedules.due(NOW, 10),
        lambda: schedules.of(key().person),
        lambda: schedules.at(key().place),
    ):
        with pytest.raises(StorageDown):
            await verb()

"""What is too old is forgotten, on every store."""

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.chat import ROOT, Message
from bot.errors import StorageDown
from bot.period import Window
from bot.ports import DeadLetter, Lease
from bot.quota import Charge, Limit, Share, Unit
from bot.turn import State, Usage
from sandbox.redis_server import RedisServer, redis_server
from storage.redis import keys, letters, open_redis
from storage.redis.client import connect
from storage.sqlite import database, open_sqlite, schema, sweep
from storage.sqlite.open import store_on
from storage.store import USUAL, Keep, Store
from tests.make import key, message, turn

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
WEEK = Keep(history=7 * DAY, letters=2 * DAY)
FOR_EVER = Keep(history=None)
SESSION, OTHER, ROOM = "test:bot:10/-/*", "test:bot:10/-/1", "test:bot:10"

week = pytest.mark.parametrize("keep", [WEEK])
swept = pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
"""Redis knows by itself when a conversation has run out, on its own clock."""


def said(at: datetime | None, node: str = "1") -> tuple[Message, Message]:
    """A question and its answer, of that time."""
    return (
        replace(message(f"{node}q", ROOT), at=at),
        replace(message(f"{node}a", f"{node}q"), at=at),
    )


def letter(number: int, at: datetime) -> DeadLetter:
    return DeadLetter(f"l{number}", at, "telegram", "unreadable")


async def kept(store: Store, session: str = SESSION) -> bool:
    """Whether a conversation is there, whole; if not, nothing of it is."""
    head = await store.history.head(session)
    path = [each.id for each in await store.history.path(session, "1a", 10)]
    assert (head == ROOT) == (path == [])
    assert path in ([], ["1q", "1a"])
    return bool(path)


@week
@swept
async def test_a_conversation_is_kept_for_its_time_after_its_last_message(store: Store) -> None:
    """Then nothing is left of it, and a reply to its messages leads nowhere; others are left alone."""
    await store.history.append(SESSION, said(NOW))
    await store.history.append(OTHER, said(NOW + SECOND))
    for room_message, session in (("77", SESSION), ("78", OTHER)):
        await store.history.point(ROOM, [room_message], session, "1a")

    assert 0 == await store.sweep(NOW + 7 * DAY)
    assert await kept(store)
    assert 1 == await store.sweep(NOW + 7 * DAY + SECOND)
    assert not await kept(store)
    assert await store.history.find(ROOM, "77") is None
    assert await kept(store, OTHER)
    assert (OTHER, "1a") == await store.history.find(ROOM, "78")
    assert 0 == await store.sweep(NOW + 7 * DAY + SECOND)


@week
@swept
async def test_a_conversation_that_is_gone_on_with_is_kept_whole(store: Store) -> None:
    """Its first messages are what the model reads first, however old."""
    await store.history.append(SESSION, said(NOW))
    await store.history.append(SESSION, said(NOW + 6 * DAY, "2"))

    assert 0 == await store.sweep(NOW + 13 * DAY)
    assert 2 == len(await store.history.path(SESSION, "1a", 10))
    assert 1 == await store.sweep(NOW + 14 * DAY)


@week
@swept
async def test_an_old_question_that_was_answered_late_ages_no_conversation(store: Store) -> None:
    """An operator may send a dead letter on its way again, weeks later."""
    await store.history.append(SESSION, said(NOW))
    await store.history.append(SESSION, said(NOW - 30 * DAY, "2"))

    assert 0 == await store.sweep(NOW + DAY)
    assert await kept(store)


@week
@swept
@pytest.mark.parametrize("moved", [False, True])
async def test_where_the_time_is_not_known_it_counts_from_the_next_sweep(store: Store, moved: bool) -> None:
    """Of a conversation from an older Parley, and of one that somebody went back in."""
    await store.history.append(SESSION, said(NOW if moved else None))
    if moved:
        await store.history.move_head(SESSION, "1q")

    assert 0 == await store.sweep(NOW + 30 * DAY)
    assert 0 == await store.sweep(NOW + 37 * DAY)
    assert await kept(store)
    assert 1 == await store.sweep(NOW + 37 * DAY + SECOND)
    assert not await kept(store)


@week
async def test_a_conversation_that_was_forgotten_can_begin_anew(store: Store) -> None:
    """A channel has one conversation, under one name, for as long as it lives."""
    await store.history.append(SESSION, said(NOW))
    await store.sweep(NOW + 30 * DAY)
    await store.history.append(SESSION, said(NOW + 30 * DAY))
    await store.sweep(NOW + 31 * DAY)

    assert await kept(store)


@pytest.mark.parametrize("keep", [FOR_EVER])
async def test_conversations_are_kept_for_ever_where_that_is_wanted(store: Store) -> None:
    """Letters are not."""
    await store.history.append(SESSION, said(NOW))
    await store.history.append(OTHER, said(None))
    await store.letters.add(letter(1, NOW))

    assert 1 == await store.sweep(NOW + 10_000 * DAY)
    assert 0 == await store.sweep(NOW + 20_000 * DAY)
    assert await kept(store)
    assert await kept(store, OTHER)


@week
async def test_letters_are_kept_for_their_time(store: Store) -> None:
    """Whoever has not looked by then will not."""
    for number in range(5):
        await store.letters.add(letter(number, NOW + number * SECOND))

    assert 0 == await store.sweep(NOW + 2 * DAY)
    assert 3 == await store.sweep(NOW + 2 * DAY + 3 * SECOND)
    assert ["l4", "l3"] == [each.id for each in await store.letters.newest(10)]
    assert await store.letters.get("l2") is None
    assert 2 == await store.sweep(NOW + 30 * DAY)


async def test_redis_forgets_letters_some_at_a_time(redis_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in the end, and none of their keys stays."""
    monkeypatch.setattr(letters, "BATCH", 2)
    for number in range(6):
        await redis_store.letters.add(letter(number, NOW))

    assert 6 == await redis_store.sweep(NOW + 31 * DAY)
    assert [] == list(await redis_store.letters.newest(10))


async def lives(redis: RedisServer) -> set[int]:
    """For how many seconds the keys of a conversation are kept, in whole minutes; -1 for ever."""
    client = connect(redis.url)
    names = [keys.tree(SESSION), keys.head(SESSION), keys.shown(ROOM, "77")]
    found = {-(-await client.ttl(name) // 60) * 60 if await client.ttl(name) > 0 else -1 for name in names}
    await client.aclose()
    return found


@pytest.mark.parametrize(("keep", "life"), [(WEEK, 7 * 86_400), (USUAL, 90 * 86_400), (FOR_EVER, -1)])
async def test_redis_forgets_conversations_by_itself(redis_store: Store, redis: RedisServer, life: int) -> None:
    await redis_store.history.append(SESSION, said(NOW))
    await redis_store.history.point(ROOM, ["77"], SESSION, "1a")
    assert {life} == await lives(redis)

    await redis_store.history.move_head(SESSION, "1q")
    assert {life} == await lives(redis)


@pytest.mark.parametrize("keep", [FOR_EVER])
async def test_redis_keeps_for_ever_what_it_would_have_forgotten(redis_store: Store, redis: RedisServer) -> None:
    """An operator changes their mind: what is gone on with, even with nothing new, stays."""
    before = await open_redis(redis.url, allow_volatile=True, keep=WEEK)
    await before.history.append(SESSION, said(NOW))
    await before.close()
    await redis_store.history.append(SESSION, said(NOW))
    await redis_store.history.point(ROOM, ["77"], SESSION, "1a")

    assert {-1} == await lives(redis)


class Watched(database.Database):
    """Counts the rows that each job changes, and does something else after one of them."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.rows: list[int] = []
        self.after: dict[int, Callable[[], Awaitable[None]]] = {}

    async def write(self, job: database.Job[database.T]) -> database.T:
        def counted(connection: sqlite3.Connection) -> database.T:
            before = connection.total_changes
            result = job(connection)
            self.rows.append(connection.total_changes - before)
            return result

        result = await super().write(counted)
        await self.after.pop(len(self.rows), _nothing)()
        return result


async def _nothing() -> None:
    pass


async def test_sqlite_is_never_held_up_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is: a question that comes in meanwhile waits for some rows, not for all."""
    monkeypatch.setattr(sweep, "BATCH", 50)
    path = tmp_path / "parley.db"
    await (await open_sqlite(path, NOW)).close()
    file = Watched(str(path))
    await file.open()
    store = store_on(file, keep=WEEK)
    await store.history.append(SESSION, [replace(message(f"{number}", ROOT), at=NOW) for number in range(330)])
    for number in range(120):
        await store.history.append(f"test:bot:10{number:03}/-/*", said(NOW))
    await store.history.point(ROOM, [str(number) for number in range(130)], SESSION, "1a")
    for number in range(110):
        await store.letters.add(letter(number, NOW))
    file.rows.clear()

    assert 121 + 110 == await store.sweep(NOW + 8 * DAY)
    assert 50 == max(file.rows)
    assert 330 + 240 + 130 + 121 + 110 == sum(file.rows)
    await store.close()


async def test_in_sqlite_what_is_gone_on_with_during_a_sweep_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody comes back to a conversation on the very day, and is answered."""
    monkeypatch.setattr(sweep, "BATCH", 2)
    path = tmp_path / "parley.db"
    await (await open_sqlite(path, NOW)).close()
    for moment in range(1, 25):
        file = Watched(str(path))
        await file.open()
        store, later = store_on(file, keep=WEEK), NOW + 8 * DAY
        await store.history.forget(SESSION)
        await store.history.append(SESSION, [*said(NOW), *said(NOW, "2")])

        async def go_on(store: Store = store, later: datetime = later) -> None:
            await store.history.append(SESSION, said(later, "3"))

        file.after = {len(file.rows) + moment: go_on}
        await store.sweep(later)
        if file.after:
            await go_on()
        assert "3a" == await store.history.head(SESSION)
        assert ["3q", "3a"] == [each.id for each in await store.history.path(SESSION, "3a", 10)]
        await store.close()


async def test_an_older_file_counts_from_its_first_sweep(tmp_path: Path) -> None:
    """It says nothing of when its conversations were, and nobody shall lose one by an update."""
    path = tmp_path / "parley.db"
    before = schema.STEPS.index(schema.RETENTION)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for step in schema.STEPS[:before]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {before}")
        connection.execute("INSERT INTO head VALUES (?, '1a')", (SESSION,))
        connection.commit()
    store = await open_sqlite(path, NOW, keep=WEEK)

    assert 0 == await store.sweep(NOW)
    assert "1a" == await store.history.head(SESSION)
    assert 1 == await store.sweep(NOW + 8 * DAY)
    assert ROOT == await store.history.head(SESSION)
    await store.close()


async def test_opening_a_sqlite_file_forgets_no_conversation(tmp_path: Path) -> None:
    """A command that only looks need not know what the configuration says of it."""
    path = tmp_path / "parley.db"
    store = await open_sqlite(path, NOW)
    await store.history.append(SESSION, said(NOW))
    await store.letters.add(letter(1, NOW))
    await store.close()
    store = await open_sqlite(path, NOW + 400 * DAY, keep=WEEK)

    assert await kept(store)
    assert [letter(1, NOW)] == list(await store.letters.newest(9))
    await store.close()


async def test_a_sqlite_file_that_is_open_for_months_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended turns, charges, the journal, spendings and what was counted; what has no end stays."""
    monkeypatch.setattr(sweep, "BATCH", 1)
    store = await open_sqlite(tmp_path / "parley.db", NOW)
    lasting = Limit(Unit.TOKENS, Window.EVER, 9)
    for number in range(3):
        usual = Share(f"user/{number}", (Limit(Unit.TOKENS, Window.DAY, 1_000),))
        charge = Charge(f"t{number}", key(), "owl", Usage(3, 2), NOW, {Unit.TOKENS: 5}, (usual,))
        await store.ledger.settle(charge, NOW)
    await store.ledger.set_limit("user/1", lasting, NOW)
    await end(store)

    await store.sweep(NOW + 401 * DAY)
    assert {"sheet": 1} == rows(tmp_path / "parley.db", "turn", "charge", "journal", "spending", "sheet")
    assert [lasting] == list(await store.ledger.limits("user/1"))
    await store.close()


async def end(store: Store) -> None:
    """Have a turn that is over."""
    lease = Lease(turn().lane, "mine")
    await store.turns.ingest(turn(), 0, NOW)
    claimed = await store.turns.claim(lease, NOW, NOW + DAY)
    assert claimed is not None
    await store.turns.finish(lease, replace(claimed, state=State.DONE), NOW)


def rows(path: Path, *tables: str) -> dict[str, int]:
    """How many rows those of the tables have that have any."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    return {table: count for table, count in counts.items() if count}


async def test_a_store_that_is_away_is_told(tmp_path: Path) -> None:
    """The sweep is made up for once it is back."""
    closed = await open_sqlite(tmp_path / "parley.db", NOW)
    await closed.close()
    async with redis_server() as server:
        down = await open_redis(server.url)
        await server.kill()
        for store in (closed, down):
            with pytest.raises(StorageDown):
                await store.sweep(NOW)
        await down.close()

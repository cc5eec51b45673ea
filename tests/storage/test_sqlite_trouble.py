"""A SQLite file in trouble: no room, another process on it, killed in a commit, not to be opened."""

import asyncio
import contextlib
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bot.errors import StorageDown
from bot.ports import Ingested
from storage.sqlite import database, open_sqlite
from storage.sqlite.database import Database
from storage.sqlite.open import store_on
from tests.make import NOW, turn
from tests.storage.hasty import LIFE

ROOT = Path(__file__).parents[2]
KILLS = 100
NOBODY = 65534


@contextlib.asynccontextmanager
async def no_new_page(file: Database, path: Path) -> AsyncIterator[None]:
    """SQLite finds no room while it works on a job."""
    del path
    pages = await file.write(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0])
    await file.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    yield
    await file.write(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())


@contextlib.asynccontextmanager
async def no_longer_file(file: Database, path: Path) -> AsyncIterator[None]:
    """The system takes some of a commit, and not the rest."""
    del file
    log = path.with_name(f"{path.name}-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 1_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("no_room", [no_new_page, no_longer_file])
async def test_a_full_disk_loses_nothing(
    tmp_path: Path, no_room: Callable[[Database, Path], AbstractAsyncContextManager[None]]
) -> None:
    """What was confirmed is there, what was not is not there in part, and with room again all goes on."""
    path = tmp_path / "parley.db"
    await (await open_sqlite(path, NOW)).close()
    file = Database(str(path))
    await file.open()
    store = store_on(file)
    kept = [turn(f"e{number}") for number in range(20)]
    for confirmed in kept:
        await store.turns.ingest(confirmed, 0, NOW)

    large = turn("large", text="Why? " * 20_000)
    async with no_room(file, path):
        for _ in range(3):
            with pytest.raises(StorageDown, match=r"parley\.db: its disk is full"):
                await store.turns.ingest(large, 0, NOW)
        assert [one.id for one in kept] == list(await store.turns.waiting(turn().lane))

    assert Ingested.NEW is await store.turns.ingest(large, 0, NOW)
    await store.close()
    assert [*(one.id for one in kept), large.id] == ids(path)


def ids(path: Path, which: str = "TRUE") -> list[str]:
    """The turns in a file, oldest first, once the file has been found sound."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        return [id for (id,) in connection.execute(f"SELECT id FROM turn WHERE {which} ORDER BY place")]


async def test_one_process_serves_a_file(tmp_path: Path) -> None:
    """Two would not hear of each other's turns; a symbolic link does not hide that it is the same file."""
    path, link = tmp_path / "parley.db", tmp_path / "link.db"
    link.symlink_to(path)
    first = await open_sqlite(path, NOW, sole=True)
    for name in (path, link):
        with pytest.raises(StorageDown, match=rf"{name.name}: another process serves it"):
            await open_sqlite(name, NOW, sole=True)

    await first.close()
    await (await open_sqlite(link, NOW, sole=True)).close()


async def test_a_command_may_look_at_a_file_that_is_served(tmp_path: Path) -> None:
    """`parley dead list` is most wanted while the service runs."""
    path = tmp_path / "parley.db"
    service = await open_sqlite(path, NOW, sole=True)
    command = await open_sqlite(path, NOW)
    await service.turns.ingest(turn(), 0, NOW)

    assert Ingested.KNOWN is await command.turns.ingest(turn(), 0, NOW)
    await command.close()
    assert [turn().id] == list(await service.turns.waiting(turn().lane))
    await service.close()


async def test_a_file_that_another_program_locks_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup, or somebody with a shell who began a transaction and went to lunch."""
    monkeypatch.setattr(database, "BUSY", 50)
    path = tmp_path / "parley.db"
    store = await open_sqlite(path, NOW)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageDown, match="another program keeps it locked"):
            await store.turns.ingest(turn(), 0, NOW)
        with pytest.raises(StorageDown, match="another program keeps it locked"):
            await open_sqlite(path, NOW)
        other.execute("ROLLBACK")

    assert Ingested.NEW is await store.turns.ingest(turn(), 0, NOW)
    await store.close()


async def test_a_job_with_a_mistake_harms_nobody_else(tmp_path: Path) -> None:
    """The thread that does the jobs goes on, or everybody would wait for ever."""
    file = Database(str(tmp_path / "parley.db"))
    await file.open()
    async with asyncio.timeout(10):
        with pytest.raises(ZeroDivisionError):
            await file.write(lambda _: 1 // 0)
        assert 1 == await file.write(lambda _: 1)
    await file.close()


def test_killed_a_hundred_times_nothing_is_lost(tmp_path: Path) -> None:
    """Each next process goes on with the file that the last one left, and never finds it taken."""
    path, dice = tmp_path / "parley.db", random.Random(5)
    asked, done = set[str](), set[str]()
    program = [sys.executable, "-m", "tests.storage.hasty", str(path)]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as nursery:
        for _ in range(KILLS):
            promises = live_and_die(nursery, dice)
            asked |= promises["asked"]
            done |= promises["done"]
            assert asked <= set(ids(path))
            assert done <= set(ids(path, "ended IS NOT NULL"))
    assert 0 == nursery.returncode
    assert len(done) > KILLS


def live_and_die(nursery: "subprocess.Popen[str]", dice: random.Random) -> dict[str, set[str]]:
    """Have a process born, and kill it at some moment, now and then before it has opened the file."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    print("next", file=nursery.stdin)
    promises: dict[str, set[str]] = {"asked": set(), "done": set()}
    early = dice.random() < 0.1
    for line in nursery.stdout:
        what, _, about = line.strip().partition(" ")
        if what == "born":
            child = int(about)
        elif what == "dead":
            break
        else:
            promises[what].add(about)
        if (early and what == "born") or (not early and what == "asked" and len(promises["asked"]) == 1):
            time.sleep(dice.uniform(0, 0.08))
            os.kill(child, signal.SIGKILL)
    return promises


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may look into."""
    made = Path(tempfile.mkdtemp(prefix="parley-"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@contextlib.contextmanager
def somebody() -> Iterator[None]:
    """Nobody in particular: the administrator may write everywhere."""
    administrator = os.geteuid() == 0
    if administrator:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if administrator:
            os.seteuid(0)


async def test_a_file_that_may_not_be_written_to_is_told(folder: Path) -> None:
    path = folder / "parley.db"
    await (await open_sqlite(path, NOW)).close()
    for place, mode in ((path, 0o444), (folder, 0o555)):
        os.chmod(place, mode)
    with somebody():
        with pytest.raises(StorageDown, match=r"parley\.db: it (may not be written to|cannot be opened)"):
            await open_sqlite(path, NOW)
        with pytest.raises(StorageDown, match=r"parley\.db\.lock: Permission denied"):
            await open_sqlite(path, NOW, sole=True)


async def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageDown, match="it cannot be opened: it must be a file"):
        await open_sqlite(tmp_path, NOW)


async def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StorageDown, match="data: File exists"):
        await open_sqlite(tmp_path / "data" / "parley.db", NOW)


async def test_a_file_that_is_none_of_sqlites_is_told(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    path.write_text("Dear diary, " * 1_000)
    with pytest.raises(StorageDown, match=r"parley\.db: it is not a SQLite file"):
        await open_sqlite(path, NOW)
    assert path.read_text().startswith("Dear diary")


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """And what cannot be read is not written over."""
    path = tmp_path / "parley.db"
    store = await open_sqlite(path, NOW)
    for number in range(200):
        await store.turns.ingest(turn(f"e{number}"), 0, NOW)
    await store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    with pytest.raises(StorageDown, match=r"parley\.db: it is damaged"):
        await open_sqlite(path, NOW + 1_000_000 * LIFE)

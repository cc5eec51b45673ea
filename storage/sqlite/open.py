"""Opens a SQLite store."""

import sqlite3
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import StorageDown
from storage.sqlite.database import Database
from storage.sqlite.history import SqliteHistory
from storage.sqlite.leases import SqliteLeases
from storage.sqlite.ledger import SqliteLedger
from storage.sqlite.letters import SqliteLetters
from storage.sqlite.lock import lock
from storage.sqlite.records import SqliteRecords
from storage.sqlite.results import SqliteResults
from storage.sqlite.schedules import SqliteSchedules
from storage.sqlite.schema import migrate
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.slots import SqliteSlots, free_slots
from storage.sqlite.sweep import sweep_all, sweep_traces
from storage.sqlite.turns import SqliteTurns
from storage.store import USUAL, UTC_ZONE, Keep, Store


async def open_sqlite(
    path: Path, now: datetime, *, sole: bool = False, zone: ZoneInfo = UTC_ZONE, keep: Keep = USUAL
) -> Store:
    """
    Open the file, making it and its folder when they are not there, and sweep out what is of no use any more.

    Args:
        sole: Be the only one who serves from it, as long as it is open; a command that looks at it need not be.
        zone: Where days and months begin at midnight.

    Raises:
        StorageDown: It cannot be opened, another process serves from it, or a newer program wrote it.
    """
    async with AsyncExitStack() as opened:
        _make_folder(path.parent)
        if sole:
            opened.enter_context(lock(path))
        database = Database(str(path))
        await database.open()
        opened.push_async_callback(database.close)
        await _prepare(database, path, sole=sole)
        await sweep_traces(database, now)
        return replace(store_on(database, zone, keep), close=opened.pop_all().aclose)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageDown(f"sqlite: {folder}: {error.strerror}") from error


async def _prepare(database: Database, path: Path, *, sole: bool) -> None:
    def job(connection: sqlite3.Connection) -> None:
        migrate(connection)
        if sole:
            free_slots(connection)

    try:
        await database.write(job)
    except ValueError as error:
        raise StorageDown(f"sqlite: {path}: {error}") from error


def store_on(database: Database, zone: ZoneInfo = UTC_ZONE, keep: Keep = USUAL) -> Store:
    """The ports, on an opened database."""
    return Store(
        turns=SqliteTurns(database),
        history=SqliteHistory(database),
        settings=SqliteSettings(database),
        ledger=SqliteLedger(database, zone),
        records=SqliteRecords(database),
        results=SqliteResults(database),
        schedules=SqliteSchedules(database),
        letters=SqliteLetters(database),
        leases=SqliteLeases(database),
        slots=SqliteSlots(database),
        sweep=partial(sweep_all, database, keep),
        close=database.close,
    )

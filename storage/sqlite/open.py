"""Opens a SQLite store."""

import sqlite3
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import StorageDown
from storage.record import ms
from storage.sqlite.database import Database
from storage.sqlite.history import SqliteHistory
from storage.sqlite.leases import SqliteLeases
from storage.sqlite.ledger import SqliteLedger
from storage.sqlite.letters import SqliteLetters
from storage.sqlite.lock import lock
from storage.sqlite.records import SqliteRecords
from storage.sqlite.results import SqliteResults, sweep_results
from storage.sqlite.schema import migrate
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.sheets import sweep_sheets
from storage.sqlite.slots import SqliteSlots, free_slots, sweep_slots
from storage.sqlite.turns import SqliteTurns
from storage.store import UTC_ZONE, Store

ENDED_TURN = timedelta(days=7)
"""How long an ended turn is kept: for its buttons, and so that its event is known when it comes again."""

CHARGE = timedelta(days=35)
"""How long a charge and a line of the journal are kept: longer than a turn may take, and than a month."""

SPENDING = timedelta(days=400)
"""How long a day's spendings are kept, and what was counted for a scope that nothing is taken from: over a year."""


async def open_sqlite(path: Path, now: datetime, *, sole: bool = False, zone: ZoneInfo = UTC_ZONE) -> Store:
    """
    Open the file, making it and its folder when they are not there, and sweep out what is too old.

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
        await _prepare(database, path, now, sole=sole)
        return replace(store_on(database, zone), close=opened.pop_all().aclose)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageDown(f"sqlite: {folder}: {error.strerror}") from error


async def _prepare(database: Database, path: Path, now: datetime, *, sole: bool) -> None:
    def job(connection: sqlite3.Connection) -> None:
        migrate(connection)
        _sweep(connection, now)
        if sole:
            free_slots(connection)

    try:
        await database.write(job)
    except ValueError as error:
        raise StorageDown(f"sqlite: {path}: {error}") from error


def _sweep(connection: sqlite3.Connection, now: datetime) -> None:
    connection.execute("DELETE FROM turn WHERE ended < ?", (ms(now - ENDED_TURN),))
    connection.execute("DELETE FROM charge WHERE at < ?", (ms(now - CHARGE),))
    connection.execute("DELETE FROM granted WHERE at < ?", (ms(now - CHARGE),))
    connection.execute("DELETE FROM journal WHERE at < ?", (ms(now - CHARGE),))
    connection.execute("DELETE FROM spending WHERE date < ?", ((now - SPENDING).date().isoformat(),))
    sweep_sheets(connection, ms(now - SPENDING))
    sweep_slots(connection, ms(now))
    sweep_results(connection, ms(now))


def store_on(database: Database, zone: ZoneInfo = UTC_ZONE) -> Store:
    """The ports, on an opened database."""
    return Store(
        turns=SqliteTurns(database),
        history=SqliteHistory(database),
        settings=SqliteSettings(database),
        ledger=SqliteLedger(database, zone),
        records=SqliteRecords(database),
        results=SqliteResults(database),
        letters=SqliteLetters(database),
        leases=SqliteLeases(database),
        slots=SqliteSlots(database),
        close=database.close,
    )

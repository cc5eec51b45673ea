"""Opens a SQLite store."""

import sqlite3
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import StorageDown
from storage.record import ms
from storage.sqlite.database import Database
from storage.sqlite.history import SqliteHistory
from storage.sqlite.leases import SqliteLeases
from storage.sqlite.ledger import SqliteLedger
from storage.sqlite.letters import SqliteLetters
from storage.sqlite.lock import lock
from storage.sqlite.schema import migrate
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.turns import SqliteTurns
from storage.store import Store

ENDED_TURN = timedelta(days=7)
"""How long an ended turn is kept: for its buttons, and so that its event is known when it comes again."""


async def open_sqlite(path: Path, now: datetime, *, sole: bool = False) -> Store:
    """
    Open the file, making it and its folder when they are not there, and sweep out what is too old.

    Args:
        sole: Be the only one who serves from it, as long as it is open; a command that looks at it need not be.

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
        await _prepare(database, path, now)
        return replace(store_on(database), close=opened.pop_all().aclose)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageDown(f"sqlite: {folder}: {error.strerror}") from error


async def _prepare(database: Database, path: Path, now: datetime) -> None:
    forgotten = ms(now - ENDED_TURN)

    def job(connection: sqlite3.Connection) -> None:
        migrate(connection)
        connection.execute("DELETE FROM turn WHERE ended < ?", (forgotten,))

    try:
        await database.write(job)
    except ValueError as error:
        raise StorageDown(f"sqlite: {path}: {error}") from error


def store_on(database: Database) -> Store:
    """The ports, on an opened database."""
    return Store(
        turns=SqliteTurns(database),
        history=SqliteHistory(database),
        settings=SqliteSettings(database),
        ledger=SqliteLedger(database),
        letters=SqliteLetters(database),
        leases=SqliteLeases(database),
        close=database.close,
    )

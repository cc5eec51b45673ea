"""Opens a SQLite store."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import StorageDown
from storage.record import ms
from storage.sqlite.database import Database
from storage.sqlite.history import SqliteHistory
from storage.sqlite.leases import SqliteLeases
from storage.sqlite.ledger import SqliteLedger
from storage.sqlite.letters import SqliteLetters
from storage.sqlite.schema import migrate
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.turns import SqliteTurns
from storage.store import Store

ENDED_TURN = timedelta(days=7)
"""How long an ended turn is kept: for its buttons, and so that its event is known when it comes again."""


async def open_sqlite(path: Path, now: datetime) -> Store:
    """
    Open the file, making it and its folder when they are not there, and sweep out what is too old.

    Raises:
        StorageDown: It cannot be opened, or a newer program wrote it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageDown(f"sqlite: {path.parent}: {error.strerror}") from error
    database = Database(str(path))
    await database.open()
    forgotten = ms(now - ENDED_TURN)

    def prepare(connection: sqlite3.Connection) -> None:
        migrate(connection)
        connection.execute("DELETE FROM turn WHERE ended < ?", (forgotten,))

    try:
        await database.write(prepare)
    except ValueError as error:
        await database.close()
        raise StorageDown(f"sqlite: {path}: {error}") from error
    return store_on(database)


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

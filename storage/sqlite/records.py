"""bot.ports.Records in SQLite."""

import sqlite3
from collections.abc import Mapping

from storage.sqlite.database import Database


class SqliteRecords:
    """A document as a row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, folder: str, name: str) -> str | None:
        return await self._database.read(lambda connection: _get(connection, folder, name))

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            if _get(connection, folder, name) != old:
                return False
            if new is None:
                connection.execute("DELETE FROM record WHERE folder = ? AND name = ?", (folder, name))
            else:
                connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (folder, name, new))
            return True

        return await self._database.write(job)

    async def all(self, folder: str) -> Mapping[str, str]:
        def job(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute("SELECT name, doc FROM record WHERE folder = ?", (folder,)).fetchall())

        return await self._database.read(job)


def _get(connection: sqlite3.Connection, folder: str, name: str) -> str | None:
    row = connection.execute("SELECT doc FROM record WHERE folder = ? AND name = ?", (folder, name)).fetchone()
    return row[0] if row else None

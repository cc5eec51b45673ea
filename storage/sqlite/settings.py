"""bot.ports.Settings in SQLite."""

import sqlite3
from collections.abc import Mapping

from storage.sqlite.database import Database


class SqliteSettings:
    """A setting as a row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> Mapping[str, str]:
        def job(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute("SELECT field, value FROM setting WHERE name = ?", (name,)).fetchall())

        return await self._database.read(job)

    async def put(self, name: str, field: str, value: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            if value:
                connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", (name, field, value))
            else:
                connection.execute("DELETE FROM setting WHERE name = ? AND field = ?", (name, field))

        await self._database.write(job)

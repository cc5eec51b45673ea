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

    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        kept = [(name, field, value) for field, value in fields.items() if value]
        gone = [(name, field) for field, value in fields.items() if not value]

        def job(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", kept)
            connection.executemany("DELETE FROM setting WHERE name = ? AND field = ?", gone)

        await self._database.write(job)

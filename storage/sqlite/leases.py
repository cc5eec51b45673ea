"""bot.ports.Leases in SQLite."""

import sqlite3
from datetime import datetime

from storage.record import ms
from storage.sqlite.database import Database


class SqliteLeases:
    """An office as a row, while somebody holds it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            held = connection.execute(
                "INSERT INTO lease VALUES (?, ?, ?) ON CONFLICT (office) DO UPDATE"
                " SET token = excluded.token, until = excluded.until"
                " WHERE lease.token = excluded.token OR lease.until <= ?",
                (office, token, ms(until), ms(now)),
            )
            return held.rowcount == 1

        return await self._database.write(job)

    async def release(self, office: str, token: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM lease WHERE office = ? AND token = ?", (office, token))

        await self._database.write(job)

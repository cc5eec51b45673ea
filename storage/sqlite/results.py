"""bot.ports.Results in SQLite."""

import sqlite3
from datetime import datetime, timedelta

from bot.ports import Result
from storage.record import ms
from storage.sqlite.database import Database


class SqliteResults:
    """A result as a row, without a body while it is being made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, name: str, mark: str, ttl: timedelta, now: datetime) -> Result | None:
        def job(connection: sqlite3.Connection) -> Result | None:
            sweep_results(connection, ms(now))
            claimed = connection.execute(
                "INSERT OR IGNORE INTO result (name, mark, until) VALUES (?, ?, ?)", (name, mark, ms(now + ttl))
            )
            if claimed.rowcount:
                return None
            return Result(*connection.execute("SELECT mark, body FROM result WHERE name = ?", (name,)).fetchone())

        return await self._database.write(job)

    async def renew(self, name: str, mark: str, ttl: timedelta, now: datetime) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE result SET until = ? WHERE name = ? AND mark = ? AND body IS NULL AND until > ?",
                (ms(now + ttl), name, mark, ms(now)),
            )

        await self._database.write(job)

    async def keep(self, name: str, mark: str, body: bytes, ttl: timedelta, now: datetime) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE result SET body = ?, until = ? WHERE name = ? AND mark = ? AND body IS NULL AND until > ?",
                (body, ms(now + ttl), name, mark, ms(now)),
            )

        await self._database.write(job)

    async def drop(self, name: str, mark: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM result WHERE name = ? AND mark = ? AND body IS NULL", (name, mark))

        await self._database.write(job)


def sweep_results(connection: sqlite3.Connection, now: int) -> None:
    """Forget what does not count any more."""
    connection.execute("DELETE FROM result WHERE until <= ?", (now,))

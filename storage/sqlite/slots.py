"""bot.ports.Slots in SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from storage.record import ms
from storage.slots import MINUTE, wait
from storage.sqlite.database import Database


class SqliteSlots:
    """A place as a row while it is held, and another row for a minute after it was taken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, account: str, most: int, per_minute: int, token: str, ttl: timedelta, now: datetime
    ) -> timedelta | None:
        def job(connection: sqlite3.Connection) -> timedelta | None:
            sweep_slots(connection, ms(now))
            if _renew(connection, account, token, ms(now + ttl), ms(now)):
                return None
            begun = _begun(connection, account)
            if refused := wait(_taken(connection, account, ms(now)), most, begun, per_minute, ms(now)):
                return refused
            connection.execute("INSERT INTO slot VALUES (?, ?, ?)", (account, token, ms(now + ttl)))
            if per_minute:
                connection.execute("INSERT INTO slot_begun VALUES (?, ?)", (account, ms(now)))
            return None

        return await self._database.write(job)

    async def renew(self, account: str, token: str, ttl: timedelta, now: datetime) -> None:
        await self._database.write(lambda connection: _renew(connection, account, token, ms(now + ttl), ms(now)))

    async def free(self, account: str, token: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM slot WHERE account = ? AND token = ?", (account, token))

        await self._database.write(job)

    async def taken(self, accounts: Sequence[str], now: datetime) -> Mapping[str, int]:
        def job(connection: sqlite3.Connection) -> dict[str, int]:
            return {account: _taken(connection, account, ms(now)) for account in accounts}

        return await self._database.read(job)


def sweep_slots(connection: sqlite3.Connection, now: int) -> None:
    """Forget what does not count any more."""
    connection.execute("DELETE FROM slot WHERE until <= ?", (now,))
    connection.execute("DELETE FROM slot_begun WHERE at <= ?", (now - MINUTE,))


def free_slots(connection: sqlite3.Connection) -> None:
    """Give all places back: whoever had them is dead, as one process at a time serves from a file."""
    connection.execute("DELETE FROM slot")


def _renew(connection: sqlite3.Connection, account: str, token: str, until: int, now: int) -> bool:
    """Hold a place until then. Returns whether it is held at all."""
    renewed = connection.execute(
        "UPDATE slot SET until = ? WHERE account = ? AND token = ? AND until > ?", (until, account, token, now)
    )
    return renewed.rowcount == 1


def _taken(connection: sqlite3.Connection, account: str, now: int) -> int:
    query = "SELECT count(*) FROM slot WHERE account = ? AND until > ?"
    (count,) = connection.execute(query, (account, now)).fetchone()
    return int(count)


def _begun(connection: sqlite3.Connection, account: str) -> list[int]:
    return [at for (at,) in connection.execute("SELECT at FROM slot_begun WHERE account = ? ORDER BY at", (account,))]

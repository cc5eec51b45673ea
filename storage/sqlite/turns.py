"""bot.ports.Turns in SQLite: every verb one transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import LeaseLost
from bot.ports import Ingested, Lease
from bot.turn import Turn
from storage.record import dump_turn, load_turn, ms
from storage.sqlite.database import Database

WAITING = "SELECT {columns} FROM turn WHERE lane = ? AND ended IS NULL ORDER BY place"


class SqliteTurns:
    """Turns and lanes as rows. A lane has a row while a turn waits in it; `due` is the end of its lease while held."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ingest(self, turn: Turn, cap: int, now: datetime) -> Ingested:
        doc = dump_turn(turn)

        def job(connection: sqlite3.Connection) -> Ingested:
            if connection.execute("SELECT 1 FROM turn WHERE id = ?", (turn.id,)).fetchone():
                return Ingested.KNOWN
            waiting = len(connection.execute(WAITING.format(columns="id"), (turn.lane,)).fetchall())
            if cap and waiting >= cap:
                return Ingested.BUSY
            _enqueue(connection, turn, doc, now)
            return Ingested.NEW

        return await self._database.write(job)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        def job(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute("SELECT name FROM lane WHERE due <= ? ORDER BY due LIMIT ?", (ms(now), limit))
            return [name for (name,) in rows]

        return await self._database.read(job)

    async def claim(self, lease: Lease, now: datetime, until: datetime) -> Turn | None:
        def job(connection: sqlite3.Connection) -> Turn | None:
            taken = connection.execute(
                "UPDATE lane SET token = ?, due = ? WHERE name = ? AND due <= ?",
                (lease.token, ms(until), lease.lane, ms(now)),
            )
            if not taken.rowcount:
                return None
            oldest, doc, attempts = connection.execute(
                WAITING.format(columns="id, doc, attempts"), (lease.lane,)
            ).fetchone()
            connection.execute("UPDATE turn SET attempts = ? WHERE id = ?", (attempts + 1, oldest))
            return replace(load_turn(doc), attempts=attempts + 1)

        return await self._database.write(job)

    async def renew(self, lease: Lease, until: datetime) -> None:
        def job(connection: sqlite3.Connection) -> None:
            held = connection.execute(
                "UPDATE lane SET due = ? WHERE name = ? AND token = ?", (ms(until), lease.lane, lease.token)
            )
            if not held.rowcount:
                raise LeaseLost(lease.lane)

        await self._database.write(job)

    async def save(self, lease: Lease, turn: Turn) -> bool:
        doc = dump_turn(turn)

        def job(connection: sqlite3.Connection) -> bool:
            _write(connection, lease, turn, doc)
            (stop,) = connection.execute("SELECT stop FROM turn WHERE id = ?", (turn.id,)).fetchone()
            return bool(stop)

        return await self._database.write(job)

    async def finish(self, lease: Lease, turn: Turn, now: datetime) -> None:
        doc = dump_turn(turn)

        def job(connection: sqlite3.Connection) -> None:
            _write(connection, lease, turn, doc)
            connection.execute("UPDATE turn SET ended = ?, stop = 0 WHERE id = ?", (ms(now), turn.id))
            if connection.execute(WAITING.format(columns="1"), (lease.lane,)).fetchone():
                connection.execute("UPDATE lane SET token = '', due = ? WHERE name = ?", (ms(now), lease.lane))
            else:
                connection.execute("DELETE FROM lane WHERE name = ?", (lease.lane,))

        await self._database.write(job)

    async def postpone(self, lease: Lease, turn: Turn, due: datetime) -> None:
        doc = dump_turn(turn)

        def job(connection: sqlite3.Connection) -> None:
            _write(connection, lease, turn, doc)
            connection.execute("UPDATE lane SET token = '', due = ? WHERE name = ?", (ms(due), lease.lane))

        await self._database.write(job)

    async def revive(self, turn: Turn, now: datetime) -> bool:
        doc = dump_turn(turn)

        def job(connection: sqlite3.Connection) -> bool:
            ended = connection.execute("DELETE FROM turn WHERE id = ? AND ended IS NOT NULL", (turn.id,))
            if not ended.rowcount:
                return False
            _enqueue(connection, turn, doc, now)
            return True

        return await self._database.write(job)

    async def get(self, room: str, turn: str) -> Turn | None:
        def job(connection: sqlite3.Connection) -> Turn | None:
            row = connection.execute("SELECT doc, attempts FROM turn WHERE id = ?", (turn,)).fetchone()
            return replace(load_turn(row[0]), attempts=row[1]) if row else None

        found = await self._database.read(job)
        return found if found and found.origin.key.room == room else None

    async def waiting(self, lane: str) -> Sequence[str]:
        def job(connection: sqlite3.Connection) -> list[str]:
            return [turn for (turn,) in connection.execute(WAITING.format(columns="id"), (lane,))]

        return await self._database.read(job)

    async def stop(self, room: str, turn: str) -> None:
        del room  # the id alone finds a turn here

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE turn SET stop = 1 WHERE id = ? AND ended IS NULL", (turn,))

        await self._database.write(job)


def _enqueue(connection: sqlite3.Connection, turn: Turn, doc: str, now: datetime) -> None:
    """Put a turn at the end of its lane."""
    connection.execute("INSERT INTO turn (id, lane, doc) VALUES (?, ?, ?)", (turn.id, turn.lane, doc))
    connection.execute("INSERT OR IGNORE INTO lane (name, due) VALUES (?, ?)", (turn.lane, ms(now)))


def _write(connection: sqlite3.Connection, lease: Lease, turn: Turn, doc: str) -> None:
    """Write a turn, if the lease still holds its lane. Raises LeaseLost."""
    held = connection.execute(
        "UPDATE turn SET doc = ?, attempts = ? WHERE id = ? AND (SELECT token FROM lane WHERE name = ?) = ?",
        (doc, turn.attempts, turn.id, lease.lane, lease.token),
    )
    if not held.rowcount:
        raise LeaseLost(lease.lane)

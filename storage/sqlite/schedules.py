"""bot.ports.Schedules in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from bot.schedule import Schedule
from storage.record import dump_schedule, load_schedule
from storage.schedules import Reader, micros, oldest_first
from storage.sqlite.database import Database

FIRST = "INSERT OR IGNORE INTO schedule VALUES (:id, :version, :due, :person, :place, :doc)"

NEXT = """
UPDATE schedule SET version = :version, due = :due, person = :person, place = :place, doc = :doc
WHERE id = :id AND version = :version - 1
"""


class SqliteSchedules:
    """A schedule as a row; `due` is empty while it does not wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = Reader()

    async def get(self, id: str) -> Schedule | None:
        def job(connection: sqlite3.Connection) -> Schedule | None:
            row = connection.execute("SELECT doc FROM schedule WHERE id = ?", (id,)).fetchone()
            return load_schedule(row[0]) if row else None

        return await self._database.read(job)

    async def write(self, schedule: Schedule) -> bool:
        statement, row = FIRST if schedule.version == 1 else NEXT, _row(schedule)

        def job(connection: sqlite3.Connection) -> bool:
            return connection.execute(statement, row).rowcount == 1

        return await self._database.write(job)

    async def remove(self, id: str) -> bool:
        def job(connection: sqlite3.Connection) -> bool:
            return connection.execute("DELETE FROM schedule WHERE id = ?", (id,)).rowcount == 1

        return await self._database.write(job)

    async def due(self, until: datetime, limit: int) -> Sequence[Schedule]:
        def job(connection: sqlite3.Connection) -> list[Schedule]:
            query = "SELECT id, doc FROM schedule WHERE due <= ? ORDER BY due, id"
            return list(islice(self._reader.read(connection.execute(query, (micros(until),))), limit))

        return await self._database.read(job)

    async def of(self, person: str) -> Sequence[Schedule]:
        return await self._where("person", person)

    async def at(self, place: str) -> Sequence[Schedule]:
        return await self._where("place", place)

    async def _where(self, column: str, value: str) -> Sequence[Schedule]:
        def job(connection: sqlite3.Connection) -> list[Schedule]:
            rows = connection.execute(f"SELECT id, doc FROM schedule WHERE {column} = ?", (value,))
            return oldest_first(self._reader.read(rows))

        return await self._database.read(job)


def _row(schedule: Schedule) -> dict[str, object]:
    return {
        "id": schedule.id,
        "version": schedule.version,
        "due": micros(schedule.waiting) if schedule.waiting else None,
        "person": schedule.owner.person,
        "place": schedule.place.place,
        "doc": dump_schedule(schedule),
    }

"""bot.ports.DeadLetters in SQLite."""

import sqlite3
from collections.abc import Sequence

from bot.ports import DeadLetter
from storage.record import dump_letter, load_letter, ms
from storage.sqlite.database import Database


class SqliteLetters:
    """A letter as a row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, letter: DeadLetter) -> None:
        row = (letter.id, ms(letter.at), dump_letter(letter))

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO letter VALUES (?, ?, ?)", row)

        await self._database.write(job)

    async def newest(self, limit: int) -> Sequence[DeadLetter]:
        def job(connection: sqlite3.Connection) -> list[DeadLetter]:
            rows = connection.execute("SELECT doc FROM letter ORDER BY at DESC LIMIT ?", (limit,))
            return [load_letter(doc) for (doc,) in rows]

        return await self._database.read(job)

    async def get(self, id: str) -> DeadLetter | None:
        def job(connection: sqlite3.Connection) -> DeadLetter | None:
            row = connection.execute("SELECT doc FROM letter WHERE id = ?", (id,)).fetchone()
            return load_letter(row[0]) if row else None

        return await self._database.read(job)

    async def remove(self, id: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM letter WHERE id = ?", (id,))

        await self._database.write(job)

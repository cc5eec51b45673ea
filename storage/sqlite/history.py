"""bot.ports.History in SQLite."""

import sqlite3
from collections.abc import Sequence

from bot.chat import ROOT, Message
from storage.record import dump_message, load_message, ms
from storage.sqlite.database import Database

PATH = """
WITH RECURSIVE branch (id, parent, doc, depth) AS (
  SELECT id, parent, doc, 1 FROM message WHERE session = :session AND id = :node
  UNION ALL
  SELECT message.id, message.parent, message.doc, depth + 1
  FROM branch JOIN message ON message.session = :session AND message.id = branch.parent
  WHERE depth < :limit
)
SELECT doc FROM branch ORDER BY depth DESC
"""

GO_ON = """
INSERT INTO head VALUES (?, ?, ?)
ON CONFLICT (session) DO UPDATE SET node = excluded.node, at = max(at, excluded.at)
"""


class SqliteHistory:
    """
    A message as a row; a branch is walked from its end.

    A conversation's head says when its last message was, and nothing where that is not known, until a sweep finds it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, session: str, messages: Sequence[Message]) -> None:
        rows = [(session, message.id, message.parent, dump_message(message)) for message in messages]
        last = messages[-1]
        head = (session, last.id, ms(last.at) if last.at else None)

        def job(connection: sqlite3.Connection) -> None:
            for row in rows:
                added = connection.execute("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?)", row)
            if added.rowcount:
                connection.execute(GO_ON, head)

        await self._database.write(job)

    async def path(self, session: str, node: str, limit: int) -> Sequence[Message]:
        def job(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(PATH, {"session": session, "node": node, "limit": limit})
            return [doc for (doc,) in rows]

        return [load_message(doc) for doc in await self._database.read(job)]

    async def head(self, session: str) -> str:
        def job(connection: sqlite3.Connection) -> str:
            row = connection.execute("SELECT node FROM head WHERE session = ?", (session,)).fetchone()
            return row[0] if row else ROOT

        return await self._database.read(job)

    async def move_head(self, session: str, node: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?, NULL)", (session, node))

        await self._database.write(job)

    async def point(self, room: str, messages: Sequence[str], session: str, node: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            rows = [(room, message, session, node) for message in messages]
            connection.executemany("INSERT OR REPLACE INTO shown VALUES (?, ?, ?, ?)", rows)

        await self._database.write(job)

    async def find(self, room: str, message: str) -> tuple[str, str] | None:
        def job(connection: sqlite3.Connection) -> tuple[str, str] | None:
            query = "SELECT session, node FROM shown WHERE room = ? AND message = ?"
            row: tuple[str, str] | None = connection.execute(query, (room, message)).fetchone()
            return row

        return await self._database.read(job)

    async def forget(self, session: str) -> None:
        def job(connection: sqlite3.Connection) -> None:
            for table in ("message", "head", "shown"):
                connection.execute(f"DELETE FROM {table} WHERE session = ?", (session,))

        await self._database.write(job)

"""bot.ports.Ledger in SQLite."""

import sqlite3

from bot.quota import Charge
from storage.record import dump_charge, load_charge, ms
from storage.sqlite.database import Database


class SqliteLedger:
    """A charge as a row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(self, charge: Charge) -> bool:
        row = (charge.id, ms(charge.at), dump_charge(charge))

        def job(connection: sqlite3.Connection) -> bool:
            return connection.execute("INSERT OR IGNORE INTO charge VALUES (?, ?, ?)", row).rowcount == 1

        return await self._database.write(job)

    async def charged(self, id: str) -> Charge | None:
        def job(connection: sqlite3.Connection) -> Charge | None:
            row = connection.execute("SELECT doc FROM charge WHERE id = ?", (id,)).fetchone()
            return load_charge(row[0]) if row else None

        return await self._database.read(job)

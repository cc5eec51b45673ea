"""
What is too old is thrown out of the file, some rows at a time: others write in between.

A conversation goes from its messages to its head. One that is gone on with meanwhile stays, without those messages that
are gone; they were too old too.
"""

import sqlite3
from datetime import datetime, timedelta
from functools import partial

from bot.quota import NAMES
from storage.record import ms
from storage.sqlite.database import Database
from storage.sqlite.results import sweep_results
from storage.sqlite.sheets import sweep_sheets
from storage.sqlite.slots import sweep_slots
from storage.store import Keep

ENDED_TURN = timedelta(days=7)
"""How long an ended turn is kept: for its buttons, and so that its event is known when it comes again."""

CHARGE = timedelta(days=35)
"""How long a charge and a line of the journal are kept: longer than a turn may take, and than a month."""

SPENDING = timedelta(days=400)
"""How long a day's spendings are kept, and what was counted for a scope that nothing is taken from: over a year."""

BATCH = 500
"""Rows that one transaction touches."""


def _delete(table: str, key: str, which: str) -> str:
    """A statement that deletes some rows by their key; `which` is asked with a time."""
    return f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {which} LIMIT ?)"


TURNS = _delete("turn", "place", "turn WHERE ended < ?")
CHARGES = _delete("charge", "id", "charge WHERE at < ?")
GRANTS = _delete("granted", "id", "granted WHERE at < ?")
JOURNAL = _delete("journal", "number", f"(SELECT number, at FROM journal ORDER BY number LIMIT {BATCH}) WHERE at < ?")
SPENDINGS = _delete("spending", ", ".join(NAMES), "spending WHERE date < ?")
MESSAGES = _delete("message", "session, id", "message JOIN head USING (session) WHERE head.at < ?")
SHOWN = _delete("shown", "room, message", "shown JOIN head USING (session) WHERE head.at < ?")
HEADS = _delete("head", "session", "head WHERE at < ?")
LETTERS = _delete("letter", "id", "letter WHERE at < ?")

FOUND = "UPDATE head SET at = ? WHERE session IN (SELECT session FROM head WHERE at IS NULL LIMIT ?)"


async def sweep_all(database: Database, keep: Keep, now: datetime) -> int:
    """Throw out everything that is too old. Returns how many conversations and letters these were."""
    await sweep_traces(database, now)
    conversations = 0 if keep.history is None else await _sweep_history(database, ms(now - keep.history))
    await _repeat(database, FOUND, ms(now))
    return conversations + await _repeat(database, LETTERS, ms(now - keep.letters))


async def sweep_traces(database: Database, now: datetime) -> None:
    """Throw out what the service itself keeps for a time: ended turns, charges, what was counted."""
    await _repeat(database, TURNS, ms(now - ENDED_TURN))
    for statement in (CHARGES, GRANTS, JOURNAL):
        await _repeat(database, statement, ms(now - CHARGE))
    await _repeat(database, SPENDINGS, (now - SPENDING).date().isoformat())
    await _sweep_sheets(database, ms(now - SPENDING))
    await database.write(lambda connection: sweep_slots(connection, ms(now)))
    await database.write(lambda connection: sweep_results(connection, ms(now)))


async def _sweep_history(database: Database, before: int) -> int:
    for statement in (MESSAGES, SHOWN):
        await _repeat(database, statement, before)
    return await _repeat(database, HEADS, before)


async def _sweep_sheets(database: Database, before: int) -> None:
    last: str | None = ""
    while last is not None:
        last = await database.write(partial(sweep_sheets, before=before, after=last, most=BATCH))


async def _repeat(database: Database, statement: str, value: int | str) -> int:
    """Run a statement until it finds no more rows. Returns how many it touched."""

    def job(connection: sqlite3.Connection) -> int:
        return connection.execute(statement, (value, BATCH)).rowcount

    count = touched = await database.write(job)
    while touched == BATCH:
        touched = await database.write(job)
        count += touched
    return count

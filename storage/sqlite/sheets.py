"""The rows of the sheets: what is known of each scope."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from storage.accounts import Account, Sheet, Sheets

WRITE = """
INSERT INTO sheet (scope, seen, doc) VALUES (?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET seen = excluded.seen, doc = excluded.doc
"""

_compact = json.JSONEncoder(separators=(",", ":")).encode


def read_sheets(connection: sqlite3.Connection, scopes: Iterable[str]) -> dict[str, Sheet]:
    """The sheets of these scopes; an empty one where nothing is known."""
    sheets = {scope: Sheet() for scope in scopes}
    marks = ", ".join("?" * len(sheets))
    rows = connection.execute(f"SELECT scope, doc FROM sheet WHERE scope IN ({marks})", tuple(sheets))
    return sheets | {scope: _load(doc) for scope, doc in rows}


def write_sheets(connection: sqlite3.Connection, sheets: Sheets, scopes: Iterable[str], seen: int) -> None:
    """Write some of the sheets, as seen at that time."""
    connection.executemany(WRITE, [(scope, seen, _dump(sheets[scope])) for scope in scopes])


@contextmanager
def changed(connection: sqlite3.Connection, scope: str, seen: int = 0) -> Iterator[Sheet]:
    """One sheet, which is written after the block; without a time it was last seen when it was."""
    sheet = read_sheets(connection, [scope])[scope]
    yield sheet
    if seen:
        write_sheets(connection, {scope: sheet}, [scope], seen)
    else:
        connection.execute("UPDATE sheet SET doc = ? WHERE scope = ?", (_dump(sheet), scope))


def sweep_sheets(connection: sqlite3.Connection, before: int, after: str, most: int) -> str | None:
    """
    Forget the scopes that were not seen since, unless something there was to last.

    It looks at so many scopes behind `after` in the order of names. Returns the last of them, None for the end.
    """
    query = "SELECT scope, seen, doc FROM sheet WHERE scope > ? ORDER BY scope LIMIT ?"
    rows = connection.execute(query, (after, most)).fetchall()
    gone = [(scope,) for scope, seen, doc in rows if seen < before and _load(doc).idle]
    connection.executemany("DELETE FROM sheet WHERE scope = ?", gone)
    return rows[-1][0] if rows else None


def _dump(sheet: Sheet) -> str:
    accounts = {
        name: (account.begin, account.used, account.held, account.extra, account.told, account.days)
        for name, account in sheet.accounts.items()
    }
    return _compact({"limits": sheet.limits, "accounts": accounts})


def _load(doc: str) -> Sheet:
    known = json.loads(doc)
    return Sheet(known["limits"], {name: _account(*fields) for name, fields in known["accounts"].items()})


def _account(begin: int, used: int, held: int, extra: int, told: int, days: dict[str, int]) -> Account:
    """An account whose days are numbers again, not the texts that JSON made of them."""
    return Account(begin, used, held, extra, told, {int(day): amount for day, amount in days.items()})

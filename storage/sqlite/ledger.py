"""bot.ports.Ledger in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from bot.period import Calendar, Window, calendar
from bot.quota import (
    FIGURES,
    NAMES,
    Balance,
    Charge,
    Demand,
    Denied,
    Entry,
    Granted,
    Leg,
    Limit,
    Settlement,
    Share,
    Spending,
    Unit,
    spending_of,
)
from storage import accounts
from storage.accounts import limit_of, name_of
from storage.record import dump_charge, load_charge, ms
from storage.slips import (
    dump_crossings,
    dump_granted,
    dump_legs,
    load_crossings,
    load_granted,
    load_legs,
    moment,
)
from storage.sqlite.database import Database
from storage.sqlite.sheets import changed, read_sheets, write_sheets

AGAIN = "UPDATE held SET until = ? WHERE id = ? RETURNING granted"

spending_row = attrgetter(*NAMES, *FIGURES)

SPEND = f"""
INSERT INTO spending ({", ".join((*NAMES, *FIGURES))}) VALUES ({", ".join("?" * (len(NAMES) + len(FIGURES)))})
ON CONFLICT DO UPDATE SET {", ".join(f"{figure} = {figure} + excluded.{figure}" for figure in FIGURES)}
"""

SPENT = f"SELECT {', '.join((*NAMES, *FIGURES))} FROM spending WHERE date BETWEEN ? AND ? ORDER BY {', '.join(NAMES)}"


class SqliteLedger:
    """A scope's sheet as a row, as is what one answer holds, a charge, a day's spending and a line of the journal."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone

    async def reserve(
        self, id: str, shares: Sequence[Share], demand: Demand, ttl: timedelta, now: datetime
    ) -> Granted | Denied:
        today, until = calendar(now, self._zone), ms(now + ttl)

        def job(connection: sqlite3.Connection) -> Granted | Denied:
            again = connection.execute(
                "UPDATE held SET until = ? WHERE id = ? RETURNING granted", (until, id)
            ).fetchone()
            if again:
                return load_granted(again[0])
            sheets = read_sheets(connection, (share.scope for share in shares))
            outcome = accounts.reserve(sheets, shares, demand, today)
            if isinstance(outcome, Denied):
                return outcome
            granted, legs = outcome
            slip = dump_legs(legs)
            write_sheets(connection, sheets, {leg.scope for leg in legs}, today.now)
            connection.execute("INSERT INTO held VALUES (?, ?, ?, ?)", (id, until, dump_granted(granted), slip))
            _note(connection, today, "reserve", id, slip)
            return granted

        return await self._database.write(job)

    async def renew(self, id: str, ttl: timedelta, now: datetime) -> None:
        until = ms(now + ttl)

        def job(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE held SET until = ? WHERE id = ?", (until, id))

        await self._database.write(job)

    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        today, doc = calendar(now, self._zone), dump_charge(charge)

        def job(connection: sqlite3.Connection) -> Settlement:
            known = connection.execute("SELECT crossings FROM charge WHERE id = ?", (charge.id,)).fetchone()
            if known:
                _let_go(connection, charge.id, "release", today)
                return Settlement(False, load_crossings(known[0]))
            held = _take(connection, charge.id)
            sheets = read_sheets(
                connection, {share.scope for share in charge.shares} | {leg.scope for leg in held or ()}
            )
            legs, crossings = accounts.settle(sheets, held, charge, today)
            write_sheets(connection, sheets, {leg.scope for leg in legs}, today.now)
            row = (charge.id, ms(charge.at), doc, dump_crossings(crossings))
            connection.execute("INSERT INTO charge VALUES (?, ?, ?, ?)", row)
            connection.execute(SPEND, spending_row(spending_of(charge, today.date)))
            _note(connection, today, "direct" if held is None else "settle", charge.id, dump_legs(legs))
            return Settlement(True, crossings)

        return await self._database.write(job)

    async def release(self, id: str, now: datetime) -> None:
        today = calendar(now, self._zone)

        def job(connection: sqlite3.Connection) -> None:
            _let_go(connection, id, "release", today)

        await self._database.write(job)

    async def expire(self, now: datetime) -> int:
        today = calendar(now, self._zone)

        def look(connection: sqlite3.Connection) -> bool:
            return connection.execute("SELECT 1 FROM held WHERE until <= ?", (ms(now),)).fetchone() is not None

        def job(connection: sqlite3.Connection) -> int:
            late = connection.execute("SELECT id FROM held WHERE until <= ? ORDER BY until, id", (ms(now),)).fetchall()
            for (id,) in late:
                _let_go(connection, id, "expire", today)
            return len(late)

        return await self._database.write(job) if await self._database.read(look) else 0

    async def balances(self, shares: Sequence[Share], now: datetime) -> Sequence[Balance]:
        today = calendar(now, self._zone)

        def job(connection: sqlite3.Connection) -> list[Balance]:
            return accounts.balances(read_sheets(connection, (share.scope for share in shares)), shares, today)

        return await self._database.read(job)

    async def limits(self, scope: str) -> Sequence[Limit]:
        def job(connection: sqlite3.Connection) -> list[Limit]:
            limits = read_sheets(connection, [scope])[scope].limits
            return [limit_of(name, most) for name, most in sorted(limits.items())]

        return await self._database.read(job)

    async def set_limit(self, scope: str, limit: Limit, now: datetime) -> None:
        def job(connection: sqlite3.Connection) -> None:
            with changed(connection, scope, ms(now)) as sheet:
                sheet.limits[name_of(limit.unit, limit.window)] = limit.most

        await self._database.write(job)

    async def drop_limit(self, scope: str, unit: Unit, window: Window) -> None:
        def job(connection: sqlite3.Connection) -> None:
            with changed(connection, scope) as sheet:
                sheet.limits.pop(name_of(unit, window), None)

        await self._database.write(job)

    async def grant(self, id: str, scope: str, unit: Unit, window: Window, amount: int, now: datetime) -> None:
        today = calendar(now, self._zone)

        def job(connection: sqlite3.Connection) -> None:
            new = connection.execute("INSERT OR IGNORE INTO granted VALUES (?, ?)", (id, today.now))
            if not new.rowcount:
                return
            with changed(connection, scope, today.now) as sheet:
                accounts.grant(sheet, unit, window, amount, today)
            _note(connection, today, "grant", scope)

        await self._database.write(job)

    async def reset(self, scope: str, now: datetime) -> None:
        today = calendar(now, self._zone)

        def job(connection: sqlite3.Connection) -> None:
            with changed(connection, scope, today.now) as sheet:
                legs = accounts.reset(scope, sheet, today)
            _note(connection, today, "reset", scope, dump_legs(legs))

        await self._database.write(job)

    async def charged(self, id: str) -> Charge | None:
        def job(connection: sqlite3.Connection) -> Charge | None:
            row = connection.execute("SELECT doc FROM charge WHERE id = ?", (id,)).fetchone()
            return load_charge(row[0]) if row else None

        return await self._database.read(job)

    async def spendings(self, first: str, last: str) -> Sequence[Spending]:
        def job(connection: sqlite3.Connection) -> list[Spending]:
            return [Spending(*row) for row in connection.execute(SPENT, (first, last))]

        return await self._database.read(job)

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        def job(connection: sqlite3.Connection) -> list[Entry]:
            rows = connection.execute("SELECT * FROM journal WHERE number > ? ORDER BY number LIMIT ?", (after, limit))
            return [Entry(number, moment(at), what, id, load_legs(legs)) for number, at, what, id, legs in rows]

        return await self._database.read(job)


def _let_go(connection: sqlite3.Connection, id: str, what: str, today: Calendar) -> None:
    """Let go of what is held, if anything is, with nothing taken."""
    held = _take(connection, id)
    if held is not None:
        legs, scopes = accounts.released(held), {leg.scope for leg in held}
        sheets = read_sheets(connection, scopes)
        accounts.post(sheets, legs, today)
        write_sheets(connection, sheets, scopes, today.now)
        _note(connection, today, what, id, dump_legs(legs))


def _take(connection: sqlite3.Connection, id: str) -> tuple[Leg, ...] | None:
    """Take away what is written of a hold. Returns its legs, or None when nothing is held."""
    row = connection.execute("DELETE FROM held WHERE id = ? RETURNING legs", (id,)).fetchone()
    return load_legs(row[0]) if row else None


def _note(connection: sqlite3.Connection, today: Calendar, what: str, id: str, legs: str = "[]") -> None:
    connection.execute("INSERT INTO journal (at, what, id, legs) VALUES (?, ?, ?, ?)", (today.now, what, id, legs))

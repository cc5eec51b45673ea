"""bot.ports.Ledger in dicts."""

from collections import defaultdict
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.period import Window, calendar
from bot.quota import (
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
    name_of,
    spending_of,
    sum_of,
)
from storage import accounts
from storage.accounts import Sheet, limit_of


@dataclass(slots=True)
class _Held:
    legs: tuple[Leg, ...]
    granted: Granted
    until: datetime


class MemoryLedger:
    """bot.ports.Ledger in dicts."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._sheets: dict[str, Sheet] = defaultdict(Sheet)
        self._held: dict[str, _Held] = {}
        self._granted: set[str] = set()
        self._charges: dict[str, tuple[Charge, Settlement]] = {}
        self._spendings: dict[tuple[str, ...], Spending] = {}
        self._journal: list[Entry] = []

    async def reserve(
        self, id: str, shares: Sequence[Share], demand: Demand, ttl: timedelta, now: datetime
    ) -> Granted | Denied:
        if id in self._held:
            self._held[id].until = now + ttl
            return self._held[id].granted
        outcome = accounts.reserve(self._sheets, shares, demand, calendar(now, self._zone))
        if isinstance(outcome, Denied):
            return outcome
        granted, legs = outcome
        self._held[id] = _Held(legs, granted, now + ttl)
        self._note(now, "reserve", id, legs)
        return granted

    async def renew(self, id: str, ttl: timedelta, now: datetime) -> None:
        if id in self._held:
            self._held[id].until = now + ttl

    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        if charge.id in self._charges:
            await self.release(charge.id, now)
            return replace(self._charges[charge.id][1], new=False)
        held, moment = self._held.pop(charge.id, None), calendar(now, self._zone)
        legs, crossings = accounts.settle(self._sheets, held.legs if held else None, charge, moment)
        spending = spending_of(charge, moment.date)
        name = name_of(spending)
        self._spendings[name] = sum_of(self._spendings[name], spending) if name in self._spendings else spending
        self._charges[charge.id] = replace(charge, shares=()), Settlement(True, crossings)
        self._note(now, "settle" if held else "direct", charge.id, legs)
        return self._charges[charge.id][1]

    async def release(self, id: str, now: datetime) -> None:
        self._let_go(id, "release", now)

    async def expire(self, now: datetime) -> int:
        late = sorted((held.until, id) for id, held in self._held.items() if held.until <= now)
        for _, id in late:
            self._let_go(id, "expire", now)
        return len(late)

    async def balances(self, shares: Sequence[Share], now: datetime) -> Sequence[Balance]:
        sheets = {share.scope: deepcopy(self._sheets[share.scope]) for share in shares}  # looking changes nothing
        return accounts.balances(sheets, shares, calendar(now, self._zone))

    async def limits(self, scope: str) -> Sequence[Limit]:
        return [limit_of(name, most) for name, most in sorted(self._sheets[scope].limits.items())]

    async def set_limit(self, scope: str, limit: Limit, now: datetime) -> None:
        del now
        self._sheets[scope].limits[accounts.name_of(limit.unit, limit.window)] = limit.most

    async def drop_limit(self, scope: str, unit: Unit, window: Window) -> None:
        self._sheets[scope].limits.pop(accounts.name_of(unit, window), None)

    async def grant(self, id: str, scope: str, unit: Unit, window: Window, amount: int, now: datetime) -> None:
        if id in self._granted:
            return
        self._granted.add(id)
        accounts.grant(self._sheets[scope], unit, window, amount, calendar(now, self._zone))
        self._note(now, "grant", scope, ())

    async def reset(self, scope: str, now: datetime) -> None:
        self._note(now, "reset", scope, accounts.reset(scope, self._sheets[scope], calendar(now, self._zone)))

    async def charged(self, id: str) -> Charge | None:
        return self._charges[id][0] if id in self._charges else None

    async def spendings(self, first: str, last: str) -> Sequence[Spending]:
        found = (spending for spending in self._spendings.values() if first <= spending.date <= last)
        return sorted(found, key=name_of)

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        return self._journal[after : after + limit]

    def _let_go(self, id: str, what: str, now: datetime) -> None:
        held = self._held.pop(id, None)
        if held:
            legs = accounts.released(held.legs)
            accounts.post(self._sheets, legs, calendar(now, self._zone))
            self._note(now, what, id, legs)

    def _note(self, now: datetime, what: str, id: str, legs: tuple[Leg, ...]) -> None:
        self._journal.append(Entry(len(self._journal) + 1, now, what, id, legs))

"""bot.ports.Ledger in Redis."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from bot import quota
from bot.chat import Key
from bot.period import Calendar, Window, calendar
from bot.quota import (
    Balance,
    Charge,
    Demand,
    Denied,
    Entry,
    Granted,
    Limit,
    Settlement,
    Share,
    Spending,
    Unit,
    figures_of,
    names_of,
)
from storage.accounts import limit_of, name_of
from storage.record import dump_charge, load_charge, ms
from storage.redis import keys
from storage.redis.client import Script, script, text, translated
from storage.redis.pipeline import pipelined
from storage.slips import balance_of, crossings_of, granted_of, load_legs, moment

LATE = 1_000
"""The most holds that one script lets go of: no other script runs meanwhile."""

SEQUENCE = 12
"""Bits of an entry's number that tell apart what happened in one millisecond."""


class RedisLedger:
    """
    Every verb is one script on keys that share a slot.

    Redis's own clock counts. Where days and months begin is found out here, as Redis knows no time zones: a script that
    is told a day that has passed does nothing but say its time, and is run again on the day that this is in.
    """

    def __init__(self, redis: Redis, zone: ZoneInfo, *, own_clock: bool = True) -> None:
        """Without its own clock it goes by the caller's, as the other stores do."""
        self._redis = redis
        self._zone = zone
        self._own_clock = own_clock
        self._pass(datetime.fromtimestamp(0, UTC))  # the first script that is run tells the day
        calls = pipelined(redis)
        self._reserve, self._renew, self._settle, self._release, self._expire = (
            script(calls, f"quota_{verb}", "accounts") for verb in ("reserve", "renew", "settle", "release", "expire")
        )
        self._balances, self._grant, self._reset = (
            script(calls, f"quota_{verb}", "accounts") for verb in ("balances", "grant", "reset")
        )
        self._limit = script(redis, "quota_limit")

    @translated
    async def reserve(
        self, id: str, shares: Sequence[Share], demand: Demand, ttl: timedelta, now: datetime
    ) -> Granted | Denied:
        costs = {str(unit): (cost.fixed, cost.rate) for unit, cost in demand.costs.items()}
        asked = {"shares": _slips(shares), "costs": costs, "most": demand.most, "least": demand.least}
        slip = from_json(await self._ask(self._reserve, now, {"id": id, "ttl": _ms(ttl), **asked}))
        return granted_of(slip) if isinstance(slip[0], int) else Denied(balance_of(slip))

    @translated
    async def renew(self, id: str, ttl: timedelta, now: datetime) -> None:
        await self._ask(self._renew, now, {"id": id, "ttl": _ms(ttl)})

    @translated
    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        asked = {
            "id": charge.id,
            "shares": _slips(charge.shares),
            "spent": {str(unit): amount for unit, amount in charge.spent.items()},
            "figures": figures_of(charge),
            "keep": keys.CHARGE,
            "spending_keep": keys.SPENDING,
        }
        doc, whose = dump_charge(charge), _whose(charge.key, charge.model, charge.api_key)
        reply = await self._ask(self._settle, now, asked, doc, whose, others=partial(_of_charge, charge.id))
        new, crossings = from_json(reply)
        return Settlement(new, crossings_of(crossings))

    @translated
    async def release(self, id: str, now: datetime) -> None:
        await self._ask(self._release, now, {"id": id})

    @translated
    async def expire(self, now: datetime) -> int:
        asked = {"most": LATE, "days": keys.SPENDING_DAYS}
        late = count = int(await self._ask(self._expire, now, asked))
        while late == LATE:
            late = int(await self._ask(self._expire, now, asked))
            count += late
        return count

    @translated
    async def balances(self, shares: Sequence[Share], now: datetime) -> Sequence[Balance]:
        slips = from_json(await self._ask(self._balances, now, {"shares": _slips(shares)}))
        return [balance_of(slip) for slip in slips]

    @translated
    async def limits(self, scope: str) -> Sequence[Limit]:
        limits = from_json(await self._redis.hget(keys.limits(), scope) or "{}")
        return [limit_of(name, most) for name, most in sorted(limits.items())]

    @translated
    async def set_limit(self, scope: str, limit: Limit, now: datetime) -> None:
        del now
        await self._limit(keys=[keys.limits()], args=[scope, name_of(limit.unit, limit.window), limit.most])

    @translated
    async def drop_limit(self, scope: str, unit: Unit, window: Window) -> None:
        await self._limit(keys=[keys.limits()], args=[scope, name_of(unit, window), ""])

    @translated
    async def grant(self, id: str, scope: str, unit: Unit, window: Window, amount: int, now: datetime) -> None:
        asked = {"scope": scope, "name": name_of(unit, window), "amount": amount, "keep": keys.CHARGE}
        await self._ask(self._grant, now, asked, others=lambda _: (keys.granted(id),))

    @translated
    async def reset(self, scope: str, now: datetime) -> None:
        await self._ask(self._reset, now, {"scope": scope})

    @translated
    async def charged(self, id: str) -> Charge | None:
        kept = await self._redis.get(keys.charge(id))
        return load_charge(text(kept).partition("\n")[0]) if kept else None

    @translated
    async def spendings(self, first: str, last: str) -> Sequence[Spending]:
        dates = _dates(date.fromisoformat(first), date.fromisoformat(last))
        async with self._redis.pipeline(transaction=False) as pipe:
            for day in dates:
                pipe.hgetall(keys.spent(day))
            days = await pipe.execute()
        found = (each for day, spent in zip(dates, days, strict=True) for each in _spendings(day, spent))
        return sorted(found, key=quota.name_of)

    @translated
    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        last = f"{after >> SEQUENCE}-{after & (1 << SEQUENCE) - 1}"
        lines: Any = await self._redis.xrange(keys.journal(), f"({last}", count=limit)
        return [_entry(*line) for line in lines]

    async def _ask(
        self,
        verb: Script,
        now: datetime,
        asked: Mapping[str, object],
        *more: str,
        others: Callable[[Calendar], Sequence[str]] = lambda _: (),
    ) -> str:
        """Run a script on the day that is now by the clock that counts; `others` are more keys that it needs then."""
        clock = {} if self._own_clock else {"now": ms(now)}
        while True:
            question = to_json({**clock, **self._bounds, **asked})
            reply = await verb(keys=[*keys.ledger(), *others(self._today)], args=[question, *more])
            if not isinstance(reply, int):
                return text(reply)
            self._pass(moment(reply))

    def _pass(self, moment: datetime) -> None:
        """Go over to the day in which the clock that counts is."""
        self._today = today = calendar(moment, self._zone)
        bounds = {"day": today.day, "day_end": today.day_end, "month": today.month, "month_end": today.month_end}
        self._bounds = {**bounds, "lines": keys.JOURNAL}


def _of_charge(id: str, today: Calendar) -> Sequence[str]:
    return keys.charge(id), keys.spent(today.date)


def _ms(length: timedelta) -> int:
    return round(length.total_seconds() * 1000)


def _slips(shares: Sequence[Share]) -> list[tuple[str, Sequence[tuple[str, int]]]]:
    """Shares as scripts read them."""
    return [(share.scope, _usual(share.usual) if share.usual else ()) for share in shares]


@lru_cache(maxsize=1024)
def _usual(limits: tuple[Limit, ...]) -> Sequence[tuple[str, int]]:
    """Each limit named once: operators have few kinds of users."""
    return tuple({name_of(limit.unit, limit.window): limit.most for limit in limits}.items())


@lru_cache(maxsize=4096)
def _whose(key: Key, model: str, api_key: str) -> str:
    """Whose a spending is, as scripts add it up."""
    return json.dumps(names_of(key, model, api_key))


def _dates(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=day)).isoformat() for day in range((last - first).days + 1)]


def _spendings(day: str, spent: Mapping[str, str]) -> list[Spending]:
    return [Spending(day, *from_json(whose), *from_json(figures)) for whose, figures in spent.items()]


def _entry(place: str, line: Mapping[str, str]) -> Entry:
    """An entry, numbered by its place in the stream: milliseconds, then a number among those of the millisecond."""
    ms, _, sequence = place.partition("-")
    number = int(ms) << SEQUENCE | int(sequence)
    return Entry(number, moment(int(line["at"])), line["what"], line["id"], load_legs(line["legs"]))

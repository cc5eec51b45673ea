"""
The rules that no limit is broken by, whatever happens in whatever order, on every store.

All stores are told the same and must answer the same. What the rules say is then looked for in the answers of the one
in memory, and in the journal. `make test` tries some courses of events, PARLEY_LONG=1 ten thousand.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.period import ROLLING_DAYS, Window, calendar
from bot.ports import Ledger
from bot.quota import (
    EVERYONE,
    UNLIMITED,
    Balance,
    Charge,
    Cost,
    Demand,
    Denied,
    Entry,
    Granted,
    Leg,
    Limit,
    Share,
    Unit,
)
from bot.turn import Usage
from sandbox.redis_server import RedisServer
from storage.memory.ledger import MemoryLedger
from storage.redis.ledger import RedisLedger
from storage.sqlite.ledger import SqliteLedger
from tests.crash.stores import InlineRedis, InlineSqlite
from tests.fuzz.amount import amount
from tests.make import key

T = TypeVar("T")
Account = tuple[str, Unit, Window]

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
"""Some hours before a day of 25 hours, and some days before a month ends."""

SHARES = {
    user: (
        Share(
            f"user/{user}",
            (
                Limit(Unit.TOKENS, Window.DAY, 1_000),
                Limit(Unit.REQUESTS, Window.MINUTE, 3),
                Limit(Unit.TOKENS, Window.ROLLING, 2_500),
            ),
        ),
        Share("channel/quiet"),
        Share(EVERYONE, (Limit(Unit.MICRO_USD, Window.MONTH, 4_000), Limit(Unit.TOKENS, Window.HOUR, 1_800))),
    )
    for user in ("alice", "böb")
}
ALL = tuple({share.scope: share for shares in SHARES.values() for share in shares}.values())

IDS = ("t1", "t2", "t3", "t4")

ids = st.sampled_from(IDS)
users = st.sampled_from(sorted(SHARES))
scopes = st.sampled_from([share.scope for share in ALL])
units = st.sampled_from([Unit.TOKENS, Unit.REQUESTS, Unit.MICRO_USD])
windows = st.sampled_from(list(Window))
lengths = st.integers(1, 600).map(lambda number: timedelta(seconds=number))
times = st.sampled_from([1, 20, 61, 1_200, 3_600, 9_000, 86_400, 7 * 86_400, 31 * 86_400])
amounts = st.fixed_dictionaries(
    {Unit.TOKENS: st.integers(0, 700)},
    optional={Unit.REQUESTS: st.just(1), Unit.MICRO_USD: st.integers(0, 900)},
)
costs = st.fixed_dictionaries(
    {Unit.TOKENS: st.builds(Cost, st.integers(0, 300), st.just(1_000_000))},
    optional={
        Unit.REQUESTS: st.just(Cost(1)),
        Unit.MICRO_USD: st.builds(Cost, st.integers(0, 200), st.sampled_from([0, 1, 150_000, 2_999_999, 10_000_000])),
    },
)


class Stores:
    """The same ledger three times, each emptied."""

    def __init__(self, sqlite: InlineSqlite, redis: InlineRedis) -> None:
        sqlite.store(), redis.store()
        database: Any = sqlite
        client: Any = redis
        self.model = MemoryLedger(ZONE)
        self.others: Sequence[Ledger] = (SqliteLedger(database, ZONE), RedisLedger(client, ZONE, own_clock=False))
        self._journal: list[Entry] = []
        self._last = [0, 0, 0]

    def all(self, verb: Callable[[Ledger], Coroutine[Any, Any, T]]) -> T:
        """Do something on every store. They must answer alike."""
        answer = done(verb(self.model))
        for other in self.others:
            assert answer == done(verb(other)), type(other).__name__
        return answer

    def journal(self) -> list[Entry]:
        """All that happened, which every store must have noted alike."""
        news = [done(ledger.journal(last, 99)) for ledger, last in zip(self.ledgers, self._last, strict=True)]
        self._last = [new[-1].number if new else last for new, last in zip(news, self._last, strict=True)]
        assert unnumbered(news[0]) == unnumbered(news[1]) == unnumbered(news[2])
        self._journal += news[0]
        return list(self._journal)

    @property
    def ledgers(self) -> Sequence[Ledger]:
        return self.model, *self.others


class Rules(RuleBasedStateMachine):
    """Whatever a service may do to a ledger."""

    def __init__(self, sqlite: InlineSqlite, redis: InlineRedis) -> None:
        super().__init__()
        self.stores = Stores(sqlite, redis)
        self.now = START
        self.until: dict[str, datetime] = {}
        self.over: Mapping[Account, int] = {}
        """By how much a limit may be exceeded: what was taken beyond what was held, and by limits that were lowered."""

    @rule(id=ids, user=users, costs=costs, most=st.integers(1, 900), share=st.integers(1, 10), ttl=lengths)
    def reserve(self, id: str, user: str, costs: dict[Unit, Cost], most: int, share: int, ttl: timedelta) -> None:
        demand, known = Demand(costs, most, -(-most // share)), id in self.until
        for _ in range(2):
            outcome = self.stores.all(lambda ledger: ledger.reserve(id, SHARES[user], demand, ttl, self.now))
        if isinstance(outcome, Denied):
            assert outcome.balance.left < costs[outcome.balance.unit].of(demand.least)
            return
        self.until[id] = self.now + ttl
        if not known:
            self.admitted(outcome, demand, user)

    def admitted(self, granted: Granted, demand: Demand, user: str) -> None:
        """No limit is exceeded by what was just granted, and no longer answer would have fitted."""
        assert demand.least <= granted.output <= demand.most
        assert granted.held == {unit: cost.of(granted.output) for unit, cost in demand.costs.items()}
        asked = [balance for balance in self.balances(SHARES[user]) if balance.unit in granted.held]
        for balance in asked:
            assert balance.used + balance.held <= balance.most or not granted.held[balance.unit]
        longer = {unit: cost.of(granted.output + 1) - granted.held[unit] for unit, cost in demand.costs.items()}
        assert granted.output == demand.most or any(balance.left < longer[balance.unit] for balance in asked)

    @rule(id=ids, user=users, spent=amounts)
    def settle(self, id: str, user: str, spent: dict[Unit, int]) -> None:
        held = open_legs(self.stores.journal()).get(id)
        charge = Charge(id, key(user), "owl", Usage(spent[Unit.TOKENS], 1), self.now, spent, SHARES[user])
        before = self.stores.journal()
        settlement = self.stores.all(lambda ledger: ledger.settle(charge, self.now))
        if settlement.new:
            legs = self.stores.journal()[-1].legs
            more = Counter({account(leg): max(0, leg.used - (-leg.held if held else 0)) for leg in legs})
            self.over = {name: self.over.get(name, 0) + more[name] for name in {*self.over, *more}}
        else:
            assert len(self.stores.journal()) == len(before) + (held is not None)
        self.until.pop(id, None)
        self.again(id, charge, settlement.crossings)

    def again(self, id: str, charge: Charge, crossings: object) -> None:
        """A charge that is settled again changes nothing."""
        before = self.stores.journal(), self.balances(ALL)
        repeated = self.stores.all(lambda ledger: ledger.settle(charge, self.now))
        assert (False, crossings) == (repeated.new, repeated.crossings)
        assert before == (self.stores.journal(), self.balances(ALL))
        assert self.stores.all(lambda ledger: ledger.charged(id)) is not None

    @rule(id=ids)
    def release(self, id: str) -> None:
        for _ in range(2):
            self.stores.all(lambda ledger: ledger.release(id, self.now))
        self.until.pop(id, None)

    @rule(id=ids, ttl=lengths)
    def renew(self, id: str, ttl: timedelta) -> None:
        self.stores.all(lambda ledger: ledger.renew(id, ttl, self.now))
        if id in self.until:
            self.until[id] = self.now + ttl

    @rule()
    def expire(self) -> None:
        late = {id for id, until in self.until.items() if until <= self.now}
        assert len(late) == self.stores.all(lambda ledger: ledger.expire(self.now))
        self.until = {id: until for id, until in self.until.items() if id not in late}

    @rule(id=st.integers(1, 40).map(str), scope=scopes, unit=units, window=windows, amount=st.integers(1, 500))
    def grant(self, id: str, scope: str, unit: Unit, window: Window, amount: int) -> None:
        self.stores.all(lambda ledger: ledger.grant(id, scope, unit, window, amount, self.now))

    @rule(scope=scopes)
    def reset(self, scope: str) -> None:
        self.stores.all(lambda ledger: ledger.reset(scope, self.now))

    @rule(scope=scopes, unit=units, window=windows, most=st.sampled_from([UNLIMITED, 0, 1, 50, 600, 10**12]))
    def set_limit(self, scope: str, unit: Unit, window: Window, most: int) -> None:
        self.stores.all(lambda ledger: ledger.set_limit(scope, Limit(unit, window, most), self.now))
        self.forgive()

    @rule(scope=scopes, unit=units, window=windows)
    def drop_limit(self, scope: str, unit: Unit, window: Window) -> None:
        self.stores.all(lambda ledger: ledger.drop_limit(scope, unit, window))
        self.stores.all(lambda ledger: ledger.limits(scope))
        self.forgive()

    @rule(seconds=times)
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.forgive()

    @invariant()
    def the_rules_hold(self) -> None:
        journal, balances = self.stores.journal(), self.balances(ALL)
        held = open_legs(journal)
        assert set(self.until) == set(held)
        sums = self.replayed(journal, held)
        for balance in balances:
            assert sums[account(balance)] == (balance.used, balance.held)
            assert min(balance.used, balance.held) >= 0
            assert balance.used + balance.held - balance.most <= self.over.get(account(balance), 0)

    def replayed(self, journal: Sequence[Entry], held: Mapping[str, Sequence[Leg]]) -> dict[Account, tuple[int, ...]]:
        """What is used and held in the windows that are now, going by the journal alone."""
        today, sums = calendar(self.now, ZONE), defaultdict[Account, list[int]](lambda: [0, 0])
        for leg in (leg for entry in journal for leg in entry.legs):
            begin = today.begin(leg.window)
            if leg.begin == begin or (leg.window is Window.ROLLING and begin - leg.begin < ROLLING_DAYS):
                sums[account(leg)][0] += leg.used
        for leg in (leg for legs in held.values() for leg in legs):
            if leg.window is Window.ROLLING or leg.begin == today.begin(leg.window):
                sums[account(leg)][1] += leg.held
        return defaultdict(lambda: (0, 0), {name: tuple(sum) for name, sum in sums.items()})

    def teardown(self) -> None:
        """Spendings are the sum of the charges."""
        spendings = self.stores.all(lambda ledger: ledger.spendings("2026-10-24", calendar(self.now, ZONE).date))
        charges = [charge for id in IDS if (charge := done(self.stores.model.charged(id)))]
        for unit, figure in ((Unit.REQUESTS, "requests"), (Unit.MICRO_USD, "micro_usd")):
            spent = sum(charge.spent.get(unit, 0) for charge in charges)
            assert spent == sum(getattr(spending, figure) for spending in spendings)

    def balances(self, shares: Sequence[Share]) -> Sequence[Balance]:
        return self.stores.all(lambda ledger: ledger.balances(shares, self.now))

    def forgive(self) -> None:
        """A limit was lowered, or a window has passed: from here on it may not be exceeded by more than it is now."""
        over = {account(balance): balance.used + balance.held - balance.most for balance in self.balances(ALL)}
        self.over = {name: max(0, beyond) for name, beyond in over.items()}


def account(of: Leg | Balance) -> Account:
    return of.scope, of.unit, of.window


def open_legs(journal: Sequence[Entry]) -> dict[str, tuple[Leg, ...]]:
    """What is held, as the journal has it. Every hold ends once, and nothing ends that was not held."""
    found, charged = dict[str, tuple[Leg, ...]](), set[str]()
    for entry in journal:
        if entry.what == "reserve":
            assert entry.id not in found
            found[entry.id] = entry.legs
        elif entry.what in ("settle", "release", "expire"):
            assert [holds(leg) for leg in entry.legs] == [holds(leg, -1) for leg in found.pop(entry.id)]
        elif entry.what == "direct":
            assert entry.id not in found
        if entry.what in ("settle", "direct"):
            assert entry.id not in charged
            charged.add(entry.id)
    return found


def holds(leg: Leg, sign: int = 1) -> tuple[Account, int, int]:
    """Which account a leg is about, and what it holds there."""
    return account(leg), leg.begin, sign * leg.held


def unnumbered(entries: Sequence[Entry]) -> list[Entry]:
    """Entries without their numbers, which grow, but in each store in its own way."""
    numbers = [entry.number for entry in entries]
    assert sorted(set(numbers)) == numbers
    return [replace(entry, number=0) for entry in entries]


def done(call: Coroutine[Any, Any, T]) -> T:
    """The result of a call that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waited")


def test_no_limit_is_broken_whatever_happens(redis: RedisServer) -> None:
    sqlite, client = InlineSqlite(), InlineRedis(redis.url)
    machine: Any = functools.partial(Rules, sqlite, client)
    run_state_machine_as_test(
        machine,
        settings=settings(
            deadline=None,
            max_examples=amount(80, 10_000),
            stateful_step_count=30,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

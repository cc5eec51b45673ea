"""
The rules by which accounts change, for stores that are written in Python; `redis/lua/accounts.lua` has the same ones.

A sheet is what is known of one scope: the limits that were set, and an account for each unit and window that anything
was taken from. An account whose window has passed begins at nothing when it is next looked at. It never goes back to an
earlier window, even when a clock does: what is held stays in sight.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from bot.period import ROLLING_DAYS, Calendar, Window
from bot.quota import MARKS, UNLIMITED, Balance, Charge, Crossing, Demand, Denied, Granted, Leg, Limit, Share, Unit

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Account:
    """
    What stands on one limit.

    Args:
        begin: Of the window that the rest is about; for `Window.ROLLING` the day of the last grant.
        used: For `Window.ROLLING` the sum of `days`, which has it by the number of the day.
        extra: Granted on top of the limit.
        told: Percent that its scope was last told of.
    """

    begin: int = 0
    used: int = 0
    held: int = 0
    extra: int = 0
    told: int = 0
    days: dict[int, int] = field(default_factory=dict)

    def roll(self, window: Window, now: Calendar) -> None:
        """Forget what does not count any more."""
        begin = now.begin(window)
        if window is Window.ROLLING:
            self.days = {day: used for day, used in self.days.items() if begin - day < ROLLING_DAYS and used}
            self.used = sum(self.days.values())
            if begin - self.begin >= ROLLING_DAYS:
                self.extra = 0
        elif self.begin < begin:
            self.begin, self.used, self.held, self.extra, self.told = begin, 0, 0, 0, 0

    def take(self, leg: Leg) -> None:
        """Change it as the leg says, unless its window has passed."""
        if leg.window is Window.ROLLING:
            self.days[leg.begin] = self.days.get(leg.begin, 0) + leg.used
        elif leg.begin != self.begin:
            return
        self.used += leg.used
        self.held += leg.held


@dataclass(slots=True)
class Sheet:
    """One scope. The names of limits and accounts are `unit/window`."""

    limits: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def account(self, unit: Unit, window: Window, now: Calendar) -> Account:
        """The account of that unit and window, as it stands now."""
        account = self.accounts.setdefault(name_of(unit, window), Account())
        account.roll(window, now)
        return account

    def in_force(self, usual: Iterable[Limit]) -> Iterator[Limit]:
        """The limits that hold: the usual ones in their order, or what was set in their place; then what else was."""
        limits = {name_of(limit.unit, limit.window): limit for limit in usual}
        limits |= {name: limit_of(name, most) for name, most in sorted(self.limits.items())}
        return (limit for limit in limits.values() if limit.most != UNLIMITED)

    @property
    def idle(self) -> bool:
        """Whether nobody would miss it once its windows have passed."""
        lasting = any(name.endswith(f"/{Window.EVER}") for name in self.accounts)
        return not self.limits and not lasting and not any(account.held for account in self.accounts.values())


Sheets = Mapping[str, Sheet]


@cache
def name_of(unit: Unit, window: Window) -> str:
    """What a limit and its account are called on a sheet."""
    return f"{unit}/{window}"


def limit_of(name: str, most: int) -> Limit:
    """A limit by its name on a sheet."""
    return Limit(*_named(name), most)


@cache
def _named(name: str) -> tuple[Unit, Window]:
    unit, _, window = name.partition("/")
    return Unit(unit), Window(window)


def balances(sheets: Sheets, shares: Sequence[Share], now: Calendar) -> list[Balance]:
    """How every limit of these shares stands."""
    found = []
    for share in shares:
        for limit in sheets[share.scope].in_force(share.usual):
            account = sheets[share.scope].account(limit.unit, limit.window, now)
            found.append(_balance(share.scope, limit, account, now))
    return found


def reserve(
    sheets: Sheets, shares: Sequence[Share], demand: Demand, now: Calendar
) -> tuple[Granted, tuple[Leg, ...]] | Denied:
    """Hold what is demanded on every limit, or on none."""
    asked = [balance for balance in balances(sheets, shares, now) if balance.unit in demand.costs]
    output, short = demand.most, list[Balance]()
    for balance in asked:
        cost = demand.costs[balance.unit]
        if cost.of(demand.least) > balance.left:
            short.append(balance)
        elif cost.rate:
            output = min(output, cost.longest(balance.left))
    if short:
        return Denied(max(short, key=lambda balance: balance.resets or NEVER))
    held = {unit: cost.of(output) for unit, cost in demand.costs.items()}
    legs = tuple(_leg(sheets, balance, now, held=held[balance.unit]) for balance in asked)
    post(sheets, legs, now)
    return Granted(output, held), legs


def settle(
    sheets: Sheets, held: Sequence[Leg] | None, charge: Charge, now: Calendar
) -> tuple[tuple[Leg, ...], tuple[Crossing, ...]]:
    """
    Write down what was taken.

    Args:
        held: What was held for it; None when nothing is.
    """
    legs = settled(held, charge) if held is not None else _direct(sheets, charge, now)
    post(sheets, legs, now)
    return legs, tuple(_crossings(sheets, charge, legs, now))


def settled(held: Sequence[Leg], charge: Charge) -> tuple[Leg, ...]:
    """What was held, let go of, and what was taken in its place."""
    return tuple(
        Leg(leg.scope, leg.unit, leg.window, leg.begin, -leg.held, charge.spent.get(leg.unit, 0)) for leg in held
    )


def released(held: Sequence[Leg]) -> tuple[Leg, ...]:
    """What was held, let go of."""
    return tuple(replace(leg, held=-leg.held) for leg in held)


def post(sheets: Sheets, legs: Iterable[Leg], now: Calendar) -> None:
    """Change every account as its leg says."""
    for leg in legs:
        sheets[leg.scope].account(leg.unit, leg.window, now).take(leg)


def reset(scope: str, sheet: Sheet, now: Calendar) -> tuple[Leg, ...]:
    """Begin every account of a scope at nothing used."""
    legs = []
    for name, account in sorted(sheet.accounts.items()):
        limit = limit_of(name, 0)
        account.roll(limit.window, now)
        used = sorted(account.days.items()) if limit.window is Window.ROLLING else [(account.begin, account.used)]
        legs += [Leg(scope, limit.unit, limit.window, begin, 0, -amount) for begin, amount in used if amount]
        account.used = account.told = 0
        account.days = {}
    return tuple(legs)


def grant(sheet: Sheet, unit: Unit, window: Window, amount: int, now: Calendar) -> None:
    """Add to a limit for the window that is now."""
    account = sheet.account(unit, window, now)
    account.extra += amount
    account.begin = max(account.begin, now.begin(window))


def _direct(sheets: Sheets, charge: Charge, now: Calendar) -> tuple[Leg, ...]:
    return tuple(
        _leg(sheets, balance, now, used=charge.spent[balance.unit])
        for balance in balances(sheets, charge.shares, now)
        if balance.unit in charge.spent
    )


def _leg(sheets: Sheets, balance: Balance, now: Calendar, held: int = 0, used: int = 0) -> Leg:
    """In the window that the account is in; `ROLLING` has one for each day."""
    begin = sheets[balance.scope].account(balance.unit, balance.window, now).begin
    if balance.window is Window.ROLLING:
        begin = now.begin(Window.ROLLING)
    return Leg(balance.scope, balance.unit, balance.window, begin, held, used)


def _crossings(sheets: Sheets, charge: Charge, legs: Sequence[Leg], now: Calendar) -> Iterator[Crossing]:
    touched = {(leg.scope, leg.unit, leg.window) for leg in legs}
    for balance in balances(sheets, charge.shares, now):
        if (balance.scope, balance.unit, balance.window) not in touched or balance.most <= 0:
            continue
        account = sheets[balance.scope].account(balance.unit, balance.window, now)
        reached = max((mark for mark in MARKS if balance.used * 100 >= mark * balance.most), default=0)
        if reached > account.told:
            yield Crossing(reached, balance)
        account.told = reached


def _balance(scope: str, limit: Limit, account: Account, now: Calendar) -> Balance:
    end = now.end(limit.window, oldest=min(account.days, default=now.begin(Window.ROLLING)))
    resets = datetime.fromtimestamp(end / 1000, UTC) if end else None
    return Balance(scope, limit.unit, limit.window, limit.most + account.extra, account.used, account.held, resets)

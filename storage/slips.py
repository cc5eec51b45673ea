"""
How legs, balances and what was granted are written down: short JSON, since a script in Redis writes it too.

A limit is named `unit/window`. Times are milliseconds since 1970.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.quota import Balance, Crossing, Granted, Leg, Unit
from storage.accounts import limit_of, name_of
from storage.record import ms

UNITS = {str(unit): unit for unit in Unit}


def dump_granted(granted: Granted) -> str:
    return _compact([granted.output, granted.held])


def load_granted(raw: str) -> Granted:
    return granted_of(json.loads(raw))


def granted_of(slip: Sequence[Any]) -> Granted:
    """What was granted, as JSON has it: tokens of the answer, and how much of each unit is held."""
    output, held = slip
    return Granted(output, {UNITS[unit]: amount for unit, amount in held.items()})


def dump_legs(legs: Iterable[Leg]) -> str:
    return _compact([[leg.scope, name_of(leg.unit, leg.window), leg.begin, leg.held, leg.used] for leg in legs])


def load_legs(raw: str) -> tuple[Leg, ...]:
    return tuple(_leg(*slip) for slip in json.loads(raw))


def dump_crossings(crossings: Iterable[Crossing]) -> str:
    return _compact([[crossing.percent, _balance_slip(crossing.balance)] for crossing in crossings])


def load_crossings(raw: str) -> tuple[Crossing, ...]:
    return crossings_of(json.loads(raw))


def crossings_of(slips: Iterable[Sequence[Any]]) -> tuple[Crossing, ...]:
    """Crossings as JSON has them: percent and balance."""
    return tuple(Crossing(percent, balance_of(slip)) for percent, slip in slips)


def balance_of(slip: Sequence[Any]) -> Balance:
    """A balance as JSON has it: scope, name, most, used, held, and when there is more again, 0 for never."""
    scope, name, most, used, held, resets = slip
    limit = limit_of(name, most)
    return Balance(scope, limit.unit, limit.window, most, used, held, moment(resets) if resets else None)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _balance_slip(balance: Balance) -> list[Any]:
    name, resets = name_of(balance.unit, balance.window), ms(balance.resets) if balance.resets else 0
    return [balance.scope, name, balance.most, balance.used, balance.held, resets]


def _leg(scope: str, name: str, begin: int, held: int, used: int) -> Leg:
    limit = limit_of(name, 0)
    return Leg(scope, limit.unit, limit.window, begin, held, used)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

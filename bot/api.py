"""What a program asks by itself: held before a provider is asked, passed on, and charged on every way out."""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from bot.billing import refusal, without_money
from bot.caller import Caller
from bot.catalogue import ModelSpec, Plus
from bot.errors import StorageDown, TooManyAtOnce
from bot.keys import Secret
from bot.own import OwnKeysOff, own_of
from bot.ports import STORE_PAUSE, Ports
from bot.preferences import plus_for
from bot.quota import Charge, Demand, Denied, Unit
from bot.tasks import end, even_if_cancelled
from bot.turn import Usage
from bot.usage import cost

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Calls of one person that are under way in a process: more would take the places of all others."""

HELD = timedelta(seconds=90)
"""How long a call's share stays held when its process dies; while that lives it holds the share anew, every `RENEW`."""

RENEW = HELD / 3

TRIED = timedelta(seconds=960)
"""How long a charge is tried that could not be written down. It counts though nothing is held for it any more."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a call took: tokens, or pictures, or seconds of sound. Those of the latter that are told are but priced."""

    usage: Usage
    images: int = 0
    seconds: int = 0

    def spent(self, spec: ModelSpec) -> dict[Unit, int]:
        """In each unit of which it took any; no money when the asker's own key paid for it."""
        price = spec.price
        money = cost(self.usage, price) + self.images * price.image + self.seconds * price.audio_second
        tokens = 0 if self.images or self.seconds else self.usage.input + self.usage.output
        amounts = (
            (Unit.TOKENS, tokens),
            (Unit.REQUESTS, 1),
            (Unit.MICRO_USD, 0 if self.usage.own else money),
            (Unit.IMAGES, self.images),
            (Unit.AUDIO_SECONDS, self.seconds),
        )
        return {unit: amount for unit, amount in amounts if amount}


@dataclass(slots=True)
class Bill:
    """
    What is held for a call.

    Args:
        output: The most tokens that its answer may have.
        took: What it took. Whoever reads the answer says so; nothing is charged as long as this is None.
    """

    output: int
    took: Took | None = None


class Holds:
    """
    What is held for the calls of this process, for as long as they take.

    One task renews them all: few calls live until its next round, and a task for each would cost every one of them.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._ids: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    def add(self, id: str) -> None:
        self._ids.add(id)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.ensure_future(self._renew())

    def discard(self, id: str) -> None:
        self._ids.discard(id)

    async def close(self) -> None:
        """Renew nothing any more."""
        if self._renewing is not None:
            await end(self._renewing)

    async def _renew(self) -> None:
        """Renew what is held, round after round, until there is a round for nothing."""
        await asyncio.sleep(RENEW.total_seconds())
        while self._ids:
            await asyncio.sleep(await self._round())

    async def _round(self) -> float:
        """Renew all of it. Returns the seconds until the next round: a store that is down is asked again soon."""
        try:
            for id in tuple(self._ids):
                await self._ports.ledger.renew(id, HELD, self._ports.now())
        except StorageDown as trouble:
            log.warning("what is held was not renewed: %s", trouble)
            return STORE_PAUSE
        return RENEW.total_seconds()


class Desk:
    """Where programs are served. What could not be charged because the store was down is charged when it is back."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._under_way: Counter[str] = Counter()
        self._holds = Holds(ports)
        self._aside: set[asyncio.Task[None]] = set()

    def aside(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Have something done for which nobody waits."""
        task = asyncio.ensure_future(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task

    async def answerers(self, caller: Caller, plus: Plus, own: Secret | None) -> tuple[Plus, Secret | None]:
        """
        By whom a caller is answered: accounts of which tier, or their own key with the provider.

        What a request leaves open (`Plus.ANY`, None) is as they have chosen in chat. Raises OwnKeysOff.
        """
        ports, person = self.ports, caller.person
        if own is not None and ports.cipher is None:
            raise OwnKeysOff
        if caller.plus and plus is Plus.ANY:
            plus = await plus_for(ports, person)
        return plus if caller.plus else Plus.NO, own or await own_of(ports, person)

    def billed(self, caller: Caller, spec: ModelSpec, demand: Demand, *, own: bool) -> "Billed":
        """
        Hold what a call may take, and charge what it took when the block is left.

        Args:
            own: Whether the asker's own key with the provider pays for it.

        Raises:
            QuotaExhausted: A limit has too little left.
            TooManyAtOnce: So many of that person's are under way.
        """
        return Billed(self, caller, spec, demand, own=own)

    def enter(self, person: str) -> None:
        """One more call of that person's is under way. Raises TooManyAtOnce."""
        if self._under_way[person] >= AT_ONCE:
            raise TooManyAtOnce(person, AT_ONCE)
        self._under_way[person] += 1

    def leave(self, person: str) -> None:
        self._under_way[person] -= 1
        if not self._under_way[person]:
            del self._under_way[person]

    async def hold(self, caller: Caller, spec: ModelSpec, demand: Demand, *, own: bool) -> "_Call":
        """Raises QuotaExhausted."""
        if own:
            demand = without_money(demand)
        call, ports = _Call(os.urandom(12).hex(), caller, spec, Bill(0), own), self.ports
        try:
            outcome = await ports.ledger.reserve(call.id, caller.shares, demand, HELD, ports.now())
        except asyncio.CancelledError:
            self.aside(self._write_down(call))  # it may be held all the same
            raise
        if isinstance(outcome, Denied):
            raise refusal(ports, caller.person, outcome.balance)
        call.bill.output = outcome.output
        self._holds.add(call.id)
        return call

    async def drain(self, grace: float) -> None:
        """
        Let what nobody waits for end within so many seconds, then end it.

        What is not charged by now is let go when its time has run out.
        """
        if self._aside:
            await asyncio.wait(self._aside, timeout=grace)
        await end(*self._aside)
        await self._holds.close()

    async def settle(self, call: "_Call") -> None:
        """Charge, or let go of what was held."""
        self._holds.discard(call.id)
        await even_if_cancelled(partial(self._write_down, call))

    async def _write_down(self, call: "_Call") -> None:
        try:
            await call.write_down(self.ports)
        except StorageDown as trouble:
            log.error("call %s is charged later: %s", call.id, trouble)
            self.aside(call.until_written_down(self.ports))


@dataclass(frozen=True, slots=True)
class _Call:
    """A call for which something is held."""

    id: str
    caller: Caller
    spec: ModelSpec
    bill: Bill
    own: bool

    async def write_down(self, ports: Ports) -> None:
        """What it took; a second time changes nothing. Raises StorageDown."""
        now, took = ports.now(), self.bill.took
        if took is None:
            await ports.ledger.release(self.id, now)
            return
        if self.own:
            took = replace(took, usage=replace(took.usage, own=True))
        caller, spec = self.caller, self.spec
        spent, account = took.spent(spec), caller.held.account
        charge = Charge(self.id, caller.key, spec.alias, took.usage, now, spent, caller.shares, account)
        await ports.ledger.settle(charge, now)

    async def until_written_down(self, ports: Ports) -> None:
        """As soon as the store is back, if that is within `TRIED`."""
        deadline = ports.now() + TRIED
        while ports.now() < deadline:
            await asyncio.sleep(STORE_PAUSE)
            with contextlib.suppress(StorageDown):
                return await self.write_down(ports)
        return None


class Billed:
    """The block in which a call is made. One of contextlib's would take three times the calls."""

    def __init__(self, desk: Desk, caller: Caller, spec: ModelSpec, demand: Demand, *, own: bool) -> None:
        self._desk = desk
        self._caller = caller
        self._spec = spec
        self._demand = demand
        self._own = own

    async def __aenter__(self) -> Bill:
        """Raises as `Desk.billed` says."""
        person = self._caller.person
        self._desk.enter(person)
        try:
            self._call = await self._desk.hold(self._caller, self._spec, self._demand, own=self._own)
        except BaseException:
            self._desk.leave(person)
            raise
        return self._call.bill

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._desk.settle(self._call)
        finally:
            self._desk.leave(self._caller.person)

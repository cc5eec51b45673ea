"""What a program's call takes: held, and charged on every way out, once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.vault import Vault
from bot.amounts import parse_limit
from bot.api import HELD as HELD_FOR
from bot.api import RENEW, TRIED, Bill, Desk, Took
from bot.caller import Caller
from bot.catalogue import ModelSpec, Plus, Price
from bot.errors import ModelDown, QuotaExhausted, StorageDown
from bot.keys import Secret
from bot.own import set_own
from bot.ports import STORE_PAUSE, Ports
from bot.preferences import set_plus
from bot.quota import Charge, Cost, Demand, Denied, Granted, Policy, Settlement, Share, Spending, Unit
from bot.tasks import end
from bot.turn import Usage
from storage.memory.ledger import MemoryLedger
from storage.store import UTC_ZONE
from tests.bot.core import FREE, Core
from tests.bot.test_exchange import ALICE, HELD
from tests.clock import now, virtual

SPEC = ModelSpec("owl", "owl-1", price=Price(1_000_000, 500_000, 2_000_000, 40_000, 250))
DEMAND = Demand({Unit.TOKENS: Cost(100, 1_000_000), Unit.REQUESTS: Cost(1), Unit.MICRO_USD: Cost(500)}, 1_000, 256)
TOOK = Took(Usage(90, 40))


class Ledger(MemoryLedger):
    """A ledger that can be down."""

    def __init__(self) -> None:
        super().__init__(UTC_ZONE)
        self.down = False
        self.slow = 0.0
        self.late = 0.0
        """Seconds until whoever holds something hears that it is held."""

    async def reserve(
        self, id: str, shares: Sequence[Share], demand: Demand, ttl: timedelta, now: datetime
    ) -> Granted | Denied:
        outcome = await super().reserve(id, shares, demand, ttl, now)
        await asyncio.sleep(self.late)
        return outcome

    async def renew(self, id: str, ttl: timedelta, now: datetime) -> None:
        await self._reach()
        await super().renew(id, ttl, now)

    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        await self._reach()
        return await super().settle(charge, now)

    async def release(self, id: str, now: datetime) -> None:
        await self._reach()
        await super().release(id, now)

    async def _reach(self) -> None:
        await asyncio.sleep(self.slow)
        if self.down:
            raise StorageDown("gone")


@dataclass(slots=True)
class Till:
    """A desk, its ledger, and Alice with her key."""

    ports: Ports
    ledger: Ledger
    desk: Desk
    caller: Caller

    def billed(self, *, own: bool = False) -> contextlib.AbstractAsyncContextManager[Bill]:
        return self.desk.billed(self.caller, SPEC, DEMAND, own=own)

    async def spent(self) -> Sequence[Spending]:
        return await self.ledger.spendings("2000-01-01", "2999-12-31")

    async def held(self) -> int:
        return sum(leg.held for entry in await self.ledger.journal(0, 1_000) for leg in entry.legs)


def till(policy: Policy = FREE, **changes: Any) -> Till:
    ledger = Ledger()
    ports = replace(Core(policy, frozenset()).sessions._ports, ledger=ledger, **changes)
    return Till(ports, ledger, Desk(ports), Caller(HELD, policy))


LIMITED = Policy(everyone=(parse_limit("2000 tokens per day"), parse_limit("$1 per day")))


@virtual
async def test_what_was_taken_is_charged_once_and_nothing_stays_held() -> None:
    there = till(LIMITED)
    async with there.billed() as bill:
        assert 1_000 == bill.output
        assert 0 < await there.held()
        assert [] == await there.spent()
        bill.took = TOOK

    (spending,) = await there.spent()
    assert (ALICE, "owl", "k1", 90, 40, 1, 170) == (
        *(spending.user, spending.model, spending.api_key),
        *(spending.input, spending.output, spending.requests, spending.micro_usd),
    )
    assert 0 == await there.held()


@pytest.mark.parametrize("took", [None, TOOK])
@virtual
async def test_an_error_costs_what_had_come(took: Took | None) -> None:
    there = till(LIMITED)
    with pytest.raises(ModelDown):
        await _failing(there, took)

    assert (1 if took else 0) == len(await there.spent())
    assert 0 == await there.held()


async def _failing(there: Till, took: Took | None) -> None:
    async with there.billed() as bill:
        bill.took = took
        raise ModelDown("500")


@virtual
async def test_whoever_leaves_is_charged_though_writing_takes_its_time() -> None:
    """They are gone before it is written down, and told twice to be."""
    there = till(LIMITED)
    there.ledger.slow = 5.0
    asking = asyncio.ensure_future(_waiting(there))
    await asyncio.sleep(1)
    asking.cancel()
    await asyncio.sleep(1)
    asking.cancel()
    await asyncio.wait({asking})

    assert asking.cancelled()
    assert 1 == len(await there.spent())
    assert 0 == await there.held()


async def _waiting(there: Till) -> None:
    async with there.billed() as bill:
        bill.took = TOOK
        await asyncio.Event().wait()


@pytest.mark.parametrize("took", [None, TOOK])
@virtual
async def test_what_cannot_be_written_down_now_is_later(took: Took | None) -> None:
    """The answer is not kept from its caller because the store is down."""
    there = till(LIMITED)
    async with there.billed() as bill:
        bill.took = took
        there.ledger.down = True
    await asyncio.sleep(100)
    assert 0 < await there.held()
    there.ledger.down = False
    await asyncio.sleep(2 * STORE_PAUSE)

    assert (1 if took else 0) == len(await there.spent())
    assert 0 == await there.held()


@virtual
async def test_nobody_tries_for_ever() -> None:
    there = till(LIMITED)
    async with there.billed() as bill:
        bill.took, there.ledger.down = TOOK, True
    await asyncio.sleep((TRIED + timedelta(seconds=5)).total_seconds())

    assert 1 == len(asyncio.all_tasks())


@virtual
async def test_what_is_written_down_after_its_hold_has_run_out_is_charged_all_the_same() -> None:
    """A store may be away longer than a dead process's share is held."""
    there = till(LIMITED)
    async with there.billed() as bill:
        bill.took, there.ledger.down = TOOK, True
    await _slept(2 * HELD_FOR)
    await there.ledger.expire(now())
    there.ledger.down = False
    await _slept(timedelta(seconds=2 * STORE_PAUSE))

    assert [1] == [spending.requests for spending in await there.spent()]
    assert 0 == await there.held()


@virtual
async def test_after_a_death_the_quota_is_free_again_within_two_minutes() -> None:
    """A process that was killed renews nothing and charges nothing."""
    there = till(Policy(everyone=(parse_limit("1100 tokens per day"),)))
    dying = asyncio.ensure_future(_dying(there))
    await _slept(timedelta(seconds=10))
    await there.desk._holds.close()
    with pytest.raises(QuotaExhausted):
        await _failing(there, None)
    await _slept(HELD_FOR)
    await there.ledger.expire(now())

    async with there.billed() as bill:
        assert 1_000 == bill.output
    await end(dying)


async def _dying(there: Till) -> None:
    async with there.billed():
        await asyncio.Event().wait()


@virtual
async def test_a_long_call_stays_held_until_it_ends_also_when_the_store_is_away_for_some_time() -> None:
    """Its share would be given to others, and more taken than there is."""
    there = till(LIMITED)
    async with there.billed() as bill:
        for away in (False, True) * 5:
            there.ledger.down = away
            await _slept(RENEW * 1.5)
            assert 0 == await there.ledger.expire(now())
        there.ledger.down = False
        assert 0 < await there.held()
        bill.took = TOOK

    assert 0 == await there.held()


@virtual
async def test_one_task_holds_all_that_is_under_way_and_none_stays_when_nothing_is() -> None:
    """A task for each call would cost the short ones, which never need it."""
    there = till()
    calls = [asyncio.ensure_future(_asking(there)) for _ in range(4)]
    await asyncio.sleep(0.5)
    assert 1 + 4 + 1 == len(asyncio.all_tasks())
    await asyncio.gather(*calls, return_exceptions=True)
    await _slept(RENEW)

    assert 1 == len(asyncio.all_tasks())


async def _slept(time: timedelta) -> None:
    await asyncio.sleep(time.total_seconds())


@virtual
async def test_a_drain_waits_for_what_is_written_down_later_but_not_for_ever() -> None:
    there = till(LIMITED)
    async with there.billed() as bill:
        bill.took, there.ledger.down = TOOK, True
    draining = asyncio.ensure_future(there.desk.drain(10.0))
    await asyncio.sleep(3)
    there.ledger.down = False
    await draining
    assert 1 == len(await there.spent())

    there.ledger.down, began = True, now()
    async with there.billed() as bill:
        bill.took = TOOK
    await there.desk.drain(10.0)
    assert timedelta(seconds=10) == now() - began
    there.ledger.down = False
    await asyncio.sleep(10)
    assert [1] == [spending.requests for spending in await there.spent()]


@virtual
async def test_a_drain_with_nothing_to_wait_for_is_over_at_once() -> None:
    began = now()
    await till().desk.drain(10.0)
    assert began == now()


@virtual
async def test_what_there_is_not_enough_left_for_is_refused_and_takes_nothing() -> None:
    there = till(Policy(everyone=(parse_limit("300 tokens per day"),)))
    with pytest.raises(QuotaExhausted):
        await _failing(there, TOOK)

    assert [] == await there.spent()
    assert 0 == await there.held()


@virtual
async def test_an_answer_may_be_as_long_as_there_is_enough_left_for() -> None:
    there = till(Policy(everyone=(parse_limit("500 tokens per day"),)))
    async with there.billed() as bill:
        assert 400 == bill.output


@virtual
async def test_who_brings_an_own_key_pays_no_money_but_counts() -> None:
    there = till(Policy(everyone=(parse_limit("$0.0001 per day"),)))
    with pytest.raises(QuotaExhausted):
        await _failing(there, TOOK)
    async with there.billed(own=True) as bill:
        bill.took = TOOK

    (spending,) = await there.spent()
    assert (90, 40, 1, 0) == (spending.input, spending.output, spending.requests, spending.micro_usd)


@virtual
async def test_whoever_leaves_before_they_hear_that_something_is_held_holds_nothing() -> None:
    there = till(LIMITED)
    there.ledger.late = 3
    asking = asyncio.create_task(_asking(there))
    await asyncio.sleep(1)
    held = await there.held()
    asking.cancel()
    await asyncio.wait([asking])
    await there.desk.drain(5)

    assert held
    assert 0 == await there.held()


@virtual
async def test_many_at_once_take_no_more_than_there_is() -> None:
    there = till(Policy(everyone=(parse_limit("5 questions per day"),)))
    outcomes = await asyncio.gather(*(_asking(there) for _ in range(60)), return_exceptions=True)

    assert 55 == sum(isinstance(outcome, QuotaExhausted) for outcome in outcomes)
    assert 5 == sum(spending.requests for spending in await there.spent())


async def _asking(there: Till) -> None:
    async with there.billed() as bill:
        await asyncio.sleep(1)
        bill.took = TOOK


@pytest.mark.parametrize(
    ("took", "spent"),
    [
        (Took(Usage(90, 40)), (130, 170, 0, 0)),
        (Took(Usage(90, 40, cached=50)), (130, 145, 0, 0)),
        (Took(Usage(90, 40, own=True)), (130, 0, 0, 0)),
        (Took(Usage(90, 0), images=2), (0, 80_090, 2, 0)),
        (Took(Usage(0, 0), seconds=7), (0, 1_750, 0, 7)),
        (Took(Usage(0, 0, own=True), seconds=7), (0, 0, 0, 7)),
    ],
)
def test_what_is_spent_of_every_unit(took: Took, spent: tuple[int, ...]) -> None:
    """Tokens, micro-USD, pictures, seconds: tokens of pictures and of sound are but priced. No unit for nothing."""
    units = (Unit.TOKENS, Unit.MICRO_USD, Unit.IMAGES, Unit.AUDIO_SECONDS)
    expected = {unit: amount for unit, amount in zip(units, spent, strict=True) if amount}
    assert {**expected, Unit.REQUESTS: 1} == took.spent(SPEC)


# By whom a caller is answered.


@pytest_asyncio.fixture
async def vaulted() -> AsyncIterator[Till]:
    there = till(cipher=Vault("a-long-text-of-the-operators"))
    await set_own(there.ports, ALICE, Secret("sk-chosen-in-chat"))
    yield there


async def test_an_own_key_that_was_left_in_chat_is_used_and_one_that_is_sent_goes_before_it(vaulted: Till) -> None:
    _, left = await vaulted.desk.answerers(vaulted.caller, Plus.ANY, None)
    _, sent = await vaulted.desk.answerers(vaulted.caller, Plus.ANY, Secret("sk-sent"))
    bob = Caller(replace(HELD, made_for="test:2"), FREE)

    assert ["sk-chosen-in-chat", "sk-sent"] == [key.reveal() for key in (left, sent) if key]
    assert None is (await vaulted.desk.answerers(bob, Plus.ANY, None))[1]


@virtual
async def test_plus_is_chosen_by_those_who_have_it_alone() -> None:
    there = till()
    await set_plus(there.ports, ALICE, Plus.YES)
    having = replace(there.caller, plus=True)

    assert Plus.YES is (await there.desk.answerers(having, Plus.ANY, None))[0]
    assert Plus.NO is (await there.desk.answerers(having, Plus.NO, None))[0]
    for wanted in Plus:
        assert Plus.NO is (await there.desk.answerers(there.caller, wanted, None))[0]


@virtual
async def test_what_is_done_aside_goes_on_until_it_ends() -> None:
    done: list[str] = []

    async def later() -> None:
        await asyncio.sleep(3)
        done.append("done")

    desk = till().desk
    task = desk.aside(later())
    await desk.drain(10.0)
    assert ["done"] == done
    await end(task)

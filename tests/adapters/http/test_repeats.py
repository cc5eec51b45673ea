"""adapters.http.repeats: what is asked twice is done once, whatever goes wrong between."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from adapters.http.answer import Answer
from adapters.http.refusals import Rejected
from adapters.http.repeats import CLAIMED, KEPT, LARGEST, LEAST, LONGEST, OF_ONE, Repeatable, Shelf, repeatable
from adapters.http.serving import Outgoing
from bot.caller import Caller
from bot.errors import ModelDown, StorageDown
from bot.ports import Ports, Result
from storage.memory.results import MemoryResults
from tests.bot.core import FREE, Core
from tests.bot.test_exchange import HELD as KEY
from tests.clock import START, virtual
from tests.crash.process import Dead, Process, touching


@dataclass(slots=True)
class Read:
    """What a caller reads of an answer."""

    messages: list[dict[str, object]] = field(default_factory=list)

    async def send(self, message: object) -> None:
        assert isinstance(message, dict)
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(bytes(message["body"]) for message in self.messages if "body" in message)  # type: ignore[call-overload]


class Results(MemoryResults):
    """A store of results that can be down."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False

    async def begin(self, name: str, mark: str, ttl: timedelta, now: datetime) -> Result | None:
        self._reach()
        return await super().begin(name, mark, ttl, now)

    async def renew(self, name: str, mark: str, ttl: timedelta, now: datetime) -> None:
        self._reach()
        await super().renew(name, mark, ttl, now)

    async def keep(self, name: str, mark: str, body: bytes, ttl: timedelta, now: datetime) -> None:
        self._reach()
        await super().keep(name, mark, body, ttl, now)

    async def drop(self, name: str, mark: str) -> None:
        self._reach()
        await super().drop(name, mark)

    def _reach(self) -> None:
        if self.down:
            raise StorageDown("gone")


@dataclass(slots=True)
class Work:
    """Some work that says `pieces`, a second each; it first raises what is next in `troubles`."""

    pieces: tuple[bytes, ...] = (b"To ", b"wit.")
    status: int = 200
    troubles: list[Exception] = field(default_factory=list)
    late: list[Exception] = field(default_factory=list)
    done: int = 0

    async def __call__(self, answer: Answer) -> None:
        self.done += 1
        await asyncio.sleep(1)
        if self.troubles:
            raise self.troubles.pop(0)
        await answer.begin(self.status, "text/owl")
        for piece in self.pieces[:-1]:
            await answer.block(piece)
            await asyncio.sleep(1)
        if self.late:
            await answer.broken(b"!")
            raise self.late.pop(0)
        await answer.finish(self.pieces[-1])


def ports() -> tuple[Ports, Results]:
    results = Results()
    return replace(Core(FREE, frozenset()).sessions._ports, results=results), results


ALICE, BOB = Caller(KEY, FREE), Caller(replace(KEY, made_for="test:2"), FREE)


def order(
    there: Ports, caller: Caller = ALICE, *request: bytes, key: str = "order-7", shelf: Shelf | None = None
) -> Repeatable:
    return repeatable(there, shelf or Shelf(), caller, key, *(request or (b"chat", b"{}")))


async def answered(wanted: Repeatable, work: Work) -> bytes:
    read = Read()
    await wanted.answered(work, Outgoing(read.send, "req_1"))
    return read.body


@virtual
async def test_the_second_time_it_is_the_same_answer_and_no_work() -> None:
    there, _ = ports()
    work = Work()
    first, second = Read(), Read()
    for read in (first, second):
        await order(there).answered(work, Outgoing(read.send, "req_1"))

    assert b"To wit." == first.body == second.body
    assert 1 == work.done
    headers = [dict(read.messages[0]["headers"])[b"content-type"] for read in (first, second)]  # type: ignore[call-overload]
    assert [b"text/owl"] * 2 == headers


@virtual
async def test_of_two_at_once_one_is_told_that_the_other_is_under_way() -> None:
    there, _ = ports()
    work = Work()
    outcomes = await asyncio.gather(*(answered(order(there), work) for _ in range(5)), return_exceptions=True)

    assert 1 == outcomes.count(b"To wit.")
    refused = [each for each in outcomes if isinstance(each, Rejected)]
    assert [(409, "idempotency_key_in_use")] * 4 == [(each.status, each.code) for each in refused]
    assert 1 == work.done


@virtual
async def test_another_request_under_that_key_is_refused_and_somebody_elses_is_their_own() -> None:
    """Parts are told apart: `ab` and `c` are no `a` and `bc`."""
    there, _ = ports()
    work = Work()
    await answered(order(there, ALICE, b"ab", b"c"), work)
    with pytest.raises(Rejected) as refused:
        await answered(order(there, ALICE, b"a", b"bc"), work)
    assert (409, "idempotency_key_reused") == (refused.value.status, refused.value.code)
    assert 1 == work.done

    await answered(order(there, BOB, b"a", b"bc"), work)
    assert 2 == work.done


@virtual
async def test_what_failed_can_be_asked_again_at_once() -> None:
    there, _ = ports()
    work = Work(troubles=[ModelDown("500")])
    with pytest.raises(ModelDown):
        await answered(order(there), work)

    assert b"To wit." == await answered(order(there), work)


@virtual
async def test_what_broke_off_or_was_refused_is_not_kept() -> None:
    there, _ = ports()
    work = Work(late=[ModelDown("cut")])
    with pytest.raises(ModelDown):
        await answered(order(there), work)
    assert b"To wit." == await answered(order(there), work)
    assert b"To wit." == await answered(order(there), work)
    assert 2 == work.done

    refusing = Work(status=400)
    for _ in range(2):
        await answered(order(there, BOB), refusing)
    assert 2 == refusing.done


@virtual
async def test_whoever_leaves_frees_the_key() -> None:
    there, _ = ports()
    work = Work()
    asking = asyncio.ensure_future(answered(order(there), work))
    await asyncio.sleep(1.5)
    asking.cancel()
    await asyncio.wait({asking})

    assert b"To wit." == await answered(order(there), work)
    assert 2 == work.done


async def busy(there: Ports) -> bool:
    """Whether who asks again is told that it is being answered."""
    try:
        await answered(order(there), Work())
    except Rejected as refused:
        return refused.code == "idempotency_key_in_use"
    return False


@virtual
async def test_however_long_an_answer_takes_its_key_stays_claimed() -> None:
    there, _ = ports()
    asking = asyncio.ensure_future(answered(order(there), long := Work(pieces=(b"hoo",) * 900)))
    await asyncio.sleep(0.5)
    for _ in range(89):
        assert await busy(there)
        await asyncio.sleep(10)

    assert b"hoo" * 900 == await asking == await answered(order(there), long)
    assert 1 == long.done


@virtual
async def test_a_store_that_was_down_for_a_minute_costs_no_claim(caplog: pytest.LogCaptureFixture) -> None:
    """It is asked again soon."""
    there, results = ports()
    asking = asyncio.ensure_future(answered(order(there), Work(pieces=(b"hoo",) * 200)))
    await asyncio.sleep(25)
    results.down = True
    await asyncio.sleep(60)
    results.down = False
    await asyncio.sleep(80)

    assert await busy(there)
    assert b"hoo" * 200 == await asking
    assert "gone" in caplog.text


@virtual
async def test_what_a_dead_process_was_answering_can_be_asked_again_after_90_seconds() -> None:
    there, results = ports()
    process = Process(None)
    theirs = replace(there, results=touching(results, process))
    asking = asyncio.ensure_future(answered(order(theirs), Work(pieces=(b"hoo",) * 900)))
    await asyncio.sleep(200)
    process.kill()
    asking.cancel()
    with pytest.raises(Dead):
        await asking

    assert await busy(there)
    await asyncio.sleep(90)
    assert b"To wit." == await answered(order(there), Work())


@virtual
async def test_when_a_request_has_ended_nothing_is_renewed_any_more() -> None:
    """Whichever way it ended."""
    there, _ = ports()
    leaving = asyncio.ensure_future(answered(order(there), Work()))
    await asyncio.sleep(0.5)
    leaving.cancel()
    await asyncio.wait({leaving})
    with pytest.raises(ModelDown):
        await answered(order(there), Work(troubles=[ModelDown("500")]))
    await answered(order(there), Work())

    assert {asyncio.current_task()} == asyncio.all_tasks()


@virtual
async def test_with_the_store_down_nothing_is_done() -> None:
    """It might be the second time."""
    there, results = ports()
    results.down, work = True, Work()
    with pytest.raises(StorageDown):
        await answered(order(there), work)
    assert 0 == work.done


@virtual
async def test_an_answer_that_cannot_be_kept_is_given_all_the_same() -> None:
    """And the claim runs out by itself."""
    there, results = ports()
    work = Work()
    asking = asyncio.ensure_future(answered(order(there), work))
    await asyncio.sleep(0.5)
    results.down = True
    assert b"To wit." == await asking
    results.down = False
    with pytest.raises(Rejected):
        await answered(order(there), work)
    await asyncio.sleep(CLAIMED.total_seconds())
    assert b"To wit." == await answered(order(there), work)


@virtual
async def test_an_error_is_told_though_the_claim_cannot_be_dropped() -> None:
    there, results = ports()
    work = Work(troubles=[ModelDown("500")])
    asking = asyncio.ensure_future(answered(order(there), work))
    await asyncio.sleep(0.5)
    results.down = True
    with pytest.raises(ModelDown):
        await asking


@virtual
async def test_who_lost_the_claim_neither_keeps_nor_frees_anything() -> None:
    """Another process has it by then."""
    there, _ = ports()
    slow, quick = Work(), Work(pieces=(b"Hoo.",))
    asking = asyncio.ensure_future(answered(order(there), slow))
    await asyncio.sleep(0.5)
    await there.results.drop(order(there).name, order(there).mark)
    other = order(there, ALICE, b"another")
    assert b"Hoo." == await answered(other, quick)
    assert b"To wit." == await asking
    assert b"Hoo." == await answered(other, quick)
    assert 1 == quick.done


@virtual
async def test_an_answer_is_kept_for_a_day_unless_it_is_too_large() -> None:
    there, _ = ports()
    work, large = Work(), Work(pieces=(b"x" * LARGEST, b"x"))
    await answered(order(there), work)
    await asyncio.sleep(KEPT.total_seconds() - 5)
    await answered(order(there), work)
    assert 1 == work.done
    await asyncio.sleep(10)
    await answered(order(there), work)
    assert 2 == work.done

    for _ in range(2):
        assert LARGEST + 1 == len(await answered(order(there, BOB), large))
    assert 2 == large.done


@pytest.mark.parametrize("key", ["", "  ", "x" * (LONGEST + 1)])
@virtual
async def test_what_is_no_key_is_refused(key: str) -> None:
    there, _ = ports()
    with pytest.raises(Rejected):
        repeatable(there, Shelf(), ALICE, key, b"")
    assert repeatable(there, Shelf(), ALICE, "x" * LONGEST, b"")


@virtual
async def test_what_is_kept_for_one_person_in_a_day_has_an_end_and_others_have_their_own() -> None:
    """Sixteen megabytes, at least four thousand answers; what comes after these is made anew."""
    there, _ = ports()
    shelf, large = Shelf(), Work(pieces=(b"x" * LARGEST,))
    for number in range(OF_ONE // LARGEST):
        await answered(order(there, key=f"{number}", shelf=shelf), large)
    for _ in range(2):
        await answered(order(there, key="one more", shelf=shelf), large)
    assert OF_ONE // LARGEST + 2 == large.done
    await answered(order(there, key="0", shelf=shelf), large)
    assert OF_ONE // LARGEST + 2 == large.done

    for _ in range(2):
        await answered(order(there, BOB, shelf=shelf), large)
    assert OF_ONE // LARGEST + 3 == large.done

    await asyncio.sleep(KEPT.total_seconds())
    for _ in range(2):
        await answered(order(there, key="one more", shelf=shelf), large)
    assert OF_ONE // LARGEST + 4 == large.done


def test_small_answers_use_room_up_too() -> None:
    shelf, count = Shelf(), 0
    while shelf.takes("ada", 1, START):
        count += 1
    assert OF_ONE // LEAST == count

"""Which account is asked, and what becomes of a question when it fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.account import Account
from bot.catalogue import ModelSpec, Plus
from bot.chat import Message
from bot.errors import (
    AccountGone,
    AccountLocked,
    AllDown,
    AllTaken,
    BotError,
    ContextFull,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    NoPlusHere,
    PlusNeeded,
    StorageDown,
)
from bot.health import Condition
from bot.pool import PROBE, Pool
from bot.ports import ApiRequest, ApiResponse, Chunk, Records, Request
from bot.turn import Usage
from storage.memory import open_memory
from storage.store import Store
from tests.clock import now, virtual

SPEC = ModelSpec("owl", "owl")


class Provider:
    """A model that says its name; each beginning first raises what is next in `troubles`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.troubles: list[Exception] = []
        self.after: list[Exception] = []
        self.asked = 0
        self.running = 0
        self.most = 0
        self.slow = 0.0

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        del request
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.troubles:
                raise self.troubles.pop(0)
            await asyncio.sleep(self.slow)
            yield Chunk(self.name)
            if self.after:
                raise self.after.pop(0)
            yield Chunk(finish="stop", usage=Usage(10, 5))
        finally:
            self.running -= 1


class Fixture:
    """A pool on a store, what it told its owners, and its providers by name."""

    def __init__(self, store: Store | None = None, *, strict: bool = False, fresh: float = 0.0) -> None:
        self.store = store or open_memory()
        self.told: list[str] = []
        self.providers: dict[str, Provider] = {}
        self.pool = Pool(
            self.store.records,
            self.store.settings,
            self.store.slots,
            now,
            self.told.append,
            strict_affinity=strict,
            fresh=timedelta(seconds=fresh),
        )

    def add(self, account: Account) -> Provider:
        self.providers[account.name] = Provider(account.name)
        self.pool.join(account, self.providers[account.name])
        return self.providers[account.name]

    async def ask(self, session: str = "", **changes: object) -> str:
        """What is said, all of it."""
        request = Request(SPEC, (Message("q", "root", "user", "Why?", "", "", now()),), session, 100)
        said = [chunk.text async for chunk in self.pool.stream(replace(request, **changes))]  # type: ignore[arg-type]
        return "".join(said)


async def two(**options: bool) -> tuple[Fixture, Provider, Provider]:
    fixture = Fixture(strict=options.get("strict", False))
    return fixture, fixture.add(Account("a")), fixture.add(Account("b"))


@virtual
async def test_questions_are_spread_by_weight() -> None:
    fixture = Fixture()
    for name, weight in (("a", 5), ("b", 3), ("c", 2)):
        fixture.add(Account(name, weight=weight))
    said = Counter([await fixture.ask() for _ in range(10_000)])
    for name, part in (("a", 0.5), ("b", 0.3), ("c", 0.2)):
        assert abs(said[name] / 10_000 - part) <= 0.03 * part


@virtual
async def test_a_lower_priority_is_asked_when_no_higher_one_can_be() -> None:
    fixture = Fixture()
    best = fixture.add(Account("best", priority=1))
    fixture.add(Account("spare"))
    assert "best" == await fixture.ask()
    best.troubles = [ModelBusy("429", 30.0)]
    assert "spare" == await fixture.ask()
    assert "spare" == await fixture.ask()
    await asyncio.sleep(31)
    assert "best" == await fixture.ask()


@virtual
async def test_a_conversation_stays_with_its_account() -> None:
    fixture, *_ = await two()
    first = [await fixture.ask(f"s{number}") for number in range(1_000)]
    again = [await fixture.ask(f"s{number}") for number in range(1_000)]
    assert first == again
    assert {"a": 500, "b": 500} == Counter(first)


@virtual
async def test_another_process_finds_a_conversations_account_too() -> None:
    fixture, *_ = await two()
    await fixture.ask()
    first = await fixture.ask("s")
    other = Fixture(fixture.store)
    for name in ("a", "b"):
        other.add(Account(name))
    assert [first] * 3 == [await other.ask("s") for _ in range(3)]


@virtual
async def test_a_conversation_moves_when_its_account_is_unwell_and_stays_there() -> None:
    fixture, a, _ = await two()
    assert "a" == await fixture.ask("s")
    a.troubles = [ModelBusy("429", 60.0)]
    assert "b" == await fixture.ask("s")
    await asyncio.sleep(61)
    assert "b" == await fixture.ask("s")


@virtual
async def test_it_may_not_move_where_that_is_wanted() -> None:
    fixture, a, _ = await two(strict=True)
    assert "a" == await fixture.ask("s")
    a.troubles = [ModelBusy("429", 60.0)]
    with pytest.raises(ModelBusy):
        await fixture.ask("s")
    with pytest.raises(AllDown):
        await fixture.ask("s")
    fixture.pool.leave("a")
    with pytest.raises(AccountGone):
        await fixture.ask("s")
    assert "b" == await fixture.ask("another")


@pytest.mark.parametrize(
    "trouble", [ModelDown("500"), ModelBusy("429"), AccountLocked("401"), ModelMisconfigured("404"), ModelCut("cut")]
)
@virtual
async def test_another_account_is_asked_before_the_first_word(trouble: BotError) -> None:
    fixture, a, _ = await two()
    a.troubles = [trouble]
    assert "b" == await fixture.ask()


@virtual
async def test_nobody_else_is_asked_after_the_first_word() -> None:
    """Whoever asked begins again, and then it is another account if there is one."""
    fixture, a, b = await two()
    a.after = [ModelCut("cut")]
    with pytest.raises(ModelCut) as cut:
        await fixture.ask("s")
    assert "a" == cut.value.account
    assert 0 == b.asked
    assert "b" == await fixture.ask("s", avoided=(cut.value.account,))


@virtual
async def test_the_only_account_is_asked_again_after_a_cut() -> None:
    fixture = Fixture()
    fixture.add(Account("a")).after = [ModelCut("cut")]
    with pytest.raises(ModelCut):
        await fixture.ask()
    assert "a" == await fixture.ask(avoided=("a",))


@virtual
async def test_what_is_the_questions_fault_is_not_the_accounts() -> None:
    fixture, a, b = await two()
    assert "a" == await fixture.ask("s")
    a.troubles = [ContextFull("long")] * 9
    for _ in range(9):
        with pytest.raises(ContextFull):
            await fixture.ask("s")
    assert 0 == b.asked
    assert "a" == await fixture.ask("s")


@virtual
async def test_one_that_fails_rests_and_is_tried_by_one_question() -> None:
    fixture, a, b = await two()
    a.troubles = [ModelDown("500")] * 4
    assert {"b"} == {await fixture.ask() for _ in range(20)}
    assert 3 == a.asked
    await asyncio.sleep(3)
    assert {"b"} == {await fixture.ask() for _ in range(20)}
    assert 4 == a.asked
    await asyncio.sleep(3)
    assert {"b"} == {await fixture.ask() for _ in range(20)}
    assert 4 == a.asked
    await asyncio.sleep(2)
    a.slow, b.slow = 1.0, 1.0
    assert {"a": 1, "b": 9} == Counter(await asyncio.gather(*(fixture.ask() for _ in range(10))))
    assert {"a": 5, "b": 5} == Counter([await fixture.ask() for _ in range(10)])


@virtual
async def test_answers_that_fail_together_are_one_failure_more() -> None:
    """They had all begun before it was known: else one bad second would have an account rest for minutes."""
    fixture = Fixture()
    account = fixture.add(Account("a"))
    account.slow, account.after = 1.0, [ModelCut("cut")] * 20
    failed = await asyncio.gather(*(fixture.ask() for _ in range(20)), return_exceptions=True)
    assert {ModelCut} == set(map(type, failed))
    (status,) = await fixture.pool.statuses()
    assert 1 == status.condition.rests
    assert status.condition.wait(now()) <= timedelta(seconds=10)


@virtual
async def test_an_answer_that_began_before_does_not_undo_what_was_heard_since() -> None:
    fixture, a, _ = await two()
    a.troubles = [ModelDown("500")]
    await fixture.ask()
    a.slow = 5.0
    slow = asyncio.ensure_future(fixture.ask("s"))
    await asyncio.sleep(1)
    (before, _) = await fixture.pool.statuses()
    assert 2 == before.condition.strain
    a.troubles = [AccountLocked("401")]
    await fixture.ask(avoided=("b",))
    assert await slow
    (after, _) = await fixture.pool.statuses()
    assert "401" == after.condition.parked
    assert 1 == len(fixture.told)


@virtual
async def test_a_trial_that_the_provider_refuses_for_the_question_has_gone_well() -> None:
    fixture = Fixture()
    account = fixture.add(Account("a"))
    await _rest(account, fixture.ask)
    account.troubles = [ContextFull("long")]
    with pytest.raises(ContextFull):
        await fixture.ask()
    assert "a" == await fixture.ask()


@virtual
async def test_a_trial_whose_asker_leaves_holds_nobody_up() -> None:
    """However it would have ended."""
    fixture = Fixture()
    account = fixture.add(Account("a"))
    await _rest(account, fixture.ask)
    account.slow = 5.0
    trying = asyncio.ensure_future(fixture.ask())
    await asyncio.sleep(1)
    with pytest.raises(AllDown):
        await fixture.ask()
    trying.cancel()
    await asyncio.wait([trying])
    await asyncio.sleep(0.1)
    assert "a" == await fixture.ask()


@virtual
async def test_a_trial_that_the_store_did_not_hear_of_holds_nobody_up_once_it_is_back() -> None:
    """Its process may have had to drop the answer, too."""
    store = open_memory()
    records = Moody(store.records)
    fixture = Fixture(replace(store, records=records))
    account = fixture.add(Account("a"))
    await _rest(account, fixture.ask)
    account.slow = 1.0
    trying = asyncio.ensure_future(fixture.ask())
    await asyncio.sleep(0.5)
    records.down = True
    assert "a" == await trying
    await asyncio.sleep(5)
    records.down = False
    await asyncio.sleep(1.1)
    assert "a" == await fixture.ask()


async def _rest(account: Provider, ask: Callable[[], Awaitable[object]]) -> None:
    """Have an account fail, and rest."""
    account.troubles = [ModelDown("500")] * 3
    for _ in range(3):
        with pytest.raises(ModelDown):
            await ask()
    await asyncio.sleep(11)


class Moody:
    """Records of a store that can be down."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.down = False

    def _check(self) -> None:
        if self.down:
            raise StorageDown("gone")

    async def get(self, folder: str, name: str) -> str | None:
        self._check()
        return await self._records.get(folder, name)

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        self._check()
        return await self._records.swap(folder, name, old, new)

    async def all(self, folder: str) -> Mapping[str, str]:
        self._check()
        return await self._records.all(folder)


@virtual
async def test_a_conversation_belongs_to_who_answered_first_not_to_who_was_asked() -> None:
    fixture, a, _ = await two(strict=True)
    a.troubles = [AccountLocked("401")]
    assert "b" == await fixture.ask("s")
    assert "b" == await fixture.ask("s")


@virtual
async def test_the_soonest_time_is_told_whoever_was_asked_last() -> None:
    fixture, a, b = await two()
    a.troubles, b.troubles = [ModelBusy("429", 1.0)], [ModelBusy("429", 3_600.0)]
    with pytest.raises(AllDown) as down:
        await fixture.ask()
    assert 1.0 == down.value.retry_after


@virtual
async def test_one_that_just_failed_is_not_told_as_busy_for_as_long_as_another_is() -> None:
    fixture, a, b = await two()
    a.troubles, b.troubles = [ModelDown("500")], [ModelBusy("429", 3_600.0)]
    with pytest.raises(ModelDown, match="500"):
        await fixture.ask()
    assert "a" == await fixture.ask()


@virtual
async def test_who_comes_first_has_the_next_place() -> None:
    """A model at home answers one after the other."""
    fixture = Fixture()
    home = fixture.add(Account("home", ("owl",), concurrency=1))
    home.slow = 20.0
    ends: list[int] = []

    async def ask(number: int) -> None:
        await asyncio.sleep(number)
        await fixture.ask()
        ends.append(number)

    await asyncio.gather(*map(ask, range(5)))
    assert [0, 1, 2, 3, 4] == ends
    assert 1 == home.most


@virtual
async def test_who_waited_too_long_for_a_place_is_told() -> None:
    fixture = Fixture()
    fixture.add(Account("a", concurrency=1)).slow = 1_000.0
    first = asyncio.ensure_future(fixture.ask())
    await asyncio.sleep(1)
    began = now()
    with pytest.raises(AllTaken):
        await fixture.ask()
    assert timedelta(seconds=120) == now() - began
    assert "a" == await first


@virtual
async def test_who_can_be_answered_elsewhere_does_not_wait_in_that_line() -> None:
    fixture = Fixture()
    fixture.add(Account("home", ("owl",), concurrency=1)).slow = 1_000.0
    fixture.add(Account("other", ("cat",)))
    waiting = [asyncio.ensure_future(fixture.ask()) for _ in range(3)]
    await asyncio.sleep(1)
    assert "other" == await fixture.ask(spec=replace(SPEC, model="cat"))
    for each in waiting:
        each.cancel()
    await asyncio.wait(waiting)


@virtual
async def test_a_whole_crowd_at_once_is_spread_too() -> None:
    fixture = Fixture()
    for name in "abcd":
        fixture.add(Account(name, concurrency=50)).slow = 1.0
    assert dict.fromkeys("abcd", 10) == Counter(await asyncio.gather(*(fixture.ask() for _ in range(40))))


@virtual
async def test_a_long_conversation_does_not_keep_others_from_its_account() -> None:
    fixture, *_ = await two()
    await fixture.ask("s")
    for _ in range(200):
        await fixture.ask("s")
    assert {"a": 50, "b": 50} == pytest.approx(Counter([await fixture.ask() for _ in range(100)]), abs=2)


@virtual
async def test_one_that_does_not_answer_as_it_should_rests_and_is_told_of() -> None:
    fixture, a, _ = await two()
    a.troubles = [ModelMisconfigured("404")] * 9
    assert {"b"} == {await fixture.ask() for _ in range(20)}
    assert 3 == a.asked
    assert 1 == len(fixture.told)
    assert "does not answer as it should" in fixture.told[0]


@virtual
async def test_with_plus_on_and_no_such_account_it_is_told_what_helps() -> None:
    fixture = Fixture()
    fixture.add(Account("plain"))
    with pytest.raises(NoPlusHere):
        await fixture.ask(plus=Plus.YES)
    with pytest.raises(ModelMisconfigured):
        await fixture.ask(spec=replace(SPEC, plus=Plus.YES))


@virtual
async def test_how_accounts_do_is_known_to_every_process_and_after_a_restart() -> None:
    fixture, a, _ = await two()
    a.troubles = [ModelBusy("429", 60.0)]
    await fixture.ask()
    other = Fixture(fixture.store)
    for name in ("a", "b"):
        other.add(Account(name))
    assert {"b"} == {await other.ask() for _ in range(4)}


@virtual
async def test_one_that_is_turned_away_is_parked_and_its_owner_told_once() -> None:
    fixture, a, _ = await two()
    a.troubles = [AccountLocked("401 invalid_api_key")] * 2
    assert {"b"} == {await fixture.ask() for _ in range(9)}
    assert 1 == a.asked
    assert 1 == len(fixture.told)
    assert "**a**" in fixture.told[0]
    await asyncio.sleep(30 * 24 * 3600)
    assert "b" == await fixture.ask()
    assert await fixture.pool.resume("a")
    a.troubles.clear()
    assert {"a", "b"} == {await fixture.ask() for _ in range(2)}


@virtual
async def test_one_that_was_given_another_key_is_asked_again() -> None:
    fixture, a, _ = await two()
    a.troubles = [AccountLocked("401")]
    await fixture.ask()
    fixture.pool.join(Account("a", mark="new"), Provider("a"))
    assert {"a", "b"} == {await fixture.ask() for _ in range(2)}


@virtual
async def test_when_all_are_down_the_soonest_time_is_told() -> None:
    fixture, a, b = await two()
    a.troubles, b.troubles = [ModelBusy("429", 60.0)], [ModelBusy("429", 20.0)]
    with pytest.raises(ModelBusy):
        await fixture.ask()
    with pytest.raises(AllDown) as down:
        await fixture.ask()
    assert 20 == pytest.approx(down.value.retry_after, abs=1)
    assert "back in about 20 s" in down.value.for_user
    assert (1, 1) == (a.asked, b.asked)
    await asyncio.sleep(21)
    assert "b" == await fixture.ask()


@virtual
async def test_no_more_are_asked_at_once_than_an_account_takes() -> None:
    fixture = Fixture()
    few, many = fixture.add(Account("few", concurrency=2, priority=1)), fixture.add(Account("many"))
    few.slow = many.slow = 10.0
    said = Counter(await asyncio.gather(*(fixture.ask() for _ in range(10))))
    assert {"few": 2, "many": 8} == said
    assert 2 == few.most
    fixture.pool.leave("many")
    assert "few" == await fixture.ask()


@virtual
async def test_a_place_is_given_back_by_whoever_leaves() -> None:
    fixture = Fixture()
    slow = fixture.add(Account("a", concurrency=1))
    slow.slow = 1_000.0
    asking = asyncio.ensure_future(fixture.ask())
    await asyncio.sleep(1)
    with pytest.raises(AllTaken):
        await fixture.ask()
    asking.cancel()
    await asyncio.wait({asking})
    slow.slow = 0.0
    assert "a" == await fixture.ask()


@virtual
async def test_a_place_is_held_for_as_long_as_an_answer_takes() -> None:
    fixture = Fixture()
    slow = fixture.add(Account("a", concurrency=1))
    slow.slow = 600.0
    asking = asyncio.ensure_future(fixture.ask())
    await asyncio.sleep(400)
    with pytest.raises(AllTaken):
        await fixture.ask()
    assert "a" == await asking


@virtual
async def test_an_account_takes_so_many_in_a_minute() -> None:
    fixture = Fixture()
    fixture.add(Account("few", per_minute=3, priority=1))
    fixture.add(Account("many"))
    assert {"few": 3, "many": 7} == Counter([await fixture.ask() for _ in range(10)])
    await asyncio.sleep(61)
    assert "few" == await fixture.ask()


@virtual
async def test_plus_is_for_those_who_have_it() -> None:
    fixture = Fixture()
    fixture.add(Account("plain"))
    fixture.add(Account("plus", plus=True))
    assert {"plain"} == {await fixture.ask(plus=Plus.NO) for _ in range(4)}
    assert {"plus"} == {await fixture.ask(plus=Plus.YES) for _ in range(4)}
    assert {"plain", "plus"} == {await fixture.ask(plus=Plus.ANY) for _ in range(4)}
    assert "plus" == await fixture.ask(spec=replace(SPEC, plus=Plus.YES))
    with pytest.raises(PlusNeeded):
        await fixture.ask(spec=replace(SPEC, plus=Plus.YES), plus=Plus.NO)


@virtual
async def test_a_model_that_nobody_serves() -> None:
    fixture = Fixture()
    fixture.add(Account("a", ("cat",)))
    with pytest.raises(ModelDown, match="owl"):
        await fixture.ask()


@virtual
async def test_what_accounts_did_today_is_added_up_over_processes() -> None:
    fixture, a, _ = await two()
    a.troubles = [ModelDown("500")]
    other = Fixture(fixture.store)
    other.add(Account("a"))
    await fixture.ask()
    await other.ask()
    await fixture.pool.keep()
    await other.pool.keep()
    found = {status.account.name: status.tally for status in await fixture.pool.statuses()}
    assert (2, 1, 10, 5) == (found["a"].questions, found["a"].failures, found["a"].input, found["a"].output)
    assert 1 == found["b"].questions
    await asyncio.sleep(timedelta(days=1).total_seconds())
    assert {0} == {status.tally.questions for status in await fixture.pool.statuses()}


# As programs use it.


class Line(Provider):
    """An account as programs use it: it answers with its name, in two blocks. It takes one path, or any with ""."""

    def __init__(self, name: str, path: str = "") -> None:
        super().__init__(name)
        self.path = path
        self.status = 200
        self.hang = 0.0

    def carries(self, path: str) -> bool:
        return self.path in ("", path)

    @asynccontextmanager
    async def call(self, request: ApiRequest) -> AsyncIterator[ApiResponse]:
        del request
        self.asked += 1
        self.running += 1
        try:
            if self.troubles:
                raise self.troubles.pop(0)
            await asyncio.sleep(self.slow)
            yield ApiResponse(self.status, "text/plain", self._body())
        finally:
            self.running -= 1

    async def _body(self) -> AsyncGenerator[bytes, None]:
        yield self.name.encode()
        await asyncio.sleep(self.hang)
        if self.after:
            raise self.after.pop(0)
        yield b"."


class Exchange(Fixture):
    """A pool that programs use."""

    def add(self, account: Account, path: str = "") -> Line:
        line = Line(account.name, path)
        self.providers[account.name] = line
        self.pool.join(account, line, line)
        return line

    async def call(self, session: str = "", **changes: object) -> str:
        """What is said, all of it; `usage` is what the caller says that it took."""
        usage = changes.pop("usage", None)
        request = replace(ApiRequest(SPEC, "chat/completions", session=session), **changes)  # type: ignore[arg-type]
        async with self.pool.call(request) as response:
            assert self.providers[response.account].running
            assert isinstance(usage, Usage | None)
            response.usage = usage
            return b"".join([block async for block in response.body]).decode()


def exchange(**options: Account) -> tuple[Exchange, Line, Line]:
    fixture = Exchange()
    return fixture, fixture.add(options.get("a", Account("a"))), fixture.add(options.get("b", Account("b")))


@pytest.mark.parametrize(
    "trouble", [ModelDown("500"), ModelBusy("429"), AccountLocked("401"), ModelMisconfigured("404"), ModelCut("cut")]
)
@virtual
async def test_a_program_is_answered_by_the_next_account_when_one_has_not_begun(trouble: BotError) -> None:
    fixture, a, b = exchange()
    a.troubles = [trouble]

    assert "b." == await fixture.call()
    assert (1, 1) == (a.asked, b.asked)
    failures = {status.account.name: status.tally.failures for status in await fixture.pool.statuses()}
    assert {"a": 1, "b": 0} == failures


@virtual
async def test_a_program_is_told_when_all_have_failed() -> None:
    fixture, a, b = exchange()
    a.troubles, b.troubles = [ModelDown("500")], [ModelDown("502")]
    with pytest.raises(ModelDown, match="502"):
        await fixture.call()


@virtual
async def test_an_answer_that_is_cut_is_the_accounts_failure_and_the_programs_to_know() -> None:
    """Nobody else is asked: words have gone out."""
    fixture, a, b = exchange()
    a.after = [ModelCut("cut")] * 3
    for _ in range(3):
        with pytest.raises(ModelCut) as cut:
            await fixture.call(avoided=("b",))
        assert "a" == cut.value.account

    assert 0 == b.asked
    (status, _) = await fixture.pool.statuses()
    assert 1 == status.condition.rests


@pytest.mark.parametrize("status", [400, 404, 413, 422])
@virtual
async def test_a_programs_own_mistakes_are_not_held_against_the_account(status: int) -> None:
    """One program that sends nonsense would take it from everybody else."""
    fixture, a, b = exchange()
    a.status = status
    for _ in range(9):
        assert "a." == await fixture.call(avoided=("b",))

    assert 0 == b.asked
    assert {0} == {status.condition.strain for status in await fixture.pool.statuses()}


@virtual
async def test_a_trial_that_the_provider_refuses_for_a_programs_mistake_has_gone_well() -> None:
    """As an event, where the status had said that all was well."""
    fixture = Exchange()
    line = fixture.add(Account("a"))
    await _rest(line, fixture.call)
    line.troubles = [ContextFull("long")]
    with pytest.raises(ContextFull):
        await fixture.call()

    assert "a." == await fixture.call()


@virtual
async def test_an_account_that_has_rested_is_tried_by_one_program() -> None:
    fixture, a, _ = exchange()
    a.troubles = [ModelDown("500")] * 3
    assert {"b."} == {await fixture.call() for _ in range(20)}
    assert 3 == a.asked
    await asyncio.sleep(3)
    a.slow = 1.0
    assert {"a.": 1, "b.": 9} == Counter(await asyncio.gather(*(fixture.call() for _ in range(10))))


@pytest.mark.parametrize("way", ["well", "error", "cut", "refused", "cancelled before", "cancelled within"])
@virtual
async def test_a_programs_place_is_given_back_on_every_way_out(way: str) -> None:
    fixture = Exchange()
    line = fixture.add(Account("a", concurrency=1))
    troubles: dict[str, list[Exception]] = {"error": [ModelDown("500")], "refused": [ContextFull("long")]}
    line.troubles = troubles.get(way, [])
    line.after = [ModelCut("cut")] if way == "cut" else []
    line.slow, line.hang = 5.0 if way == "cancelled before" else 0.0, 5.0 if way == "cancelled within" else 0.0
    asking = asyncio.ensure_future(fixture.call())
    await asyncio.sleep(1)
    if way.startswith("cancelled"):
        assert 1 == (await fixture.pool.statuses())[0].places
        asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    line.slow = line.hang = 0.0

    assert 0 == (await fixture.pool.statuses())[0].places
    assert 0 == line.running
    assert "a." == await fixture.call()


@virtual
async def test_no_more_programs_are_answered_at_once_than_an_account_takes() -> None:
    few = Account("few", concurrency=2, priority=1)
    fixture, line, other = exchange(a=few, b=Account("many"))
    line.hang = other.hang = 10.0

    assert {"few.": 2, "many.": 8} == Counter(await asyncio.gather(*(fixture.call() for _ in range(10))))


@virtual
async def test_what_a_program_took_is_in_the_accounts_figures() -> None:
    """Also when it was cut: the provider is paid."""
    fixture = Exchange()
    line = fixture.add(Account("a"))
    await fixture.call(usage=Usage(10, 5))
    line.after = [ModelCut("cut")]
    with pytest.raises(ModelCut):
        await fixture.call(usage=Usage(3, 2))

    (status,) = await fixture.pool.statuses()
    tally = status.tally
    assert (2, 2, 13, 7) == (tally.questions, tally.spoken, tally.input, tally.output)


@virtual
async def test_an_account_that_programs_cannot_ask_is_passed_over() -> None:
    """One for people alone, and one that knows other paths."""
    fixture = Exchange()
    fixture.pool.join(Account("people", priority=9), Provider("people"))
    other = fixture.add(Account("other", priority=8), "embeddings")
    fixture.add(Account("a"), "chat/completions")

    assert "a." == await fixture.call()
    assert 0 == other.asked
    assert fixture.pool.carries("chat/completions")
    assert not fixture.pool.carries("responses")
    with pytest.raises(ModelDown):
        await fixture.call(path="responses")


@virtual
async def test_a_call_goes_on_with_the_account_that_has_what_it_continues() -> None:
    fixture, *_ = exchange()
    first = await fixture.call("response/1")
    assert [first] * 5 == [await fixture.call("response/1") for _ in range(5)]


@virtual
async def test_a_program_is_told_apart_by_tier_too() -> None:
    fixture, *_ = exchange(b=Account("b", plus=True))
    assert {"a."} == {await fixture.call(plus=Plus.NO) for _ in range(4)}
    assert {"b."} == {await fixture.call(plus=Plus.YES) for _ in range(4)}


@virtual
async def test_it_is_noted_when_a_provider_is_asked_and_not_before() -> None:
    """From then on it may cost something."""
    noted: list[int] = []
    fixture = Exchange()
    line = fixture.add(Account("a", concurrency=1))
    line.hang = 10.0
    first = asyncio.ensure_future(fixture.call(sent=lambda: noted.append(1)))
    await asyncio.sleep(1)
    waiting = asyncio.ensure_future(fixture.call(sent=lambda: noted.append(2)))
    await asyncio.sleep(1)
    assert [1] == noted
    await asyncio.wait({first, waiting})
    assert [1, 2] == noted


@virtual
async def test_what_another_process_found_out_is_known_after_so_long_and_ones_own_at_once() -> None:
    """The store is asked no more than that often."""
    ours = Exchange(fresh=10.0)
    theirs = Exchange(ours.store)
    for fixture in (ours, theirs):
        fixture.add(Account("a", priority=1))
        fixture.add(Account("b"))
    assert "a." == await ours.call()
    theirs.providers["a"].troubles = [ModelBusy("429", 600.0)]
    assert "b." == await theirs.call()
    assert "a." == await ours.call()
    await asyncio.sleep(11)
    assert "b." == await ours.call()

    await asyncio.sleep(600)
    assert "a." == await ours.call()
    ours.providers["a"].troubles = [ModelBusy("429", 600.0)]
    assert ["b."] * 2 == [await ours.call() for _ in range(2)]
    assert 4 == ours.providers["a"].asked


# Asked whether they are there.


class Bell:
    """A probe: each ring first raises what is next in `troubles`, and takes as long as `slow` says."""

    def __init__(self, *troubles: Exception, slow: float = 0.0) -> None:
        self.troubles = list(troubles)
        self.slow = slow
        self.rung = 0

    async def __call__(self) -> None:
        self.rung += 1
        await asyncio.sleep(self.slow)
        if self.troubles:
            raise self.troubles.pop(0)


def probed(*troubles: Exception, slow: float = 0.0) -> tuple[Fixture, Provider, Bell]:
    """A pool whose best account has a probe, and another that has none."""
    fixture, provider, bell = Fixture(), Provider("a"), Bell(*troubles, slow=slow)
    fixture.pool.join(Account("a", priority=1), provider, None, bell)
    fixture.add(Account("b"))
    return fixture, provider, bell


async def condition_of(fixture: Fixture) -> Condition:
    return (await fixture.pool.statuses())[0].condition


@virtual
async def test_a_probe_finds_a_key_that_works_no_longer_before_a_question_does() -> None:
    """Its owner hears of it while nobody waits for an answer."""
    fixture, a, bell = probed(AccountLocked("401"), AccountLocked("401"))
    await fixture.pool.probe()
    assert 1 == len(fixture.told)
    assert "**a**" in fixture.told[0]
    assert "b" == await fixture.ask()
    await fixture.pool.probe()
    assert (0, 1, 1) == (a.asked, bell.rung, len(fixture.told))


@pytest.mark.parametrize("trouble", [ModelMisconfigured("404"), ContextFull("413"), Filtered("403")])
@virtual
async def test_one_that_cannot_be_asked_like_that_is_as_well_as_it_was(trouble: BotError) -> None:
    """Not every server that answers questions has a list of its models."""
    fixture, *_ = probed(*[trouble] * 9)
    for _ in range(9):
        await fixture.pool.probe()
    assert (await condition_of(fixture)).well


@virtual
async def test_one_that_is_not_there_rests_before_a_question_meets_it() -> None:
    fixture, a, _ = probed(*[ModelDown("refused")] * 3)
    for _ in range(3):
        await fixture.pool.probe()
    assert "b" == await fixture.ask()
    assert 0 == a.asked


@virtual
async def test_probes_are_made_side_by_side_and_none_takes_longer_than_ten_seconds() -> None:
    """One that never answers keeps no other from being asked."""
    fixture, _, silent = probed(slow=1_000.0)
    quick = Bell(ModelDown("refused"))
    fixture.pool.join(Account("c"), Provider("c"), None, quick)
    began = now()
    await fixture.pool.probe()
    assert timedelta(seconds=PROBE) == now() - began
    assert (1, 1) == (silent.rung, quick.rung)
    assert [2, 0, 2] == [status.condition.strain for status in await fixture.pool.statuses()]


@virtual
async def test_one_that_said_that_it_is_busy_is_left_alone() -> None:
    fixture, a, bell = probed()
    a.troubles = [ModelBusy("429", 60.0)]
    await fixture.ask()
    await fixture.pool.probe()
    assert 0 == bell.rung
    await asyncio.sleep(61)
    await fixture.pool.probe()
    assert 1 == bell.rung


@virtual
async def test_one_that_has_left_is_not_asked() -> None:
    fixture, _, bell = probed()
    fixture.pool.leave("a")
    await fixture.pool.probe()
    fixture.pool.join(Account("a"), Provider("a"))
    await fixture.pool.probe()
    assert 0 == bell.rung


@virtual
async def test_a_probe_that_goes_well_leaves_it_to_a_question_whether_it_answers() -> None:
    """An account without money lists its models all the same."""
    fixture, a, _ = probed()
    a.troubles = [ModelDown("500")] * 3
    for _ in range(3):
        await fixture.ask()
    await asyncio.sleep(3)
    await fixture.pool.probe()
    assert 1 == (await condition_of(fixture)).rests
    assert "a" == await fixture.ask()
    assert (await condition_of(fixture)).well


@virtual
async def test_while_probes_fail_no_question_has_to_find_out() -> None:
    """Else somebody would wait for it every five minutes."""
    fixture, a, bell = probed(*[ModelDown("refused")] * 1_000)
    a.troubles = [ModelDown("refused")] * 1_000
    met = []
    for _ in range(24):
        await fixture.pool.probe()
        for _ in range(15):
            assert "b" == await fixture.ask()
            await asyncio.sleep(20)
        met.append(a.asked)
    assert met[-1] == met[2]
    assert 24 == bell.rung


@virtual
async def test_one_that_was_away_for_days_is_asked_again() -> None:
    """Its rests are doubled up to five minutes, and not until a number overflows."""
    fixture, _, bell = probed(*[ModelDown("refused")] * 600)
    for _ in range(600):
        await fixture.pool.probe()
        await asyncio.sleep(300)
    assert not bell.troubles
    await asyncio.sleep(300)
    assert "a" == await fixture.ask()

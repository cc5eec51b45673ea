"""One question and its answer: what is asked, what is paid, what is remembered, whatever goes wrong."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot import conversations
from bot.amounts import parse_limit
from bot.api import Desk
from bot.caller import Caller
from bot.catalogue import Catalogue, ModelSpec, Price
from bot.chat import ROOT, Message
from bot.conversations import Conversation, begun
from bot.errors import (
    BadArgument,
    EmptyAnswer,
    EmptyQuestion,
    Filtered,
    KeyTooNarrow,
    ModelCut,
    ModelDown,
    QuotaExhausted,
    StorageDown,
    TooLong,
)
from bot.exchange import Answered, Question, ask
from bot.keyring import KeyRecord, KeyScope
from bot.listening import GO_ON
from bot.ports import Chunk, Ports, Request
from bot.quota import Policy, Spending
from bot.turn import Ending, Usage
from storage.memory.history import MemoryHistory
from tests.bot.core import FREE, Core
from tests.clock import START, now, virtual

ALICE = "test:1"
HELD = KeyRecord(
    "test:9",
    START,
    START + timedelta(days=30),
    frozenset({KeyScope.CHAT, KeyScope.API}),
    made_for=ALICE,
    id="k1",
    account="k1",
)
OWL = ModelSpec("owl", "owl", 10_000, 1_000, price=Price(1_000_000, 0, 2_000_000))
BAT = ModelSpec("bat", "bat", 400, 100)


@dataclass(slots=True)
class Speaker:
    """A model. Each time it says the next of `takes`, a piece a second: texts, then how it ends."""

    takes: list[Sequence[str | Exception | Chunk]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.asked.append(request)
        for said in self.takes.pop(0) if self.takes else ("Hoo.", Chunk(finish="stop")):
            await asyncio.sleep(1)
            if isinstance(said, Exception):
                raise said
            yield said if isinstance(said, Chunk) else Chunk(said)


@dataclass(slots=True)
class House:
    """A desk, the model behind it, and Alice's key."""

    ports: Ports
    model: Speaker
    caller: Caller

    @property
    def desk(self) -> Desk:
        return Desk(self.ports)

    def begin(self, **terms: Any) -> Conversation:
        return begun(self.caller.key.place, now(), **terms)

    async def ask(self, conversation: Conversation, text: str = "Why?", **terms: Any) -> Answered:
        return await ask(self.desk, self.caller, conversation, Question(text, **terms))

    async def spent(self) -> Sequence[Spending]:
        return await self.ports.ledger.spendings("2000-01-01", "2999-12-31")

    async def held(self) -> int:
        return sum(leg.held for entry in await self.ports.ledger.journal(0, 1_000) for leg in entry.legs)

    async def path(self, conversation: Conversation) -> list[str]:
        history, session = self.ports.history, conversation.session
        return [message.text for message in await history.path(session, await history.head(session), 100)]

    def read(self) -> list[str]:
        """What the model was last given to read."""
        return [message.text for message in self.model.asked[-1].messages]


def house(*takes: Sequence[str | Exception | Chunk], policy: Policy = FREE, **changes: Any) -> House:
    model = Speaker(list(takes))
    ports = replace(
        Core(policy, frozenset()).sessions._ports,
        model=model,
        catalogue=Catalogue({"owl": OWL, "bat": BAT}),
        **changes,
    )
    return House(ports, model, Caller(HELD, policy))


LENGTH, STOP = Chunk(finish="length"), Chunk(finish="stop")


@virtual
async def test_an_answer_is_paid_and_remembered() -> None:
    """With the tokens that the provider counted."""
    there = house(("To ", "wit.", Chunk(finish="stop", usage=Usage(11, 3))))
    conversation = there.begin()
    answered = await there.ask(conversation)

    assert ("To wit.", Ending.COMPLETE, Usage(11, 3)) == (answered.answer.text, answered.ending, answered.usage)
    assert ["Why?", "To wit."] == await there.path(conversation)
    assert ROOT == answered.question.parent
    assert answered.question.id == answered.answer.parent
    (spending,) = await there.spent()
    assert (ALICE, "owl", "k1", 11, 3, 1, 17) == (
        *(spending.user, spending.model, spending.api_key),
        *(spending.input, spending.output, spending.requests, spending.micro_usd),
    )
    assert 0 == await there.held()


@virtual
async def test_what_was_not_counted_is_counted_here() -> None:
    there = house()
    answered = await there.ask(there.begin())

    assert Usage(there.model.asked[0].prompt_tokens, len("Hoo."), counted=True) == answered.usage


@virtual
async def test_the_conversation_says_what_the_model_is_told() -> None:
    there = house()
    await there.ask(there.begin())
    assert [there.ports.system, "Why?"] == there.read()
    await there.ask(there.begin(system="You are an owl."))
    assert ["You are an owl.", "Why?"] == there.read()


@virtual
async def test_the_oldest_is_left_out_when_there_is_no_room() -> None:
    """As in chat: the newest that fits, and never an answer without its question."""
    there = house()
    conversation = there.begin(model="bat", system="!")
    for text in ("a" * 100, "b" * 100, "c" * 100):
        answered = await there.ask(conversation, text)
        conversation = answered.conversation

    assert ["!", "b" * 100, "Hoo.", "c" * 100] == there.read()
    with pytest.raises(TooLong):
        await there.ask(conversation, "d" * 400)


@pytest.mark.parametrize("text", ["", "  \n"])
@virtual
async def test_nothing_is_no_question(text: str) -> None:
    there = house()
    with pytest.raises(EmptyQuestion):
        await there.ask(there.begin(), text)


@virtual
async def test_a_message_of_another_conversation_is_no_parent() -> None:
    there = house()
    other = await there.ask(there.begin())
    with pytest.raises(BadArgument):
        await there.ask(there.begin(), parent=other.answer.id)


@virtual
async def test_one_can_go_on_from_any_message() -> None:
    """From a question as well, and from before the first."""
    there = house()
    first = await there.ask(there.begin(), "First?")
    await there.ask(first.conversation, "Second?", parent=first.question.id)
    assert ["First?", "Second?"] == there.read()[1:]
    await there.ask(first.conversation, "Another first?", parent=ROOT)
    assert ["Another first?"] == there.read()[1:]


@virtual
async def test_a_key_is_for_its_models() -> None:
    there = house()
    there.caller = Caller(replace(HELD, models=("bat",)), FREE)

    assert "bat" == (await there.ask(there.begin())).spec.alias
    with pytest.raises(KeyTooNarrow):
        await there.ask(there.begin(), model="owl")
    with pytest.raises(KeyTooNarrow):
        await there.ask(there.begin(model="owl"))


@virtual
async def test_a_key_must_be_for_chat() -> None:
    there = house()
    there.caller = Caller(replace(HELD, scopes=frozenset({KeyScope.IMAGES, KeyScope.API})), FREE)
    with pytest.raises(KeyTooNarrow):
        await there.ask(there.begin())


@virtual
async def test_a_conversation_whose_model_is_gone_is_answered_by_the_default() -> None:
    there = house()
    conversation = replace(there.begin(), model="gone")

    assert "owl" == (await there.ask(conversation)).spec.alias


# Trouble.


@virtual
async def test_a_stream_that_is_cut_is_begun_once_more() -> None:
    there = house(("To ", ModelCut("cut")), ("To wit.", STOP))
    answered = await there.ask(there.begin())

    assert ("To wit.", Ending.COMPLETE, 2) == (answered.answer.text, answered.ending, len(there.model.asked))


@virtual
async def test_a_part_of_an_answer_is_kept_and_told_as_one() -> None:
    there = house(("To wit", ModelCut("cut")), ("To", ModelCut("cut")))
    conversation = there.begin()
    answered = await there.ask(conversation)

    assert ("To wit", Ending.CUT) == (answered.answer.text, answered.ending)
    assert ["Why?", "To wit"] == await there.path(conversation)
    assert 1 == len(await there.spent())


@pytest.mark.parametrize(
    ("take", "raised"),
    [
        ((ModelDown("down"),), ModelDown),
        ((Filtered("no"),), Filtered),
        ((" ", STOP), EmptyAnswer),
        ((Chunk(finish="filter"),), Filtered),
    ],
)
@virtual
async def test_without_an_answer_there_is_nothing(take: Sequence[Any], raised: type[Exception]) -> None:
    """Nothing to pay, nothing to remember, nothing in the list."""
    there = house(take)
    conversation = there.begin()
    with pytest.raises(raised):
        await there.ask(conversation)

    assert ([], 0, []) == (list(await there.spent()), await there.held(), await there.path(conversation))
    assert [] == await conversations.listed(there.ports.records, ALICE)


@virtual
async def test_whoever_leaves_pays_for_what_had_come() -> None:
    """And finds nothing of it: nobody has seen it."""
    there = house(("To ", "wit, ", "to ", "woo.", STOP))
    conversation = there.begin()
    asking = asyncio.ensure_future(there.ask(conversation))
    await asyncio.sleep(2.5)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    (spending,) = await there.spent()
    assert (there.model.asked[0].prompt_tokens, len("To wit, ")) == (spending.input, spending.output)
    assert (0, []) == (await there.held(), await there.path(conversation))


class FullHistory(MemoryHistory):
    """A store to which nothing can be added."""

    async def append(self, session: str, messages: Sequence[Message]) -> None:
        raise StorageDown(f"no room for {len(messages)} messages of {session}")


@virtual
async def test_what_cannot_be_remembered_costs_nothing() -> None:
    there = house(history=FullHistory())
    with pytest.raises(StorageDown):
        await there.ask(there.begin())

    assert ([], 0) == (list(await there.spent()), await there.held())


@virtual
async def test_what_is_forgotten_while_it_is_answered_stays_forgotten() -> None:
    """Whoever asked gets the answer, and pays for it."""
    there = house()
    first = await there.ask(there.begin())
    asking = asyncio.ensure_future(there.ask(first.conversation, "And?"))
    await asyncio.sleep(0.5)
    await conversations.forget(there.ports, ALICE, first.conversation)
    answered = await asking

    assert "Hoo." == answered.answer.text
    assert [] == await there.path(first.conversation)
    assert [] == await conversations.listed(there.ports.records, ALICE)
    assert 2 == sum(spending.requests for spending in await there.spent())


@virtual
async def test_a_limit_is_told() -> None:
    there = house(policy=Policy(everyone=(parse_limit("1 question per day"),)))
    await there.ask(there.begin())
    with pytest.raises(QuotaExhausted):
        await there.ask(there.begin())

    assert 1 == len(there.model.asked)


@virtual
async def test_no_key_that_was_said_is_kept() -> None:
    """Neither in the question nor in the answer."""
    said = "parley_Ab3dEf7h_" + "x" * 38
    there = house((said, STOP))
    conversation = there.begin()
    await there.ask(conversation, f"Is {said} good?")

    assert said not in " ".join([*await there.path(conversation), *there.read()])


# Going on.


@virtual
async def test_a_long_answer_is_gone_on_with() -> None:
    """Each part is paid, and all of them are one message."""
    there = house(("To wit,", LENGTH), (" to woo.", STOP))
    conversation = there.begin()
    answered = await there.ask(conversation, autocontinue=True)

    assert ("To wit, to woo.", Ending.COMPLETE) == (answered.answer.text, answered.ending)
    assert ["Why?", "To wit,", GO_ON] == there.read()[1:]
    assert ["Why?", "To wit, to woo."] == await there.path(conversation)
    assert [2] == [spending.requests for spending in await there.spent()]
    assert sum(request.prompt_tokens for request in there.model.asked) == answered.usage.input


@virtual
async def test_it_is_gone_on_with_four_times_at_most() -> None:
    there = house(*[("Hoo", LENGTH)] * 9)
    answered = await there.ask(there.begin(), autocontinue=True)

    assert ("Hoo" * 5, Ending.LENGTH) == (answered.answer.text, answered.ending)


@pytest.mark.parametrize("then", [(ModelDown("down"),), (" ", STOP)])
@virtual
async def test_a_part_that_cannot_be_had_is_done_without(then: Sequence[Any]) -> None:
    there = house(("To wit,", LENGTH), then)
    answered = await there.ask(there.begin(), autocontinue=True)

    assert ("To wit,", Ending.LENGTH) == (answered.answer.text.strip(), answered.ending)
    assert [1] == [spending.requests for spending in await there.spent()]


@virtual
async def test_going_on_ends_with_the_share() -> None:
    there = house(*[("Hoo", LENGTH)] * 9, policy=Policy(everyone=(parse_limit("2 questions per day"),)))
    answered = await there.ask(there.begin(), autocontinue=True)

    assert ("HooHoo", Ending.LENGTH) == (answered.answer.text, answered.ending)


@virtual
async def test_nothing_is_gone_on_with_unasked() -> None:
    there = house(("Hoo", LENGTH))
    assert "Hoo" == (await there.ask(there.begin())).answer.text
    assert 1 == len(there.model.asked)

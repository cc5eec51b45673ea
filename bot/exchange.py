"""
One question and its answer, for whoever waits for the whole of it.

The same as in chat: the same conversations, the same models, the same limits, an answer that breaks off is begun once
more. What is different is who asks (a program, by its key) and that nobody is told later: there is an answer, or an
error.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from bot import keys
from bot.api import Bill, Desk, Took
from bot.billing import demand_for
from bot.caller import Caller
from bot.catalogue import Ability, ModelSpec, Plus
from bot.chat import HEAD, ROOT, Message, sendable
from bot.conversations import Conversation, note
from bot.errors import BadArgument, EmptyQuestion, ModelDown, PlusNeeded, Refused, StorageDown
from bot.keyring import ANY, KeyScope, require
from bot.keys import Secret
from bot.listening import GO_ON, Heard, Listener, judged, require_words
from bot.ports import Ports, Request
from bot.preferences import model_for
from bot.turn import Ending, Usage
from bot.window import fit

log = logging.getLogger(__name__)

LONG = 20_000
"""Characters of a question from which on its tokens are counted in a thread: others want to get on meanwhile."""

MOST_PARTS = 5
"""How often a model is asked for one answer, where it is to go on when it stopped because of the length."""


@dataclass(frozen=True, slots=True)
class Question:
    """
    What is asked.

    Args:
        parent: The message of the conversation that it follows.
        model: Its name; "" for the conversation's.
        autocontinue: Whether the model is to go on when it stopped because of the length.
        plus: Which accounts are to answer.
        own: The asker's own key with the provider, in place of those accounts.
    """

    text: str
    parent: str = HEAD
    model: str = ""
    autocontinue: bool = False
    plus: Plus = Plus.ANY
    own: Secret | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """
    A question and its answer, as the conversation keeps them.

    Args:
        conversation: As it is now.
        named: Whether it got its title just now, from the question.
        usage: What all parts of the answer took.
    """

    conversation: Conversation
    question: Message
    answer: Message
    spec: ModelSpec
    usage: Usage
    ending: Ending
    named: bool = False


async def ask(desk: Desk, caller: Caller, conversation: Conversation, asked: Question) -> Answered:
    """
    Have a question answered, pay for it, and remember both.

    A conversation that was forgotten meanwhile remembers nothing. Whoever leaves pays for what had come.

    Raises:
        EmptyQuestion, TooLong: There is nothing to be answered, or too much.
        BadArgument: No such model, or no such message to go on from.
        KeyTooNarrow, PlusNeeded: The key is not for that.
        QuotaExhausted: A limit has too little left.
        ModelDown, or another Refused: There was no answer.
        StorageDown: Nobody can remember it; it costs nothing.
    """
    ports, text = desk.ports, keys.hidden(sendable(asked.text))
    if not text.strip():
        raise EmptyQuestion
    spec = await _spec(ports, caller, conversation, asked.model)
    parent = await _parent(ports, conversation, asked.parent)
    question = Message(str(uuid4()), parent, "user", text, at=ports.now())
    speech = _Speech(desk, caller, conversation, await _wanted(desk, caller, spec, asked))
    async with contextlib.AsyncExitStack() as bills:
        try:
            await speech.hear(bills, question, MOST_PARTS if asked.autocontinue else 1)
            return await _remembered(speech, question)
        except asyncio.CancelledError:
            speech.stop()
            raise
        except StorageDown:
            speech.parts.clear()
            raise
        finally:
            speech.charge()


async def _spec(ports: Ports, caller: Caller, conversation: Conversation, wanted: str) -> ModelSpec:
    """The model that answers. Raises BadArgument, KeyTooNarrow."""
    if wanted:
        spec = ports.catalogue.find(wanted, Ability.CHAT)
    elif conversation.model:
        spec = ports.catalogue.get(conversation.model)
    else:
        spec = _allowed(ports, caller, await model_for(ports, conversation.session))
    require(caller.held, KeyScope.CHAT, spec.alias)
    return spec


def _allowed(ports: Ports, caller: Caller, usual: ModelSpec) -> ModelSpec:
    """The usual model, or the first that the key is for: nobody has chosen one."""
    models = caller.held.models
    if ANY in models or usual.alias in models:
        return usual
    return next((spec for spec in ports.catalogue.able(Ability.CHAT) if spec.alias in models), usual)


async def _parent(ports: Ports, conversation: Conversation, parent: str) -> str:
    """The message that a question follows. Raises BadArgument when it is not one of this conversation."""
    if parent == HEAD:
        return await ports.history.head(conversation.session)
    if parent != ROOT and not await ports.history.path(conversation.session, parent, 1):
        raise BadArgument("There is no such message in this conversation.")
    return parent


@dataclass(frozen=True, slots=True)
class _Wanted:
    """By whom a question is to be answered."""

    spec: ModelSpec
    plus: Plus
    own: Secret | None


async def _wanted(desk: Desk, caller: Caller, spec: ModelSpec, asked: Question) -> _Wanted:
    """Raises PlusNeeded."""
    if asked.plus is Plus.YES and asked.own is None and not caller.plus:
        raise PlusNeeded
    return _Wanted(spec, *await desk.answerers(caller, asked.plus, asked.own))


async def _remembered(speech: "_Speech", question: Message) -> Answered:
    ports, conversation = speech.desk.ports, speech.conversation
    answer = Message(str(uuid4()), question.id, "assistant", speech.text, at=ports.now())
    noted = await note(ports, speech.caller.person, conversation, question.text)
    if noted is not None:
        await ports.history.append(conversation.session, (question, answer))
    named = noted is not None and not conversation.title
    spec, kept = speech.wanted.spec, noted or conversation
    return Answered(kept, question, answer, spec, speech.usage, speech.ending, named)


@dataclass(slots=True)
class _Part:
    """What the model is asked in one go, and what is held for it."""

    request: Request
    bill: Bill
    heard: Heard = field(default_factory=Heard)
    begun: bool = False

    async def begin(self) -> None:
        self.begun = True


@dataclass(slots=True)
class _Speech:
    """An answer on its way, part by part."""

    desk: Desk
    caller: Caller
    conversation: Conversation
    wanted: _Wanted
    parts: list[_Part] = field(default_factory=list)
    ending: Ending = Ending.COMPLETE

    @property
    def text(self) -> str:
        return "".join(part.heard.text for part in self.parts)

    @property
    def usage(self) -> Usage:
        took = [part.heard.usage for part in self.parts if part.heard.usage]
        return Usage(
            sum(usage.input for usage in took),
            sum(usage.output for usage in took),
            any(usage.counted for usage in took),
            sum(usage.cached for usage in took),
        )

    async def hear(self, bills: contextlib.AsyncExitStack, question: Message, most: int) -> None:
        """Hear the answer, in so many parts at most. A part after the first that cannot be had is done without."""
        ports, session = self.desk.ports, self.conversation.session
        past = await ports.history.path(session, question.parent, ports.limits.past)
        await self._hear_part(bills, past, question)
        while self.ending is Ending.LENGTH and len(self.parts) < most:
            said = Message("", question.id, "assistant", self.text)
            try:
                await self._hear_part(bills, [*past, question, said], Message("", "", "user", GO_ON))
            except (Refused, ModelDown) as trouble:
                log.warning("an answer is not gone on with: %s", trouble)
                return

    async def _hear_part(self, bills: contextlib.AsyncExitStack, past: Sequence[Message], question: Message) -> None:
        ports, wanted = self.desk.ports, self.wanted
        spec, count = wanted.spec, ports.counter(wanted.spec)
        system = self.conversation.system or ports.system
        fitting = partial(fit, system, past, question, spec.room_for_prompt, count)
        messages, size = await asyncio.to_thread(fitting) if len(question.text) > LONG else fitting()
        demand = demand_for(spec, size, spec.max_output)
        bill = await bills.enter_async_context(self.desk.billed(self.caller, spec, demand, own=wanted.own is not None))
        request = Request(
            spec, messages, self.conversation.session, bill.output, size, plus=wanted.plus, own=wanted.own
        )
        part = _Part(request, bill)
        self.parts.append(part)
        listener = Listener(ports, f"conversation {self.conversation.id}", part.begin, lambda: None)
        await listener.hear_out(request, part.heard)
        require_words(judged(part.heard, request, count, _has_words), _has_words)
        assert part.heard.ending is not None
        self.ending = part.heard.ending

    def stop(self) -> None:
        """Whoever asked has left: what the model was asked has to be paid for all the same."""
        for part in self.parts:
            if part.begun and part.heard.ending is None:
                part.heard.ending = Ending.STOPPED
                judged(part.heard, part.request, self.desk.ports.counter(part.request.spec), _has_words)

    def charge(self) -> None:
        for part in self.parts:
            if part.heard.usage is not None:
                part.bill.took = Took(part.heard.usage)


def _has_words(text: str) -> bool:
    return bool(text.strip())

"""
The life of one answer, step by step: place it in the conversation, ask and show, remember, finish.

Each step writes down what it did before anybody relies on it. `work` may be called on a turn in any state and goes on
from there; what is behind the turn's state is not done again.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bot.chat import HEAD, Call, Inbound, Message, Scope, sendable
from bot.claim import Claim
from bot.delivery import Delivery
from bot.errors import (
    BotError,
    EmptyAnswer,
    EmptyQuestion,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    PlatformDown,
    Refused,
    Unreadable,
)
from bot.ports import Again, Commands, Ports, Request, Setting
from bot.preferences import model_for, scope_at
from bot.quota import Charge
from bot.reply import Button, Reply
from bot.turn import Ending, State, Turn, Usage, answer_of, question_of
from bot.window import fit

log = logging.getLogger(__name__)

NOTES = {
    Ending.COMPLETE: "",
    Ending.LENGTH: "The answer reached its length limit here.",
    Ending.STOPPED: "Stopped.",
    Ending.CUT: "The model was cut off here.",
    Ending.FILTERED: "The provider ended the answer here.",
}
"""What stands below an answer, by how it ended."""

ENDINGS = {"stop": Ending.COMPLETE, "length": Ending.LENGTH, "filter": Ending.FILTERED}

STREAMS = 2
"""How often an answer is begun: a stream that was cut is begun once more, into the same message."""


LEAST_PAUSE = 1.0
"""Seconds that a busy provider is left alone, even when it says that it may be asked again at once."""


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed turn and all that is needed to bring it to its end."""

    claim: Claim
    delivery: Delivery
    ports: Ports
    commands: Commands
    interrupt: Callable[[str], None]

    @property
    def turn(self) -> Turn:
        return self.claim.turn


@dataclass(slots=True)
class Heard:
    """What the model has said so far. `spare` is the text of an earlier beginning, until this one is longer."""

    stop: Button
    pieces: list[str] = field(default_factory=list)
    spare: str = ""
    ending: Ending | None = None
    usage: Usage | None = None

    @property
    def text(self) -> str:
        return self.spare if self.is_spare else sendable("".join(self.pieces))

    @property
    def is_spare(self) -> bool:
        """Whether the earlier beginning is the better one: it has more words, and this one is not whole."""
        text = "".join(self.pieces)
        whole = self.ending is Ending.COMPLETE and bool(text.strip())
        return not whole and len(text) < len(self.spare)

    def reply(self) -> Reply:
        """The answer as far as it has come."""
        return Reply(self.text, buttons=(self.stop,))

    def begin_again(self) -> None:
        self.spare = self.text
        self.pieces.clear()
        self.usage = self.ending = None


async def work(work: Work) -> None:
    """Bring a claimed turn to where only its last record is missing. Raises LeaseLost, PlatformDown, Undeliverable."""
    task = work.turn.task
    if isinstance(task, Call):
        if work.turn.state >= State.FINAL:
            await work.delivery.tell(work.turn.reply)
            return
        if not await _perform(work, task):
            return
    if work.turn.state < State.FINAL:
        await _place(work)
        await _ask(work)
    await keep(work)
    await work.delivery.finish(work.turn.reply)


async def keep(work: Work) -> None:
    """Charge the answer that is there, and remember it. Raises LeaseLost, StorageDown."""
    if work.turn.state < State.SETTLED:
        await _settle(work)
    if work.turn.state < State.REMEMBERED:
        await _remember(work)


# Commands.


async def _perform(work: Work, call: Call) -> bool:
    """Do a command. Returns whether the turn has become a question that still wants its answer."""
    scope = await scope_at(work.ports, call.origin.key)
    try:
        outcome = await work.commands.run(Setting(call, work.turn, scope, work.ports, work.interrupt))
    except Refused as refusal:
        outcome = Reply(refusal.for_user)
    if isinstance(outcome, Again):
        origin = replace(call.origin, author=outcome.author)
        asked = Inbound(origin, outcome.text)
        await work.claim.save(task=asked, parent=outcome.parent, question=outcome.question)
        return True
    if outcome is not None or call.pressed:
        await work.delivery.tell(outcome)
    return False


# Questions.


async def _place(work: Work) -> None:
    """Settle which message of the conversation the question follows, and which model answers."""
    turn, ports = work.turn, work.ports
    if turn.state >= State.PLACED:
        return
    parent = await ports.history.head(turn.session) if turn.parent == HEAD else turn.parent
    model = (await model_for(ports, turn.session)).alias
    await work.claim.save(state=State.PLACED, parent=parent, model=model)
    await _point(work)


async def _ask(work: Work) -> None:
    """Have the model answer, or say why it does not. Ends with the reply decided and written down."""
    changes: dict[str, Any]
    try:
        heard = await _listen(work, await _request(work))
        changes = {"reply": final_reply(work.turn, heard), "ending": heard.ending, "usage": heard.usage}
    except (Refused, ModelDown) as error:
        _report(work.turn, error)
        changes = {"reply": Reply(error.for_user, buttons=_ways_on(work.turn, error)), "ending": Ending.REFUSED}
    await work.claim.save(state=State.FINAL, draft="", **changes)


async def _settle(work: Work) -> None:
    """Charge what the answer took, once for the turn."""
    turn = work.turn
    if turn.usage is not None:
        charge = Charge(turn.id, turn.origin.key, turn.model, turn.usage, work.ports.now())
        await work.ports.ledger.settle(charge)
    await work.claim.save(state=State.SETTLED)


async def _remember(work: Work) -> None:
    """Put question and answer into the conversation, unless there was no answer."""
    turn = work.turn
    if turn.ending is not Ending.REFUSED and turn.reply.text:
        await work.ports.history.append(turn.session, (question_of(turn), answer_of(turn)))
    if turn.attempts > 1:
        await _point(work)
    await work.claim.save(state=State.REMEMBERED)


async def _point(work: Work) -> None:
    """Let replies to the question and to every part of the answer find their way into the conversation."""
    turn, asked = work.turn, work.claim.asked
    messages = [message for message in (asked.message, *turn.parts) if message]
    if messages:
        await work.ports.history.point(turn.origin.key.room, messages, turn.session, turn.answer_node)


async def _request(work: Work) -> Request:
    """Choose what the model gets to read. Raises Refused."""
    turn, ports, asked = work.turn, work.ports, work.claim.asked
    if not asked.text.strip():
        raise Unreadable(asked.unreadable) if asked.unreadable else EmptyQuestion
    spec = ports.catalogue.get(turn.model)
    named = await scope_at(ports, turn.origin.key) is not Scope.PERSONAL
    past = await ports.history.path(turn.session, turn.parent, ports.limits.past)
    messages, size = fit(
        ports.system,
        [_spoken(message, named) for message in past],
        _spoken(question_of(turn), named),
        spec.room_for_prompt,
        ports.counter(spec),
    )
    return Request(spec, messages, turn.session, spec.max_output, size)


def _spoken(message: Message, named: bool) -> Message:
    """A message as the model reads it: in a shared conversation each line carries its author."""
    if not named or message.role != "user" or not message.author:
        return message
    return replace(message, text=f"{message.author}: {message.text}")


async def _listen(work: Work, request: Request) -> Heard:
    """Stream the answer to the asker's screen until it ends, is stopped, or fails. Raises Refused, ModelDown."""
    heard = Heard(stop_button(work.turn))
    speaking = asyncio.ensure_future(_stream(work, request, heard))
    flowing = asyncio.ensure_future(_flow(work, heard))
    stopping = asyncio.ensure_future(work.claim.stopped.wait())
    try:
        await asyncio.wait({speaking, flowing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        flowing.cancel()
        raise
    finally:
        if not speaking.done():
            heard.ending = Ending.STOPPED
        speaking.cancel()
        stopping.cancel()
        work.delivery.close()
        await asyncio.wait({speaking, flowing, stopping})
    flowing.result()
    if not speaking.cancelled():
        speaking.result()
    return _judged(heard, request, work)


async def _flow(work: Work, heard: Heard) -> None:
    """Show the answer as it grows. While the platform is down it is heard out all the same: it has to be paid for."""
    try:
        await work.delivery.flow(heard.reply)
    except PlatformDown as trouble:
        log.warning("turn %s: not shown while it grows: %s", work.turn.id, trouble)
        await work.delivery.closed()


async def _stream(work: Work, request: Request, heard: Heard) -> None:
    """Hear an answer out. Waits for a busy provider within our patience; begins once more when the stream is cut."""
    patience = work.ports.limits.patience.total_seconds()
    begun = 1
    while True:
        try:
            return await _hear(work, request, heard)
        except (ModelDown, Refused) as trouble:
            log.warning("turn %s: beginning %d ended early: %s", work.turn.id, begun, trouble)
            if (pause := _pause(trouble)) <= patience and not heard.text:
                patience -= pause
                await asyncio.sleep(pause)
            elif isinstance(trouble, ModelCut) and begun < STREAMS:
                begun += 1
                heard.begin_again()
            elif heard.text:
                heard.ending = Ending.CUT
                return None
            else:
                raise


def _pause(trouble: BotError) -> float:
    """Seconds after which a busy provider may be asked again; infinite when it does not say, or is not just busy."""
    if not isinstance(trouble, ModelBusy) or trouble.retry_after is None:
        return math.inf
    return max(trouble.retry_after, LEAST_PAUSE)


async def _hear(work: Work, request: Request, heard: Heard) -> None:
    await work.claim.save(state=State.GENERATING)
    async with contextlib.aclosing(work.ports.model.stream(request)) as stream:
        async for chunk in stream:
            if chunk.text:
                heard.pieces.append(chunk.text)
                work.delivery.news()
            heard.usage = chunk.usage or heard.usage
            heard.ending = ENDINGS.get(chunk.finish, heard.ending)


def _judged(heard: Heard, request: Request, work: Work) -> Heard:
    """What was heard, with its usage counted where the provider did not say. Raises EmptyAnswer, Filtered."""
    if heard.is_spare and heard.ending is not Ending.STOPPED:
        heard.ending, heard.usage = Ending.CUT, None
    if heard.ending is not Ending.STOPPED and not work.delivery.shows(heard.text):
        raise Filtered if heard.ending is Ending.FILTERED else EmptyAnswer
    if heard.usage is None:
        heard.usage = Usage(request.prompt_tokens, work.ports.counter(request.spec)(heard.text), counted=True)
    return heard


def _report(turn: Turn, error: BotError) -> None:
    """Tell the operator, under the turn's id, more than its asker was told."""
    level = logging.INFO if isinstance(error, Refused) else logging.ERROR
    log.log(level, "turn %s: %s: %s", turn.id, type(error).__name__, error)


# What is said, and remembered.


def final_reply(turn: Turn, heard: Heard) -> Reply:
    """The answer as it stays on the screen."""
    assert heard.ending is not None
    asked = turn.task
    notes = [NOTES[heard.ending]]
    if isinstance(asked, Inbound) and asked.unreadable:
        notes.append(f"I can only read text so far, so I left out {' and '.join(asked.unreadable)}.")
    unfinished = heard.ending is not Ending.COMPLETE and heard.text
    buttons = (continue_button(turn), regenerate_button(turn)) if unfinished else (regenerate_button(turn),)
    return Reply(heard.text, " ".join(filter(None, notes)), buttons)


def _ways_on(turn: Turn, error: BotError) -> tuple[Button, ...]:
    return () if isinstance(error, (EmptyQuestion, Unreadable)) else (regenerate_button(turn),)


def stop_button(turn: Turn) -> Button:
    return Button("Stop", "stop", turn.id)


def regenerate_button(turn: Turn) -> Button:
    return Button("Regenerate", "regenerate", turn.id)


def continue_button(turn: Turn) -> Button:
    return Button("Continue", "continue", turn.id)

"""
The life of one answer, step by step: place it in the conversation, ask and show, remember, finish.

Each step writes down what it did before anybody relies on it. `work` may be called on a turn in any state and goes on
from there; what is behind the turn's state is not done again.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot import keys
from bot.aftermath import UNPAID, answered, unpaid
from bot.billing import hold, settle
from bot.chat import HEAD, Call, Inbound, Message, Scope
from bot.claim import Claim
from bot.conversations import note_chat
from bot.delivery import Delivery
from bot.errors import (
    Banned,
    BotError,
    EmptyQuestion,
    KeyHeard,
    ModelDown,
    NotAllowed,
    PlatformDown,
    Refused,
    StorageDown,
    Undeliverable,
    Unreadable,
)
from bot.listening import Heard, Listener, judged, require_words
from bot.ports import Again, Commands, Ports, Request, Setting
from bot.preferences import model_for, scope_at
from bot.reply import Button, Reply, plain
from bot.spoken import heed
from bot.tasks import beside, end
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

SAID_ELSEWHERE = Reply()
"""Nothing is to be seen where the answer would stand."""

WRITTEN = Reply("I have written to you in private.")
UNTOLD = Reply("I could not tell you when you asked. Ask me once more.")
UNWRITTEN = Reply("That is between us two: open a private chat with me, press Start, and ask me there.")


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
    if work.turn.parts or work.turn.reply != SAID_ELSEWHERE:
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
    scope, secret = await scope_at(work.ports, call.origin.key), work.commands.secret(call.command)
    try:
        outcome = await work.commands.run(Setting(call, work.turn, scope, work.ports, work.interrupt))
    except NotAllowed as refusal:
        outcome, secret = Reply(refusal.for_user), False  # that something is for others is nobody's secret
    except Refused as refusal:
        outcome = Reply(refusal.for_user)
    if isinstance(outcome, Again):
        origin = replace(call.origin, author=outcome.author)
        asked = Inbound(origin, outcome.text)
        await work.claim.save(task=asked, parent=outcome.parent, question=outcome.question)
        return True
    if isinstance(outcome, Reply):
        outcome = await _once(work, call, outcome, secret=secret)
    if outcome is not None or call.pressed:
        await work.delivery.tell(outcome)
    return False


async def _once(work: Work, call: Call, outcome: Reply, *, secret: bool) -> Reply:
    """Write down what is to be told, so that a command is not done again when it cannot be told yet; no secrets."""
    await work.claim.save(state=State.FINAL, reply=UNTOLD if secret else outcome)
    return await _whispered(work, call, outcome) if secret else outcome


async def _whispered(work: Work, call: Call, outcome: Reply) -> Reply:
    """What is shown where others look on: the outcome itself only where the platform hides it from them."""
    key = call.origin.key
    platform = work.ports.platforms[key.platform]
    if platform.whispers or key.private:
        return outcome
    return WRITTEN if await platform.write_to(key.user, outcome) else UNWRITTEN


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
    usage: Usage | None = None
    try:
        await heed(work.ports, work.turn.origin.key, work.claim.asked.text)
        request = await hold(work.ports, work.turn, await _request(work))
        heard = await _listen(work, request)
        usage = heard.usage and replace(heard.usage, own=request.own is not None)
        require_words(heard, work.delivery.shows)
        changes = {"reply": final_reply(work.turn, heard), "ending": heard.ending}
        await answered(work.ports, work.claim.asked)
    except (Refused, ModelDown) as error:
        _report(work.turn, error)
        changes = {"reply": await _refusal(work, error), "ending": Ending.REFUSED}
    await work.claim.save(state=State.FINAL, draft="", usage=usage, **changes)


async def _refusal(work: Work, error: BotError) -> Reply:
    """Why there is no answer: to its asker, who need not be there when a schedule asks in their name."""
    asked = work.claim.asked
    if asked.schedule and isinstance(error, UNPAID):
        return await unpaid(work.ports, asked, error)
    return Reply(error.for_user, buttons=_ways_on(work.turn, error))


async def _settle(work: Work) -> None:
    """Charge what the answer took, and write that down; a limit that is nearly used up is mentioned below it."""
    await work.claim.save(state=State.SETTLED, reply=await settle(work.ports, work.turn))


async def _remember(work: Work) -> None:
    """Put question and answer into the conversation, unless there was no answer."""
    turn = work.turn
    if turn.ending is not Ending.REFUSED and turn.reply.text:
        await work.ports.history.append(turn.session, (question_of(turn), answer_of(turn)))
        await _list(work)
    if turn.attempts > 1:
        await _point(work)
    await work.claim.save(state=State.REMEMBERED)


async def _list(work: Work) -> None:
    """Let a private chat stand in the list of its person's conversations; no answer has to wait for that."""
    key = work.turn.origin.key
    if not key.private:
        return
    try:
        await note_chat(work.ports, key.person, work.turn.session, work.claim.asked.text)
    except StorageDown as trouble:
        log.warning("turn %s: its conversation is not listed anew: %s", work.turn.id, trouble)


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
    heard = Heard()
    speaking, flowing = beside(_listener(work).hear_out(request, heard)), beside(_flow(work, heard))
    stopping = asyncio.ensure_future(work.claim.stopped.wait())
    try:
        await asyncio.wait({speaking, flowing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        flowing.cancel()
        raise
    finally:
        if not speaking.done():
            heard.ending = Ending.STOPPED
        work.delivery.close()
        await end(speaking, stopping, again=1.0)
        await asyncio.gather(flowing, return_exceptions=True)
    flowing.result()
    if not speaking.cancelled():
        speaking.result()
    return judged(heard, request, work.ports.counter(request.spec), work.delivery.shows)


async def _flow(work: Work, heard: Heard) -> None:
    """
    Show the answer as it grows.

    While the platform is down, or when the asker shuts us out, it is heard out all the same: it has to be paid for.
    """
    stop = stop_button(work.turn)
    try:
        await work.delivery.flow(lambda: Reply(keys.hidden_so_far(heard.text), buttons=(stop,)))
    except (PlatformDown, Undeliverable) as trouble:
        log.warning("turn %s: not shown while it grows: %s", work.turn.id, trouble)
        await work.delivery.closed()


def _listener(work: Work) -> Listener:
    async def begin() -> None:
        await work.claim.save(state=State.GENERATING)

    return Listener(work.ports, f"turn {work.turn.id}", begin, work.delivery.news)


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
    if isinstance(asked, Inbound) and asked.schedule:
        notes.append(f"{plain(asked.origin.author)} has me do this at set times.")
    if isinstance(asked, Inbound) and asked.unreadable:
        notes.append(f"I can only read text so far, so I left out {' and '.join(asked.unreadable)}.")
    unfinished = heard.ending is not Ending.COMPLETE and heard.text
    buttons = (continue_button(turn), regenerate_button(turn)) if unfinished else (regenerate_button(turn),)
    return Reply(heard.text, " ".join(filter(None, notes)), buttons)


def _ways_on(turn: Turn, error: BotError) -> tuple[Button, ...]:
    vain = (EmptyQuestion, Unreadable, KeyHeard, Banned)
    return () if isinstance(error, vain) else (regenerate_button(turn),)


def stop_button(turn: Turn) -> Button:
    return Button("Stop", "stop", turn.id)


def regenerate_button(turn: Turn) -> Button:
    return Button("Regenerate", "regenerate", turn.id)


def continue_button(turn: Turn) -> Button:
    return Button("Continue", "continue", turn.id)

"""What is wrong with the end of a question, if anything is."""

from collections.abc import AsyncIterator, Iterator

from bot.answer import NOTES
from bot.errors import (
    ContextFull,
    EmptyAnswer,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
)
from bot.turn import Ending, State, Turn
from tests.faults.chat import pages
from tests.faults.troubles import Trouble
from tests.faults.world import Plan, World, words
from tests.fuzz.amount import SEED

SENTENCES = {
    error.for_user
    for error in (ContextFull, EmptyAnswer, Filtered, ModelCut, ModelDown, ModelMisconfigured, ModelSilent)
} | {ModelBusy("", seconds).for_user for seconds in (None, 0.02, 3600.0)}
"""What may stand in place of an answer. That something broke on our side is not among them."""

HEARD_OUT = (Ending.COMPLETE, Ending.LENGTH, Ending.FILTERED)


def outcome(turn: Turn) -> str:
    """What became of a question, in a word or a sentence; "?" for what must not be."""
    reply, ending = turn.reply, turn.ending
    if ending is Ending.REFUSED:
        return reply.text if reply.text in SENTENCES else "?"
    if ending is None or reply.note != NOTES[ending] or not reply.text.strip():
        return "?"
    return str(ending)


async def faults(world: World, question: int, plan: Plan) -> list[str]:
    """What is wrong with a question's end."""
    turn, met = await world.turn(question), plan.met(question)
    found = [
        *_of_the_screen(world, turn),
        *_of_the_words(world, turn, words(question), met),
        *[fault async for fault in _of_the_books(world, turn, question)],
    ]
    return [f"seed {SEED}, question {question}, {[trouble.name for trouble in met]}: {fault}" for fault in found]


def _of_the_screen(world: World, turn: Turn) -> Iterator[str]:
    """It must show the reply, once, and nothing that waits."""
    shown = world.chat.shown[turn.id]
    if turn.state is not State.DONE or turn.attempts > 1:
        yield f"{turn.state!r} after {turn.attempts} attempts: {turn.failure}"
    if outcome(turn) == "?":
        yield f"an outcome of no kind: {turn.reply}"
    if list(shown.items()) != list(zip(turn.parts, pages(turn.reply), strict=False)):
        yield f"parts {turn.parts}, on the screen {shown}"
    if any(button.label == "Stop" for button in turn.reply.buttons):
        yield "still to be stopped"


def _of_the_words(world: World, turn: Turn, spoken: str, met: list[Trouble]) -> Iterator[str]:
    """They must be the provider's, and called whole, or cut by it, only when they are."""
    if turn.ending is not Ending.REFUSED and not (spoken * 50).startswith(turn.reply.text):
        yield f"not what was said: {turn.reply.text}"
    if turn.ending is Ending.REFUSED and turn.id in world.chat.spoken:
        yield f"words that were seen are gone: {turn.reply.text}"
    if turn.ending is Ending.COMPLETE and turn.reply.text != spoken:
        yield f"called whole, and is not: {turn.reply.text}"
    if turn.ending in HEARD_OUT and turn.ending not in {trouble.ending for trouble in met}:
        yield f"{turn.ending} is not how it ended"


async def _of_the_books(world: World, turn: Turn, question: int) -> AsyncIterator[str]:
    """An answer is charged and remembered, and nothing else is but what the provider says it takes all the same."""
    answered = turn.ending is not Ending.REFUSED
    charge = await world.store.ledger.charged(turn.id)
    if (
        (turn.usage is not None) != (charge is not None)
        or (answered and charge is None)
        or (charge and not 0 <= charge.usage.output < 10_000)
    ):
        yield f"charged {charge}"
    path = await world.store.history.path(turn.session, await world.store.history.head(turn.session), 9)
    kept = [message.text for message in path]
    if kept != ([str(question), turn.reply.text] if answered else []):
        yield f"remembered {kept}"

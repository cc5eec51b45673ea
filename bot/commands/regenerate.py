"""/regenerate, and the button below an answer: answer the same question once more, as another branch."""

from bot.chat import Inbound, Scope
from bot.commands.pressed import pressed_turn
from bot.commands.spec import Command
from bot.errors import BadArgument, Gone, NothingToRepeat
from bot.ports import Again, Outcome, Setting
from bot.turn import Turn, question_of


async def _regenerate(setting: Setting) -> Outcome:
    if setting.call.pressed:
        return await _answer_again(setting, await pressed_turn(setting))
    if setting.scope is Scope.REPLY and not setting.call.reply_to:
        raise BadArgument("Press Regenerate below the answer that you mean, or reply to it with /regenerate.")
    found = await setting.ports.history.find(setting.call.origin.key.room, setting.call.reply_to)
    node = found[1] if found else await setting.ports.history.head(setting.turn.session)
    return await _question_before(setting, node)


async def _answer_again(setting: Setting, turn: Turn) -> Outcome:
    """Ask a turn's question again; one that came to nothing is not in the history and is taken from its record."""
    if not isinstance(turn.task, Inbound):
        raise Gone
    if await setting.ports.history.path(turn.session, turn.answer_node, 1):
        return await _question_before(setting, turn.answer_node)
    question = question_of(turn)
    return Again(question.text, question.author, question.parent, question.id)


async def _question_before(setting: Setting, answer: str) -> Outcome:
    path = await setting.ports.history.path(setting.turn.session, answer, 2)
    if len(path) < 2:
        raise NothingToRepeat
    question = path[0]
    return Again(question.text, question.author, question.parent, question.id)


REGENERATE = Command("regenerate", "Answer the last question once more", _regenerate, aside=False)

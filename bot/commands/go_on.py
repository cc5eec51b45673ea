"""The Continue button below an answer that ended too early."""

from bot.commands.pressed import pressed_turn
from bot.commands.spec import Command
from bot.errors import Gone
from bot.listening import GO_ON
from bot.ports import Again, Outcome, Setting


async def _continue(setting: Setting) -> Outcome:
    turn = await pressed_turn(setting)
    if not await setting.ports.history.path(turn.session, turn.answer_node, 1):
        raise Gone
    return Again(GO_ON, setting.call.origin.author, turn.answer_node)


CONTINUE = Command("continue", "Go on with an answer that ended early", _continue, listed=False, aside=False)

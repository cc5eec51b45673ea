"""/stop, and the button below an answer that is being written."""

from bot.access import Rank
from bot.commands.pressed import pressed_turn
from bot.commands.spec import Command
from bot.errors import Refused
from bot.people import rank_of
from bot.ports import Outcome, Setting
from bot.reply import Reply
from bot.turn import Turn


class NotYours(Refused):
    for_user = "Only the person who asked, or somebody who runs this place, can stop that answer."


async def _stop(setting: Setting) -> Outcome:
    turn = await pressed_turn(setting) if setting.call.pressed else await _running(setting)
    if turn is None:
        return Reply("There is nothing to stop: I am not answering anything here.")
    if turn.origin.key.user != setting.call.origin.key.user and await rank_of(setting.call, setting.ports) < Rank.ADMIN:
        raise NotYours
    await setting.ports.turns.stop(turn.origin.key.room, turn.id)
    setting.interrupt(turn.id)
    return None if setting.call.pressed else Reply("Stopped.")


async def _running(setting: Setting) -> Turn | None:
    """The turn that is being answered in this conversation."""
    waiting = await setting.ports.turns.waiting(setting.turn.session)
    return await setting.ports.turns.get(setting.call.origin.key.room, waiting[0]) if waiting else None


STOP = Command("stop", "Stop the answer that is being written", _stop, urgent=True)

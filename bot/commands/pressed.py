"""The turn below whose answer a pressed button stands."""

from bot.errors import Gone
from bot.ports import Setting
from bot.turn import Turn


async def pressed_turn(setting: Setting) -> Turn:
    """The turn below which the button stands. Raises Gone."""
    caller = setting.call.origin.key
    turn = await setting.ports.turns.get(caller.room, setting.call.arguments["turn"])
    if turn is None or turn.origin.key.place != caller.place:
        raise Gone
    return turn

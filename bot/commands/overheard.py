"""A key that was said to others: revoked, and a word about it where it was said."""

from bot import spoken
from bot.commands.spec import Command
from bot.keys import sealed_in
from bot.ports import Outcome, Setting
from bot.reply import Reply


async def _overheard(setting: Setting) -> Outcome:
    said = await spoken.revoke_all(setting.ports, list(sealed_in(setting.call.arguments.get("keys", ""))))
    return Reply(said) if said else None


OVERHEARD = Command(spoken.OVERHEARD, "Heed a key that was said to others", _overheard, urgent=True, listed=False)

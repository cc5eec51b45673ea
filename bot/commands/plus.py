"""/plus: which of the provider accounts answer its caller."""

from bot.billing import admitted
from bot.catalogue import Plus
from bot.commands.spec import Command, Param
from bot.errors import BadArgument
from bot.ports import Outcome, Setting
from bot.preferences import plus_for, set_plus
from bot.reply import Reply

WORDS = {"on": Plus.YES, "off": Plus.NO, "any": Plus.ANY}

SAID = {
    Plus.YES: "You are answered by the accounts with plus alone.",
    Plus.NO: "You are answered by the accounts without plus alone.",
    Plus.ANY: "You are answered by whichever account is free, with plus or without.",
}


async def _plus(setting: Setting) -> Outcome:
    ports, key = setting.ports, setting.call.origin.key
    word = setting.call.arguments.get("which", "").strip().lower()
    if not (await admitted(ports, key)).plus:
        return Reply("You have no plus: a key of tier plus gives it. You are answered by the accounts without it.")
    if word:
        if word not in WORDS:
            raise BadArgument(f"Which accounts? One of {', '.join(WORDS)}.")
        await set_plus(ports, key.person, WORDS[word])
    return Reply(SAID[await plus_for(ports, key.person)])


PLUS = Command(
    "plus",
    "See or choose whether accounts with plus answer you",
    _plus,
    params=(Param("which", "on: those alone; off: only the others; any", choices=tuple(WORDS)),),
)

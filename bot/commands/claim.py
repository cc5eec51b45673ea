"""/claim: own the bot, with the code that it printed when it started."""

from bot.commands.spec import Command, Param
from bot.owner import claimed
from bot.ports import Outcome, Setting
from bot.reply import Reply


async def _claim(setting: Setting) -> Outcome:
    code = setting.call.arguments.get("code", "")
    return Reply(await claimed(setting.ports, setting.call.origin.key, code))


# In no menu: it is given once in the bot's life. Discord sends it as a message then, which is heeded all the same.
CLAIM = Command(
    "claim",
    "Own this bot, with the code that it printed when it started",
    _claim,
    params=(Param("code", "The code: own-…", required=True),),
    urgent=True,
    listed=False,
    secret=True,
)

"""/new: begin another conversation."""

from bot.chat import ROOT, Scope
from bot.commands.spec import Command
from bot.ports import Outcome, Setting
from bot.preferences import leave_account
from bot.reply import Reply


async def _new(setting: Setting) -> Outcome:
    if setting.scope is Scope.REPLY:
        return Reply("In this channel every message that is not a reply begins a new conversation by itself.")
    await setting.ports.history.move_head(setting.turn.session, ROOT)
    await leave_account(setting.ports, setting.turn.session)
    return Reply("A new conversation begins here. To go back to the old one, reply to one of its answers.")


NEW = Command("new", "Begin a new conversation", _new, aside=False)

"""/scope: whose conversation is held in a channel."""

from bot.access import Rank
from bot.chat import Scope
from bot.commands.spec import Command, Param
from bot.errors import BadArgument
from bot.ports import Outcome, Setting
from bot.preferences import set_scope
from bot.reply import Reply, plain

MEANINGS = {
    Scope.ROOM: "everybody here shares one conversation",
    Scope.PERSONAL: "everybody has a conversation of their own here",
    Scope.REPLY: "every chain of replies is a conversation of its own",
}


async def _scope(setting: Setting) -> Outcome:
    key, wanted = setting.call.origin.key, setting.call.arguments.get("kind", "").strip().lower()
    if key.private:
        return Reply("In a private chat the conversation is always yours alone.")
    if not wanted:
        return Reply(f"The scope here is **{setting.scope}**: {MEANINGS[setting.scope]}.\n\n{_choices()}")
    if wanted not in list(Scope):
        raise BadArgument(f"“{plain(wanted)}” is not a scope.\n\n{_choices()}")
    await set_scope(setting.ports, key, Scope(wanted))
    return Reply(f"From now on {MEANINGS[Scope(wanted)]}.")


def _choices() -> str:
    return "\n".join(f"- `/scope {scope}`: {meaning}" for scope, meaning in MEANINGS.items())


SCOPE = Command(
    "scope",
    "Choose whose conversation is held in this channel",
    _scope,
    params=(Param("kind", "Who shares a conversation here", choices=tuple(Scope)),),
    audience=Rank.ADMIN,
    aside=False,
)

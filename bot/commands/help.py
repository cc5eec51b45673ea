"""/help, and the /start that Telegram sends when somebody opens the chat."""

from collections.abc import Iterable

from bot.access import Rank
from bot.commands.spec import Command, Entry, Param, commands_of
from bot.owner import claimed, sealed_in
from bot.people import rank_of
from bot.ports import Outcome, Setting
from bot.reply import Reply, plain

ABOUT = (
    "Ask me with /ask, or by replying to one of my messages; where I can see it, a mention does as well. "
    "I remember the conversation. Reply to an older answer to go on from there."
)
ABOUT_PRIVATE = (
    "Write to me and I will answer. I remember our conversation. Reply to an older answer to go on from there."
)


def help_command(entries: Iterable[Entry]) -> Command:
    """Make the /help that lists these commands, to each those that they may give."""
    listed = [command for entry in entries for command in commands_of(entry) if command.listed]

    async def _help(setting: Setting) -> Outcome:
        about = ABOUT_PRIVATE if setting.call.origin.key.private else ABOUT
        rank = await _rank(setting)
        lines = [_line(command) for command in listed if command.audience <= Rank.USER]
        more = [_line(command) for command in listed if Rank.USER < command.audience <= rank]
        if more:
            lines += ["", f"And for {rank.called}:", "", *more]
        return Reply("\n".join([about, "", *lines]))

    return Command("help", "What I can do", _help, urgent=True)


async def _rank(setting: Setting) -> Rank:
    """Shares, keys and people are dealt with in private by the owner alone."""
    rank = await rank_of(setting.call, setting.ports)
    return rank if rank is Rank.OWNER or not setting.call.origin.key.private else Rank.USER


def _line(command: Command) -> str:
    return f"- `{command.usage}`: {command.summary}"


async def _start(setting: Setting) -> Outcome:
    code = setting.call.arguments.get("code", "")
    if sealed_in(code):
        return Reply(await claimed(setting.ports, setting.call.origin.key, code))
    name = plain(setting.call.origin.author)
    about = ABOUT_PRIVATE if setting.call.origin.key.private else ABOUT
    return Reply(f"Hello {name}! {about}\n\n/help lists what else I can do.")


START = Command(
    "start",
    "Say hello",
    _start,
    params=(Param("code", "What stood in the link that was followed, up to 64 characters"),),
    urgent=True,
    listed=False,
)

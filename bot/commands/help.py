"""/help, and the /start that Telegram sends when somebody opens the chat."""

from collections.abc import Iterable

from bot.access import Rank
from bot.commands.spec import Command
from bot.ports import Outcome, Setting
from bot.reply import Reply, plain

ABOUT = (
    "Ask me with /ask, or by replying to one of my messages; where I can see it, a mention does as well. "
    "I remember the conversation. Reply to an older answer to go on from there."
)
ABOUT_PRIVATE = (
    "Write to me and I will answer. I remember our conversation. Reply to an older answer to go on from there."
)


def help_command(commands: Iterable[Command]) -> Command:
    """Make the /help that lists these commands."""
    lines = "\n".join(_line(command) for command in commands)

    async def _help(setting: Setting) -> Outcome:
        about = ABOUT_PRIVATE if setting.call.origin.key.private else ABOUT
        return Reply(f"{about}\n\n{lines}")

    return Command("help", "What I can do", _help, urgent=True)


def _line(command: Command) -> str:
    arguments = "".join(f" {param.name}" if param.required else f" [{param.name}]" for param in command.params)
    who = f" ({command.audience.called})" if command.audience > Rank.USER else ""
    return f"- `/{command.name}{arguments}`: {command.summary}{who}"


async def _start(setting: Setting) -> Outcome:
    name = plain(setting.call.origin.author)
    about = ABOUT_PRIVATE if setting.call.origin.key.private else ABOUT
    return Reply(f"Hello {name}! {about}\n\n/help lists what else I can do.")


START = Command("start", "Say hello", _start, urgent=True, listed=False)

"""The book of commands, and the one place where it is decided who may give which."""

import re
from collections.abc import Iterable, Sequence

from bot.access import Rank
from bot.chat import Call
from bot.commands import line
from bot.commands.ask import ASK
from bot.commands.audit import AUDIT
from bot.commands.claim import CLAIM
from bot.commands.go_on import CONTINUE
from bot.commands.help import START, help_command
from bot.commands.key import ISSUE, LIST, REDEEM, REVOKE, ROTATE, SHOW, SHOW_BUTTON, USE_BUTTON
from bot.commands.model import MODEL
from bot.commands.new import NEW
from bot.commands.overheard import OVERHEARD
from bot.commands.own import REMOVE as FORGET_OWN
from bot.commands.own import SET as SET_OWN
from bot.commands.own import TEST as TEST_OWN
from bot.commands.people import ADD_CLIENT, BAN, CLIENTS, REMOVE_CLIENT, ROLE, UNBAN
from bot.commands.plus import PLUS
from bot.commands.pool import RESUME, SHOW_POOL
from bot.commands.quota import GRANT, RESET, SET
from bot.commands.quota import SHOW as QUOTA
from bot.commands.regenerate import REGENERATE
from bot.commands.report import REPORT
from bot.commands.request import APPROVE, DECLINE, REQUEST
from bot.commands.schedule import DISCARD, KEEP, REMIND, SCHEDULE
from bot.commands.schedules import DELETE, PAUSE, RUN
from bot.commands.schedules import LIST as SCHEDULES
from bot.commands.schedules import RESUME as GO_ON_WITH
from bot.commands.schedules import SHOW as SHOW_SCHEDULE
from bot.commands.scope import SCOPE
from bot.commands.spec import Command, Entry, Group, Param, commands_of
from bot.commands.stop import STOP
from bot.commands.timezone import TIMEZONE
from bot.commands.usage import USAGE
from bot.errors import BadArgument, NoSuchCommand, NotAllowed
from bot.people import rank_of
from bot.ports import Outcome, Ports, Setting
from bot.reply import plain
from bot.spoken import heed

FACELESS = "You write as the group, so I cannot tell who you are. Write as yourself, and ask me again."
"""To an anonymous administrator of a Telegram group: whose business it is cannot be told."""

ID = re.compile(r"-?[0-9]+")
"""The id of a user, a channel or a role, on either platform."""


class Book:
    """Commands by name, and groups of them by their first word."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)
        self._commands = {command.name: command for entry in self._entries for command in commands_of(entry)}
        self._groups = {entry.name: entry for entry in self._entries if isinstance(entry, Group)}

    @property
    def listed(self) -> tuple[Entry, ...]:
        """What stands in menus and in /help, in order."""
        return tuple(entry for entry in self._entries if entry.listed)

    def find(self, name: str) -> Command:
        """Look a command up. Raises NoSuchCommand, and BadArgument for one of a group that has none such."""
        group = self._groups.get(name.partition(" ")[0])
        if name not in self._commands and group:
            raise BadArgument(_which(group))
        if name not in self._commands:
            raise NoSuchCommand(name)
        return self._commands[name]

    def knows(self, name: str) -> bool:
        return name in self._commands

    def begins(self, word: str) -> bool:
        """Whether that is the first word of a command."""
        return word in self._commands or word in self._groups

    def meant(self, word: str, rest: str) -> tuple[str, str]:
        """
        The name of the command that a line begins with, and what stands behind it.

        A group's word alone, or before what is none of its commands, stands for the group's default, if there is one
        that this fits.
        """
        group = self._groups.get(word)
        if group is None:
            return word, rest
        second, behind = (*rest.split(maxsplit=1), "", "")[:2]
        if self.knows(name := f"{word} {second.casefold()}"):
            return name, behind
        if group.default and (not rest or group.default.params):
            return group.default.name, rest
        return word, rest

    def arguments(self, name: str, rest: str, *, replied: bool = False) -> dict[str, str]:
        """
        What stands behind a command, as its arguments, where a platform has no named ones.

        Users and channels are as they were written; the platform makes ids of them. Behind what is no command, all of
        it is `rest`: there may be a key in it.
        """
        if not self.knows(name):
            return {"rest": rest} if rest else {}
        return line.arguments(self.find(name).params, rest, replied=replied)

    def urgent(self, name: str) -> bool:
        return self.knows(name) and self.find(name).urgent

    def secret(self, name: str) -> bool:
        return self.knows(name) and self.find(name).secret

    async def suggest(self, ports: Ports, call: Call, param: str, typed: str) -> Sequence[str]:
        """
        Values to propose for an argument that is being typed; none to somebody who may not give the command.

        Raises StorageDown, PlatformDown.
        """
        params = self.find(call.command).params if self.knows(call.command) else ()
        suggest = next((each.suggest for each in params if each.name == param), None)
        if suggest is None or not await _may(self.find(call.command), call, ports):
            return ()
        return await suggest(ports, call, typed)

    async def run(self, setting: Setting) -> Outcome:
        """Do what a call says, if its caller may, and no key was shown to others with it. Raises Refused."""
        name = setting.call.command
        await _heed(setting, aside=not self.knows(name) or self.find(name).aside)
        command = self.find(name)
        if not await _may(command, setting.call, setting.ports):
            raise NotAllowed(command.name, command.audience.called)
        if command.run is None:
            raise NoSuchCommand(command.name)
        if command.secret and setting.call.origin.key.user.startswith("-"):
            raise BadArgument(FACELESS)
        if not setting.call.pressed:
            _check(command, setting.call)
        return await command.run(setting)


async def _heed(setting: Setting, *, aside: bool) -> None:
    """Where others read along, a key behind a command is a key that they have. Raises KeyHeard."""
    ports, key = setting.ports, setting.call.origin.key
    is_seen = not key.private and (not ports.platforms[key.platform].whispers or not aside)
    if is_seen and setting.call.command != OVERHEARD.name:
        for words in setting.call.arguments.values():
            await heed(ports, key, words)


async def _may(command: Command, call: Call, ports: Ports) -> bool:
    return command.audience <= Rank.USER or await rank_of(call, ports) >= command.audience


def _which(group: Group) -> str:
    lines = "\n".join(f"- `{command.usage}`: {command.summary}" for command in group.listed)
    return f"/{group.name} wants one more word:\n\n{lines}"


def _check(command: Command, call: Call) -> None:
    """Refuse what is missing, and names for which no id was found: only ids reach a command. Raises BadArgument."""
    for param in command.params:
        value = call.arguments.get(param.name, "")
        if param.required and not value:
            raise BadArgument(_missing(command, param))
        if value and param.kind != "text" and not ID.fullmatch(value):
            raise BadArgument(f"I do not know who or what “{plain(value)}” is. {_HOW_TO_NAME[param.kind]}")


def _missing(command: Command, param: Param) -> str:
    how = f" {_HOW_TO_NAME[param.kind]}" if param.kind != "text" else ""
    return f"I need to know the {param.name}: {_lowered(param.summary)}. Write it as `{command.usage}`.{how}"


def _lowered(summary: str) -> str:
    return summary[:1].lower() + summary[1:]


_HOW_TO_NAME = {
    "user": "Reply to one of their messages with this command, or give their number.",
    "channel": "Write “here” for this one, or give its number.",
    "role": "Give its number.",
}

_KEY = Group("key", "Shares to use here, elsewhere and in programs", (ISSUE, SHOW, LIST, REVOKE, ROTATE))
_QUOTA = Group("quota", "What is left for whom", (QUOTA, SET, GRANT, RESET), default=QUOTA)
_OWN = Group("mykey", "A key of your own with the provider", (SET_OWN, FORGET_OWN, TEST_OWN), default=SET_OWN)
_CLIENT = Group("client", "Who issues keys", (ADD_CLIENT, REMOVE_CLIENT, CLIENTS))
_POOL = Group("pool", "How the provider accounts do", (SHOW_POOL, RESUME), default=SHOW_POOL)
_SCHEDULES = Group(
    "schedules",
    "What you have at set times",
    (SCHEDULES, SHOW_SCHEDULE, PAUSE, GO_ON_WITH, DELETE, RUN),
    default=SCHEDULES,
)
_SHOWN = (
    *(ASK, NEW, REGENERATE, STOP, MODEL, PLUS, SCOPE),
    *(REMIND, SCHEDULE, _SCHEDULES, TIMEZONE),
    *(_QUOTA, USAGE, REPORT, REQUEST, REDEEM, _KEY, _OWN, _CLIENT, ROLE, BAN, UNBAN, AUDIT, _POOL),
)
_BUTTONS = (CONTINUE, SHOW_BUTTON, USE_BUTTON, APPROVE, DECLINE, KEEP, DISCARD)
BOOK = Book((*_SHOWN, help_command(_SHOWN), START, CLAIM, OVERHEARD, *_BUTTONS))

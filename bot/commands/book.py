"""The book of commands, and the one place where it is decided who may give which."""

from collections.abc import Iterable

from bot.access import Rank
from bot.commands.ask import ASK
from bot.commands.go_on import CONTINUE
from bot.commands.help import START, help_command
from bot.commands.model import MODEL
from bot.commands.new import NEW
from bot.commands.regenerate import REGENERATE
from bot.commands.scope import SCOPE
from bot.commands.spec import Command
from bot.commands.stop import STOP
from bot.errors import NoSuchCommand, NotAllowed
from bot.ports import Outcome, Setting


class Book:
    """Commands by name."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._commands = {command.name: command for command in commands}

    @property
    def listed(self) -> tuple[Command, ...]:
        """What stands in menus and in /help, in order."""
        return tuple(command for command in self._commands.values() if command.listed)

    def find(self, name: str) -> Command:
        """Look a command up. Raises NoSuchCommand."""
        if name not in self._commands:
            raise NoSuchCommand(name)
        return self._commands[name]

    def knows(self, name: str) -> bool:
        return name in self._commands

    def arguments(self, name: str, line: str) -> dict[str, str]:
        """
        What stands behind a command, as its arguments, where a platform has no named ones.

        The first parameter takes the whole line.
        """
        params = self.find(name).params if self.knows(name) else ()
        return {params[0].name: line} if params and line else {}

    def urgent(self, name: str) -> bool:
        return self.knows(name) and self.find(name).urgent

    async def run(self, setting: Setting) -> Outcome:
        """Do what a call says, if its caller may. Raises Refused."""
        command = self.find(setting.call.command)
        if command.audience > Rank.USER and await setting.rank() < command.audience:
            raise NotAllowed(command.name, command.audience.called)
        if command.run is None:
            raise NoSuchCommand(command.name)
        return await command.run(setting)


_SHOWN = (ASK, NEW, REGENERATE, STOP, MODEL, SCOPE)
BOOK = Book((*_SHOWN, help_command(_SHOWN), START, CONTINUE))

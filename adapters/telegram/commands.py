"""The book of commands as Telegram's command menu."""

from collections.abc import Iterable

from telegram import BotCommand

from bot.commands.spec import Command


def menu(commands: Iterable[Command]) -> list[BotCommand]:
    """What the "/" button shows. Telegram takes 100 commands, of 32 and 256 characters (Bot API, BotCommand)."""
    return [BotCommand(command.name, command.summary) for command in commands]

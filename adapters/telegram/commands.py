"""The book of commands as Telegram's command menu."""

from collections.abc import Iterable

from telegram import BotCommand

from bot.commands.spec import Entry


def menu(entries: Iterable[Entry]) -> list[BotCommand]:
    """
    What the "/" button shows: of a group, its first word.

    Telegram takes 100 commands, of 32 and 256 characters (Bot API, BotCommand).
    """
    return [BotCommand(entry.name, entry.summary) for entry in entries]

"""The book of commands as Discord's slash commands."""

from collections.abc import Iterable
from typing import Any

import discord

from bot.access import Rank
from bot.commands.spec import Command, Param

CHAT_INPUT = 1
STRING = 3
IN_SERVER, IN_PRIVATE = 0, 1
LONGEST_TEXT = 6000
"""Characters of a text option. Source: discord.com/developers/docs/interactions/application-commands."""
MOST_CHOICES = 25


def payload(commands: Iterable[Command]) -> list[Any]:
    """What is sent to Discord to make exactly these commands."""
    return [_command(command) for command in commands]


def _command(command: Command) -> dict[str, Any]:
    may_manage = discord.Permissions(manage_channels=True).value
    return {
        "type": CHAT_INPUT,
        "name": command.name,
        "description": command.summary,
        "options": [_option(param) for param in command.params],
        "contexts": [IN_SERVER, IN_PRIVATE],
        "default_member_permissions": may_manage if command.audience >= Rank.ADMIN else None,
    }


def _option(param: Param) -> dict[str, Any]:
    option: dict[str, Any] = {
        "type": STRING,
        "name": param.name,
        "description": param.summary,
        "required": param.required,
    }
    if param.choices:
        option["choices"] = [{"name": choice, "value": choice} for choice in param.choices]
    elif param.suggest:
        option["autocomplete"] = True
    elif param.required:
        option["max_length"] = LONGEST_TEXT
    return option

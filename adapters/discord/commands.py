"""The book of commands as Discord's slash commands."""

from collections.abc import Iterable, Sequence
from typing import Any

import discord

from bot import own
from bot.access import Rank
from bot.commands.spec import Command, Entry, Group, Kind, Param, commands_of

CHAT_INPUT = 1
SUB_COMMAND = 1
STRING = 3
TYPES: dict[Kind, int] = {"text": STRING, "user": 6, "channel": 7, "role": 8}
"""Types of option. Source: discord.com/developers/docs/interactions/application-commands, as for all that follows."""
IN_SERVER, IN_PRIVATE = 0, 1
LONGEST_TEXT = 6000
"""Characters of a text option."""
MOST_CHOICES = 25
LONGEST_CHOICE = 100
"""Characters of a choice."""

FORMS = frozenset({own.SET})
"""Commands whose arguments are typed into a form: what stands in an option stays in sight, and with the client."""

FORM = "form:"
"""Before the name of its command, a form's id."""

MODAL, LABEL, TEXT_INPUT, SHORT = 9, 18, 4, 1
LONGEST_TITLE = 45
"""Characters of a form's title, and of a label in it."""


def payload(entries: Iterable[Entry]) -> list[Any]:
    """What is sent to Discord to make exactly these commands. A group is one command, with its own below it."""
    return [_entry(entry) for entry in entries]


def form(command: Command) -> dict[str, Any]:
    """
    What shows a form for a command's arguments. Five at most fit into it.

    Source: discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
    """
    return {
        "custom_id": f"{FORM}{command.name}",
        "title": command.summary[:LONGEST_TITLE],
        "components": [_field(param) for param in command.params],
    }


def _field(param: Param) -> dict[str, Any]:
    typed = {"type": TEXT_INPUT, "custom_id": param.name, "style": SHORT, "required": True}
    return {"type": LABEL, "label": param.summary[:LONGEST_TITLE], "component": typed}


def _entry(entry: Entry) -> dict[str, Any]:
    listed = [command for command in commands_of(entry) if command.listed]
    return {
        "type": CHAT_INPUT,
        "name": entry.name,
        "description": entry.summary,
        "options": [_below(each) for each in listed] if isinstance(entry, Group) else _options(entry),
        "contexts": [IN_SERVER, IN_PRIVATE],
        "default_member_permissions": _permissions(listed),
    }


def _permissions(commands: Sequence[Command]) -> int | None:
    """To whom it is shown: Discord knows no such thing for one command of a group alone."""
    may_manage = discord.Permissions(manage_guild=True).value
    return may_manage if all(command.audience >= Rank.ADMIN for command in commands) else None


def _below(command: Command) -> dict[str, Any]:
    return {
        "type": SUB_COMMAND,
        "name": command.name.partition(" ")[2],
        "description": command.summary,
        "options": _options(command),
    }


def _options(command: Command) -> list[dict[str, Any]]:
    """Those that are required come first, whatever their order elsewhere."""
    if command.name in FORMS:
        return []
    return [_option(param) for param in sorted(command.params, key=lambda param: not param.required)]


def _option(param: Param) -> dict[str, Any]:
    option: dict[str, Any] = {
        "type": TYPES[param.kind],
        "name": param.name,
        "description": param.summary,
        "required": param.required,
    }
    if param.kind != "text":
        return option
    if param.choices:
        option["choices"] = [{"name": choice, "value": choice} for choice in param.choices]
    elif param.suggest:
        option["autocomplete"] = True
    elif param.required:
        option["max_length"] = LONGEST_TEXT
    return option

"""The options of Discord's slash commands: what the page asks of a person, and what it makes of the answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.discord import commands as kinds
from sandbox.discord.clients import Impossible
from sandbox.discord.server import Discord
from sandbox.discord.state import Channel, Json, Kind, User

NOT_TYPED = (kinds.ATTACHMENT,)
"""Options that cannot be filled in from a line of text."""


def options(discord: Discord, registered: Iterable[Json]) -> list[Json]:
    """Each with the values to choose from, where they are known beforehand."""
    return [_option(discord, each) for each in registered if each["type"] not in NOT_TYPED]


def _option(discord: Discord, option: Json) -> Json:
    return {
        "name": option["name"],
        "description": option["description"],
        "required": option.get("required", False),
        "choices": [_choice(each) for each in option.get("choices") or _known(discord, option["type"])],
        "suggests": option.get("autocomplete", False),
        "longest": option.get("max_length"),
    }


def _choice(choice: Json) -> Json:
    """Values are text on the page, whatever their type."""
    return {"name": choice["name"], "value": str(choice["value"])}


def _known(discord: Discord, kind: int) -> list[Json]:
    match kind:
        case kinds.BOOLEAN:
            return [{"name": "True", "value": "true"}, {"name": "False", "value": "false"}]
        case kinds.USER_OPTION | kinds.MENTIONABLE:
            return [{"name": each.name, "value": each.id} for each in (*discord.people.values(), discord.bot)]
        case kinds.CHANNEL:
            return [{"name": f"#{each.name}", "value": each.id} for each in _channels(discord)]
        case kinds.ROLE:
            return [{"name": each.name, "value": each.id} for each in discord.guild.roles.values()]
    return []


def _channels(discord: Discord) -> list[Channel]:
    return [each for each in discord.world.channels.values() if each.kind is not Kind.DM]


def typed(discord: Discord, where: int, who: str, command: str, given: Mapping[str, str]) -> dict[str, Any]:
    """
    What was typed, as values of the types that the command was registered with.

    Raises:
        Impossible: there is no such option, or that cannot be one of its values.
    """
    known = {each["name"]: each["type"] for each in _registered(discord, where, who, command)}
    return {name: _value(discord, known.get(name, kinds.STRING), name, text) for name, text in given.items()}


def _registered(discord: Discord, where: int, who: str, command: str) -> list[Json]:
    """The options of a command, after the sub-commands in its name."""
    name, *below = command.split()
    found = next((each for each in discord.commands(where, who) if each["name"] == name), None)
    for part in below:
        found = next((each for each in (found or {}).get("options", ()) if each["name"] == part), None)
    return list((found or {}).get("options") or [])


def _value(discord: Discord, kind: int, name: str, text: str) -> Any:
    try:
        match kind:
            case kinds.INTEGER:
                return int(text)
            case kinds.NUMBER:
                return float(text)
            case kinds.BOOLEAN:
                return {"true": True, "false": False}[text]
            case kinds.USER_OPTION | kinds.MENTIONABLE:
                return _user(discord, int(text))
            case kinds.CHANNEL:
                return discord.channel(int(text))
            case kinds.ROLE:
                return discord.guild.roles[int(text)]
    except (ValueError, LookupError):
        raise Impossible(f"“{text}” is not a value for {name}.") from None
    return text


def _user(discord: Discord, number: int) -> User:
    return discord.world.users[number]

"""What the client in a person's hand allows: it knows the bot's commands, and sends nothing that does not fit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import commands, message_payloads, payloads, posting
from sandbox.discord.permissions import Permission
from sandbox.discord.state import Channel, File, Json, Member, Message, Role, User
from sandbox.discord.world import World


class Impossible(ValueError):
    """No client would let a person do this."""


def available(world: World, channel: Channel, user: User) -> list[Json]:
    """The commands that a person is offered in a channel; one of a guild hides the global one of its name."""
    here = world.commands.get(channel.guild_id, {}) if channel.guild_id is not None else {}
    found = {(each["type"], each["name"]): each for each in world.commands[None].values() if _works(each, channel)}
    found |= {(each["type"], each["name"]): each for each in here.values()}
    return [each for each in found.values() if _may_use(world, each, channel, user)]


def _works(command: Json, channel: Channel) -> bool:
    if channel.guild_id is None:
        return bool(command["dm_permission"]) and 1 in (command["contexts"] or [1])
    return 0 in (command["contexts"] or [0])


def _may_use(world: World, command: Json, channel: Channel, user: User) -> bool:
    """Who lacks what the command asks for is not shown it; "0" is for administrators only."""
    if channel.guild_id is None:
        return True
    allowed = world.permissions(user.id, channel)
    if Permission.USE_APPLICATION_COMMANDS not in allowed:
        return False
    needed = command["default_member_permissions"]
    if needed is None or Permission.ADMINISTRATOR in allowed:
        return True
    return int(needed) != 0 and not int(needed) & ~int(allowed)


def chosen(world: World, channel: Channel, user: User, kind: int, path: str) -> tuple[Json, list[str]]:
    """
    The command that a person picks, and the names of the sub-commands below it.

    Args:
        path: Its name, with sub-commands after it: "key issue".
    """
    name, below = (path, []) if kind != commands.CHAT_INPUT else (path.split()[0], path.split()[1:])
    for command in available(world, channel, user):
        if command["type"] == kind and command["name"] == name:
            return command, below
    raise Impossible(f"{user.name} is offered no command {name!r} here")


@dataclass(frozen=True, slots=True)
class _Filling:
    """A person filling in a command: `given` by name, `focus` the option being typed, `resolved` what ids stand for."""

    world: World
    channel: Channel
    given: Mapping[str, Any]
    focus: str
    resolved: Json = field(default_factory=dict)


def call(
    world: World, channel: Channel, command: Json, below: list[str], given: Mapping[str, Any], focus: str = ""
) -> Json:
    """
    The data of a slash command's interaction.

    Args:
        focus: The option that is being typed; then the others need not be complete.

    Raises:
        Impossible: an option is missing, unknown or of the wrong type.
    """
    filling = _Filling(world, channel, given, focus)
    options = _called(filling, command.get("options", []), below)
    data = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return {**data, "resolved": filling.resolved} if filling.resolved else data


def _called(filling: _Filling, options: list[Json], below: list[str]) -> list[Json]:
    known = {option["name"]: option for option in options}
    nested = any(option["type"] in (commands.SUB_COMMAND, commands.GROUP) for option in options)
    if nested and not below:
        raise Impossible(f"pick one of {sorted(known)}")
    if not below:
        return _values(filling, known)
    if not nested or below[0] not in known:
        raise Impossible(f"no sub-command {below[0]!r}")
    option = known[below[0]]
    inner = _called(filling, option.get("options", []), below[1:])
    return [{"type": option["type"], "name": option["name"], "options": inner}]


def _values(filling: _Filling, known: Mapping[str, Json]) -> list[Json]:
    for name in filling.given.keys() - known.keys():
        raise Impossible(f"no option {name!r}")
    for name, option in known.items():
        if option.get("required") and name not in filling.given and not filling.focus:
            raise Impossible(f"{name!r} is required")
    found = []
    for name, value in filling.given.items():
        shown = {"type": known[name]["type"], "name": name}
        if name == filling.focus:
            found.append({**shown, "value": str(value), "focused": True})
        else:
            found.append({**shown, "value": _value(filling, known[name], value)})
    return found


def _value(filling: _Filling, option: Json, value: Any) -> Any:
    """A value as the client sends it, once it fits its option."""
    match option["type"]:
        case commands.STRING if isinstance(value, str):
            _check(option, len(value), "min_length", "max_length")
        case commands.INTEGER if isinstance(value, int) and not isinstance(value, bool):
            _check(option, value, "min_value", "max_value")
        case commands.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            _check(option, value, "min_value", "max_value")
        case commands.BOOLEAN if isinstance(value, bool):
            pass
        case commands.USER_OPTION | commands.MENTIONABLE if isinstance(value, User):
            return _resolve_user(filling.world, filling.channel, value, filling.resolved)
        case commands.ROLE | commands.MENTIONABLE if isinstance(value, Role):
            return _resolve_role(value, filling.resolved)
        case commands.CHANNEL if isinstance(value, Channel):
            return _resolve_channel(filling.world, value, filling.resolved)
        case commands.ATTACHMENT if isinstance(value, File):
            return _resolve_file(filling, value)
        case _:
            raise Impossible(f"{option['name']!r} does not take {value!r}")
    if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
        raise Impossible(f"{value!r} is none of the choices for {option['name']!r}")
    return value


def _resolve_channel(world: World, channel: Channel, resolved: Json) -> str:
    shown = payloads.channel(world, channel)
    partial: Json = {
        name: shown[name] for name in ("id", "type", "name", "parent_id", "thread_metadata") if name in shown
    }
    partial["permissions"] = payloads.permissions(world, channel, world.bot)
    resolved.setdefault("channels", {})[str(channel.id)] = partial
    return str(channel.id)


def _resolve_role(role: Role, resolved: Json) -> str:
    resolved.setdefault("roles", {})[str(role.id)] = payloads.role(role)
    return str(role.id)


def _resolve_file(filling: _Filling, file: File) -> str:
    (sent,) = posting.attach(filling.world, filling.channel, [file])
    shown = {**message_payloads.attachment(filling.world, sent), "ephemeral": True}
    filling.resolved.setdefault("attachments", {})[str(sent.id)] = shown
    return str(sent.id)


def _check(option: Json, size: float, least: str, most: str) -> None:
    if option.get(least) is not None and size < option[least]:
        raise Impossible(f"{option['name']!r} takes {option[least]} or more")
    if option.get(most) is not None and size > option[most]:
        raise Impossible(f"{option['name']!r} takes {option[most]} or less")


def _resolve_user(world: World, channel: Channel, user: User, resolved: Json) -> str:
    resolved.setdefault("users", {})[str(user.id)] = payloads.user(user)
    member = _member(world, channel, user)
    if member is not None:
        shown = payloads.member(member, with_user=False)
        shown["permissions"] = payloads.permissions(world, channel, user)
        resolved.setdefault("members", {})[str(user.id)] = shown
    return str(user.id)


def _member(world: World, channel: Channel, user: User) -> Member | None:
    return None if channel.guild_id is None else world.guilds[channel.guild_id].members.get(user.id)


def on_target(world: World, channel: Channel, command: Json, target: User | Message) -> Json:
    """The data of a command picked from the menu of a person or of a message."""
    resolved: Json = {}
    if isinstance(target, User):
        _resolve_user(world, channel, target, resolved)
    else:
        resolved["messages"] = {str(target.id): message_payloads.message(world, target)}
    picked = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return {**picked, "target_id": str(target.id), "resolved": resolved}


def pressed(message: Message, custom_id: str, values: tuple[str, ...]) -> Json:
    """
    The data of a press of a button, or of a choice from a menu.

    Raises:
        Impossible: there is no such control, or it is switched off.
    """
    control = next((each for each in message.controls if each.get("custom_id") == custom_id), None)
    if control is None:
        raise Impossible(f"message {message.id} has no button {custom_id!r}")
    if control.get("disabled"):
        raise Impossible(f"{custom_id!r} is disabled")
    data = {"component_type": control["type"], "custom_id": custom_id, "id": control["id"]}
    if control["type"] == 2:
        return data
    offered = {option["value"] for option in control.get("options", [])}
    if (offered and not offered.issuperset(values)) or not control["min_values"] <= len(values) <= control[
        "max_values"
    ]:
        raise Impossible(f"{custom_id!r} does not take {values!r}")
    return {**data, "values": list(values)}

"""The methods about how the bot presents itself: its commands, for whom, and what it says of itself."""

import re
from collections.abc import Iterator

from sandbox.telegram import checks, payloads
from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Call
from sandbox.telegram.state import Chat, Json, Person
from sandbox.telegram.world import World

COMMAND_LIMIT = 100
"""core.telegram.org/bots/api#setmycommands."""
NAME_LIMIT, DESCRIPTION_LIMIT = 32, 256
"""Characters; core.telegram.org/bots/api#botcommand."""
PROFILE_LIMITS = {"description": 512, "short_description": 120, "name": 64}
"""Characters; core.telegram.org/bots/api#setmydescription, #setmyshortdescription, #setmyname."""

_NAME = re.compile(r"[a-z0-9_]+")
_LANGUAGE = re.compile(r"|[a-z]{2}")
_PLAIN = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_OF_CHAT = ("chat", "chat_administrators", "chat_member")


async def set_my_commands(world: World, call: Call) -> bool:
    raw = call.json("commands", "commands")
    if not isinstance(raw, list):
        raise bad_request("expected an Array of BotCommand")
    commands = [_command(one) for one in raw]
    if len(commands) > COMMAND_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    slot = _slot(world, call)
    if commands:
        world.commands[slot] = commands
    else:
        world.commands.pop(slot, None)
    world.feed.publish("menu", 0)
    return True


async def get_my_commands(world: World, call: Call) -> list[Json]:
    return payloads.commands(world.commands.get(_slot(world, call), []))


async def delete_my_commands(world: World, call: Call) -> bool:
    world.commands.pop(_slot(world, call), None)
    world.feed.publish("menu", 0)
    return True


def _command(raw: object) -> tuple[str, str]:
    if not isinstance(raw, dict) or not all(isinstance(raw.get(name), str) for name in ("command", "description")):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = raw["command"].strip().removeprefix("/"), raw["description"].strip()
    if not name:
        raise bad_request("command must be non-empty")
    if len(name) > NAME_LIMIT:
        raise bad_request(f"command length must not exceed {NAME_LIMIT}")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > DESCRIPTION_LIMIT:
        raise bad_request(f"command description length must not exceed {DESCRIPTION_LIMIT}")
    if not _NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    return name, description


def _slot(world: World, call: Call) -> tuple[str, str]:
    language = call.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return _scope(world, call), language


def _scope(world: World, call: Call) -> str:
    scope = call.json("scope", "BotCommandScope")
    if scope is None:
        return "default"
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope: BotCommandScope must be an Object")
    kind = scope.get("type")
    if kind in _PLAIN:
        return str(kind)
    if kind not in _OF_CHAT:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    place = checks.chat(world, Call({"chat_id": str(scope.get("chat_id", ""))}))
    if kind == "chat_member" and not isinstance(scope.get("user_id"), int):
        raise bad_request("can't parse BotCommandScope: Invalid user_id specified")
    return f"{kind}:{place.id}" + (f":{scope['user_id']}" if kind == "chat_member" else "")


def commands_for(world: World, place: Chat, person: Person) -> list[tuple[str, str]]:
    """
    What the menu shows to somebody somewhere: the first list that there is, narrowest scope first.

    Source: core.telegram.org/bots/api#determining-list-of-commands.
    """
    for scope in _scopes(place, person):
        for language in (person.language, ""):
            if found := world.commands.get((scope, language)):
                return found
    return []


def _scopes(place: Chat, person: Person) -> Iterator[str]:
    if place.private:
        yield from (f"chat:{place.id}", "all_private_chats", "default")
        return
    leads = person.id in place.members and place.members[person.id].leads
    yield f"chat_member:{place.id}:{person.id}"
    if leads:
        yield f"chat_administrators:{place.id}"
    yield f"chat:{place.id}"
    if leads:
        yield "all_chat_administrators"
    yield from ("all_group_chats", "default")


async def set_my_description(world: World, call: Call) -> bool:
    return _set(world, call, "description")


async def get_my_description(world: World, call: Call) -> Json:
    return {"description": _get(world, call, "description")}


async def set_my_short_description(world: World, call: Call) -> bool:
    return _set(world, call, "short_description")


async def get_my_short_description(world: World, call: Call) -> Json:
    return {"short_description": _get(world, call, "short_description")}


async def set_my_name(world: World, call: Call) -> bool:
    return _set(world, call, "name")


async def get_my_name(world: World, call: Call) -> Json:
    return {"name": _get(world, call, "name") or world.me.first_name}


def _set(world: World, call: Call, what: str) -> bool:
    if len(call.text(what)) > PROFILE_LIMITS[what]:
        raise bad_request(f"BOT_{what.upper()}_TOO_LONG")
    world.profile[what, call.text("language_code")] = call.text(what)
    return True


def _get(world: World, call: Call, what: str) -> str:
    return world.profile.get((what, call.text("language_code"))) or world.profile.get((what, ""), "")

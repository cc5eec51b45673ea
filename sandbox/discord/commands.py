"""
Registering commands: what Discord accepts of them, made into what it stores.

Source: docs.discord.com/developers/interactions/application-commands#application-command-object
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from sandbox.discord.errors import ApiError, Problems
from sandbox.discord.events import CommandsChanged
from sandbox.discord.forms import Form, Json
from sandbox.discord.limits import VIA
from sandbox.discord.world import World

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUB_COMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)

_ANYTHING, _IN_GROUP, _VALUES = range(1, 12), range(1, 2), range(3, 12)

_MOST = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
_MOST_CHARACTERS = 8000
_WITH_CHOICES = (STRING, INTEGER, NUMBER)
_LETTERS_OF = ((0x0900, 0x097F), (0x0E00, 0x0E7F))
"""Devanagari and Thai, whose vowel signs are no letters to Unicode but belong into words."""


def replace_all(world: World, scope: int | None, forms: list[Form], problems: Problems) -> list[Json]:
    """
    Put these commands in the place of all of one scope; those of a known name keep their ids.

    Args:
        scope: The guild, None for global commands.

    Raises:
        ApiError: 50035, 30032 for too many commands, 30034 for too many new ones in a day.
    """
    read = [_command(form, scope) for form in forms]
    _check_names_differ(forms, read)
    problems.check()
    _check_count(read)
    commands = [_stored(world, scope, command) for command in read]
    _count_new(world, scope, commands)
    return _keep(world, scope, commands)


def upsert(world: World, scope: int | None, form: Form) -> tuple[Json, bool]:
    """Add one command, or change the one of that name. Says whether it is new."""
    read = _command(form, scope)
    form.problems.check()
    command = _stored(world, scope, read)
    known = world.commands.setdefault(scope, {})
    new = int(command["id"]) not in known
    _check_count([*known.values(), command] if new else [*known.values()])
    _count_new(world, scope, [command])
    _keep(world, scope, [each for each in known.values() if each["id"] != command["id"]] + [command])
    return command, new


def change(world: World, scope: int | None, number: int, form: Form) -> Json:
    """Change some fields of one command."""
    old = world.commands[scope][number]
    read = _command(Form({**old, **form.value}, form.problems), scope)
    form.problems.check()
    command = {**_stored(world, scope, read), "id": old["id"]}
    _keep(world, scope, [command if each is old else each for each in world.commands[scope].values()])
    return command


def remove(world: World, scope: int | None, number: int) -> None:
    _keep(world, scope, [each for id_, each in world.commands[scope].items() if id_ != number])


def _keep(world: World, scope: int | None, commands: list[Json]) -> list[Json]:
    world.commands[scope] = {int(command["id"]): command for command in commands}
    world.emit(CommandsChanged(scope))
    return commands


def _stored(world: World, scope: int | None, command: Json) -> Json:
    """The command with what Discord adds to it."""
    known = (each for each in world.commands.get(scope, {}).values() if _key(each) == _key(command))
    old = next(known, None)
    here = {} if scope is None else {"guild_id": str(scope)}
    return {
        "id": old["id"] if old else str(world.snowflakes.next()),
        "application_id": str(world.application.id),
        "version": str(world.snowflakes.next()),
        **command,
        **here,
    }


def _key(command: Json) -> tuple[int, str]:
    return command["type"], command["name"]


def _check_names_differ(forms: list[Form], read: list[Json]) -> None:
    seen: set[tuple[int, str]] = set()
    for form, command in zip(forms, read, strict=True):
        if _key(command) in seen:
            form.refuse("", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        seen.add(_key(command))


def _check_count(commands: Iterable[Json]) -> None:
    for kind, count in Counter(command["type"] for command in commands).items():
        if count > _MOST[kind]:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({_MOST[kind]}).")


def _count_new(world: World, scope: int | None, commands: list[Json]) -> None:
    """
    At most so many new names a day and scope; a bot that renames its commands at each start meets this.

    The refusal is a rate limit of up to a day, which discord.py waits out without a word.
    """
    new = sum(1 for command in commands if int(command["id"]) not in world.commands.get(scope, {}))
    limit = world.rules.command_creates_per_day
    if world.creates.get(scope, 0) + new > limit:
        sentence = f"Max number of daily application command creates has been reached ({limit})"
        raise ApiError(429, 30034, sentence, headers=VIA, more={"retry_after": 86_400.0, "global": False})
    world.creates[scope] = world.creates.get(scope, 0) + new


def _command(form: Form, scope: int | None) -> Json:
    kind = form.choice("type", (CHAT_INPUT, USER, MESSAGE)) or CHAT_INPUT
    name = form.text("name", least=1, most=32, required=True) or ""
    slash = kind == CHAT_INPUT
    if slash:
        _check_name(form, name)
    options = _options(form, _ANYTHING) if slash else None
    command = {
        "type": kind,
        "name": name,
        "name_localizations": form.value.get("name_localizations"),
        "description": _description(form, slash),
        "description_localizations": form.value.get("description_localizations"),
        "default_member_permissions": _permissions(form),
        "nsfw": bool(form.flag("nsfw")),
        **({} if options is None else {"options": options}),
        **(_reach(form) if scope is None else {}),
    }
    if _characters(command) > _MOST_CHARACTERS:
        form.refuse("", "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({_MOST_CHARACTERS})")
    return command


def _description(form: Form, slash: bool) -> str:
    if slash:
        return form.text("description", least=1, most=100, required=True) or ""
    if form.text("description", most=100):
        sentence = "Context menu commands cannot have description"
        form.refuse("description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", sentence)
    return ""


def _permissions(form: Form) -> str | None:
    needed = form.integer("default_member_permissions", least=0)
    return None if needed is None else str(needed)


def _reach(form: Form) -> Json:
    """Where a global command can be used: 0 guilds, 1 DMs with the bot, 2 other DMs."""
    contexts = form.items("contexts", most=3)
    installed = form.items("integration_types", most=2)
    in_dm = form.flag("dm_permission")
    return {
        "contexts": contexts,
        "integration_types": [0] if installed is None else installed,
        "dm_permission": (contexts is None or 1 in contexts) if in_dm is None else in_dm,
    }


def _options(form: Form, among: range) -> list[Json] | None:
    """
    Args:
        among: The types that may stand here: groups stand at the top, sub-commands there or in a group.
    """
    parts = form.parts("options", most=25)
    if parts is None:
        return None
    read = [_option(part, among) for part in parts]
    _check_order(parts, read)
    kinds = {option["type"] in (SUB_COMMAND, GROUP) for option in read}
    if len(kinds) > 1:
        sentence = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        form.refuse("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence)
    return read


def _option(part: Form, among: range) -> Json:
    kind = part.choice("type", among, required=True) or STRING
    name = part.text("name", least=1, most=32, required=True) or ""
    _check_name(part, name)
    option: Json = {
        "type": kind,
        "name": name,
        "name_localizations": part.value.get("name_localizations"),
        "description": part.text("description", least=1, most=100, required=True) or "",
        "description_localizations": part.value.get("description_localizations"),
    }
    if kind in (SUB_COMMAND, GROUP):
        option["options"] = _options(part, _VALUES if kind == SUB_COMMAND else _IN_GROUP) or []
    else:
        option |= {"required": bool(part.flag("required")), **_bounds(part, kind)}
    return {field: value for field, value in option.items() if value is not None}


def _bounds(part: Form, kind: int) -> Json:
    """What values an option takes."""
    autocomplete = part.flag("autocomplete") if kind in _WITH_CHOICES else None
    choices = _choices(part, kind)
    if autocomplete and choices:
        sentence = "Autocomplete and choices are mutually exclusive"
        part.refuse("autocomplete", "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE", sentence)
    bounds: Json = {"autocomplete": autocomplete, "choices": choices}
    if kind == STRING:
        bounds["min_length"] = part.integer("min_length", least=0, most=6000)
        bounds["max_length"] = part.integer("max_length", least=1, most=6000)
    if kind in (INTEGER, NUMBER):
        bounds |= {name: part.value.get(name) for name in ("min_value", "max_value")}
    if kind == CHANNEL:
        bounds["channel_types"] = part.items("channel_types", most=15)
    return bounds


def _choices(part: Form, kind: int) -> list[Json] | None:
    if kind not in _WITH_CHOICES:
        return None
    parts = part.parts("choices", most=25)
    return [choice(each, kind) for each in parts] if parts else None


def choice(form: Form, kind: int) -> Json:
    """One value to choose, in a registered option or in an answer to autocomplete."""
    read: Json = {"name": form.text("name", least=1, most=100, required=True) or ""}
    if form.value.get("name_localizations"):
        read["name_localizations"] = form.value["name_localizations"]
    value = form.value.get("value")
    if kind == STRING:
        read["value"] = form.text("value", most=100, required=True) or ""
    elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else int | float):
        form.refuse("value", "NUMBER_TYPE_COERCE", f'Value "{value}" is not {"int" if kind == INTEGER else "float"}.')
    else:
        read["value"] = value
    return read


def _check_order(parts: list[Form], read: list[Json]) -> None:
    names: set[str] = set()
    optional = False
    for part, option in zip(parts, read, strict=True):
        if option["name"] in names:
            sentence = "Option name already exists"
            part.refuse("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", sentence)
        if optional and option.get("required"):
            sentence = "Required options must be placed before non-required options"
            part.refuse("", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence)
        optional = optional or not option.get("required")
        names.add(option["name"])


def _check_name(form: Form, name: str) -> None:
    if not name or (name == name.lower() and all(_allowed(letter) for letter in name)):
        return
    form.refuse("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _allowed(letter: str) -> bool:
    r"""The class [-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}] of "Application Command Naming"."""
    return (
        letter in "-_'"
        or unicodedata.category(letter)[0] in "LN"
        or any(first <= ord(letter) <= last for first, last in _LETTERS_OF)
    )


def _characters(command: Json) -> int:
    """Names, descriptions and values together."""
    own = len(command["name"]) + len(command.get("description", ""))
    values = sum(
        len(each["name"]) + len(str(each["value"])) for each in command.get("choices") or () if "value" in each
    )
    return own + values + sum(_characters(option) for option in command.get("options") or ())

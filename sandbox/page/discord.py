"""What one person sees of the simulated Discord, as the page draws it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.discord.server import Discord
from sandbox.discord.state import SYSTEM, Flag, Json, Type, User
from sandbox.page.markdown import tree
from sandbox.page.nodes import as_json, text_of
from sandbox.page.options import options

GLIMPSE = 120
"""Characters that are shown of the message to which another one replies."""

SUB_COMMAND, GROUP = 1, 2
"""docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type"""

ROW, BUTTON = 1, 2
"""docs.discord.com/developers/components/reference#component-object-component-types"""


def people(discord: Discord) -> Json:
    """Everybody by id."""
    return {str(each.id): _person(each) for each in (*discord.people.values(), discord.bot)}


def _person(who: User) -> Json:
    return {"id": str(who.id), "name": who.name, "bot": who.bot}


def screen(discord: Discord, who: str) -> Json:
    """All that somebody's client shows when it opens; the events go on from there."""
    seen = discord.snapshot(who)
    return {
        "event": "screen",
        "you": seen["user"]["id"],
        "bot": seen["bot"]["id"],
        "people": people(discord),
        "guild": discord.guild.name,
        "online": seen["online"],
        "channels": [channel(each) for each in _with_dm(discord, who, seen["channels"])],
        "messages": [message(each) for those in seen["messages"].values() for each in those],
    }


def _with_dm(discord: Discord, who: str, channels: list[Json]) -> list[Json]:
    """The DM with the bot is always in the list, also before anybody wrote there."""
    dm = str(discord.dm(who).id)
    found = [each for each in channels if each["id"] != dm]
    return [*found, {"id": dm, "type": 1}]


def channel(shown: Json) -> Json:
    kind = {0: "channel", 1: "dm"}.get(shown["type"], "thread")
    return {"id": shown["id"], "kind": kind, "name": shown.get("name", ""), "parent": shown.get("parent_id")}


def message(shown: Json) -> Json:
    flags = Flag(shown["flags"])
    told = shown["referenced_message"] if shown["type"] == Type.THREAD_STARTER_MESSAGE else shown
    return {
        "id": shown["id"],
        "channel": shown["channel_id"],
        "author": told["author"]["id"],
        "system": shown["type"] in SYSTEM,
        "at": told["timestamp"],
        "edited": bool(told["edited_timestamp"]),
        "text": as_json(tree(told["content"])),
        "pictures": [_picture(each) for each in told["attachments"] if "width" in each],
        "reply": _reply(shown) if shown["type"] == Type.REPLY else None,
        "command": _command(shown.get("interaction")),
        "buttons": list(_rows(shown["components"])),
        "only_you": Flag.EPHEMERAL in flags,
        "thinking": Flag.LOADING in flags,
        "mentions": [each["id"] for each in shown["mentions"]],
    }


def _picture(shown: Json) -> Json:
    return {
        "src": f"/picture/discord/{shown['id']}",
        "alt": shown.get("description", shown["filename"]),
        "width": shown["width"],
        "height": shown["height"],
    }


def picture(discord: Discord, id: str) -> bytes:
    """The file of an attachment. Raises LookupError."""
    return discord.world.attachments[int(id)].file.data if id.isdecimal() else b""


def _reply(shown: Json) -> Json:
    """What a message answers: a glimpse of it, or that it is gone."""
    answered = shown["referenced_message"]
    if answered is None:
        return {"id": "", "author": "", "glimpse": ""}
    glimpse = " ".join(text_of(tree(answered["content"])).split())
    return {"id": answered["id"], "author": answered["author"]["id"], "glimpse": glimpse[:GLIMPSE]}


def _command(asked: Mapping[str, Any] | None) -> Json | None:
    return {"name": asked["name"], "by": asked["user"]["id"]} if asked else None


def _rows(components: list[Json]) -> Iterator[list[Json]]:
    for row in components:
        if row["type"] == ROW:
            yield [_button(each) for each in row["components"] if each["type"] == BUTTON]


def _button(shown: Json) -> Json:
    return {
        "label": shown.get("label", ""),
        "id": shown.get("custom_id", ""),
        "url": shown.get("url", ""),
        "style": shown["style"],
        "disabled": shown.get("disabled", False),
    }


def event(happened: Json) -> Json | None:
    """One event of the feed; None for what the page asks for when it needs it."""
    match happened["type"]:
        case "message_posted" | "message_edited":
            return {"event": "message", "message": message(happened["message"])}
        case "message_removed":
            return {"event": "removed", "channel": happened["channel_id"], "id": happened["message_id"]}
        case "channel":
            return {"event": "channel", "channel": channel(happened["channel"])}
        case "channel_removed":
            return {"event": "channel_removed", "id": happened["channel_id"]}
        case "commands":
            return {"event": "commands"}
        case "presence":
            return {"event": "presence", "online": happened["online"]}
        case "interaction":
            return {
                "event": "asked",
                "id": happened["interaction_id"],
                "channel": happened["channel_id"],
                "by": happened["user_id"],
                "command": happened["command"],
                "message": happened["message_id"],
                "state": happened["state"],
                "note": happened["note"],
            }
    return None


def commands(discord: Discord, where: int, who: str) -> list[Json]:
    """The slash commands that somebody is offered in a channel; a sub-command is one by itself, "key issue"."""
    offered = [each for each in discord.commands(where, who) if each["type"] == 1]
    return [
        {"name": path, "description": last["description"], "options": options(discord, last.get("options", []))}
        for each in offered
        for path, last in _paths(each, each["name"])
    ]


def _paths(command: Json, path: str) -> Iterator[tuple[str, Json]]:
    below = [each for each in command.get("options", ()) if each["type"] in (SUB_COMMAND, GROUP)]
    if not below:
        yield path, command
    for each in below:
        yield from _paths(each, f"{path} {each['name']}")

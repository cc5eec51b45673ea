"""Messages as Discord writes them, and as it writes them to an app that may not read them."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote

from sandbox.discord.components import CONTAINER
from sandbox.discord.payloads import channel, member, moment, user
from sandbox.discord.state import Asking, Attachment, Flag, Interaction, Json, Kind, Message, Reference, Type
from sandbox.discord.world import World
from sandbox.pictures import NONE, size_of


def message(world: World, which: Message, *, nested: bool = False) -> Json:
    """
    A message in full. Spaces at the ends of its text are gone, as on Discord.

    Args:
        nested: It is quoted by another, so what it refers to is left out.
    """
    shown: Json = {
        "id": str(which.id),
        "channel_id": str(which.channel_id),
        "type": int(which.type),
        "author": user(which.author),
        "content": which.content.strip(),
        "timestamp": moment(which.at),
        "edited_timestamp": None if which.edited is None else moment(which.edited),
        "flags": int(which.flags),
        "tts": which.tts,
        "pinned": False,
        "mention_everyone": which.mention_everyone,
        "mentions": [user(world.users[each]) for each in which.mentions],
        "mention_roles": [str(each) for each in which.mention_roles],
        "attachments": [attachment(world, each) for each in which.attachments],
        "embeds": [] if Flag.SUPPRESS_EMBEDS in which.flags else list(which.embeds),
        "components": [_resolved(world, which, part) for part in which.components],
    }
    if which.reactions:
        shown["reactions"] = [_reaction(world, emoji, users) for emoji, users in which.reactions.items()]
    if which.stickers:
        shown["sticker_items"] = [_sticker(name) for name in which.stickers]
    return {**shown, **_thread_of(world, which), **_origin(world, which), **_referred(world, which, nested)}


def created(world: World, which: Message) -> Json:
    """The same with the nonce, which only its creation shows."""
    shown = message(world, which)
    return shown if which.nonce is None else {**shown, "nonce": which.nonce}


def told(world: World, which: Message, shown: Json) -> Json:
    """
    A message as an event of the gateway carries it: with the guild, and its people as members.

    An ephemeral message comes without its guild, as if it were a DM (discord/discord-api-docs#4557).
    """
    where = world.channels[which.channel_id]
    if where.guild_id is None or which.ephemeral:
        return shown
    members = world.guilds[where.guild_id].members
    shown["guild_id"] = str(where.guild_id)
    if which.author.id in members:
        shown["member"] = member(members[which.author.id], with_user=False)
    for mentioned in shown["mentions"]:
        if int(mentioned["id"]) in members:
            mentioned["member"] = member(members[int(mentioned["id"])], with_user=False)
    return shown


def unread(world: World, which: Message, shown: Json) -> Json:
    """
    A message for an app without the Message Content intent: unless an exception holds, nothing of what it says.

    Source: docs.discord.com/developers/events/gateway#message-content-intent
    """
    if not world.readable(which):
        shown = {**shown, **_NOTHING}
    quoted = shown.get("referenced_message")
    if quoted is not None and which.reference is not None:
        original = world.message((which.reference.channel_id, which.reference.message_id))
        if original is not None and not world.readable(original):
            shown = {**shown, "referenced_message": {**quoted, **_NOTHING}}
    return shown


_NOTHING: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def for_bot(world: World, which: Message) -> Json:
    """A message as the HTTP API shows it to the bot: what counts there is the switch in the developer portal."""
    shown = message(world, which)
    return shown if world.application.message_content else unread(world, which, shown)


def attachment(world: World, which: Attachment) -> Json:
    kind = which.file.content_type
    if kind == "application/octet-stream":
        kind = mimetypes.guess_type(which.file.name)[0] or kind
    url = f"{world.files_url}/attachments/{which.channel_id}/{which.id}/{quote(which.file.name)}"
    shown: Json = {
        "id": str(which.id),
        "filename": which.file.name,
        "size": len(which.file.data),
        "url": url,
        "proxy_url": url,
        "content_type": kind,
    }
    width, height = size_of(which.file.data) if kind.startswith("image/") else NONE
    if width:
        shown |= {"width": width, "height": height}
    if which.file.description:
        shown["description"] = which.file.description
    if which.file.seconds is not None:
        shown |= {"duration_secs": which.file.seconds, "waveform": "AAAA"}
    return shown


def _reaction(world: World, emoji: str, users: tuple[int, ...]) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me_burst": False,
        "me": world.bot.id in users,
    }


def _sticker(name: str) -> Json:
    return {"id": "749054660769218631", "name": name, "format_type": 1}


def _thread_of(world: World, which: Message) -> Json:
    """The thread that began at a message, and a message's place in the thread in which it stands."""
    shown: Json = {}
    if which.thread_id in world.channels:
        shown["thread"] = channel(world, world.channels[which.thread_id])
    here = world.channels.get(which.channel_id)
    if here is not None and here.thread is not None:
        shown["position"] = sum(1 for number in here.messages if number < which.id)
    return shown


def _origin(world: World, which: Message) -> Json:
    """Where a message of the bot came from, if from an interaction."""
    asked = None if which.via is None else world.interactions[which.via]
    if asked is None:
        return {}
    shown: Json = {"application_id": str(world.application.id), "webhook_id": str(world.application.id)}
    shown["interaction_metadata"] = _asked(asked, which)
    if asked.kind is Asking.COMMAND:
        shown["interaction"] = {
            "id": str(asked.id),
            "type": int(asked.kind),
            "name": asked.command,
            "user": user(asked.user),
        }
    return shown


def _asked(asked: Interaction, which: Message) -> Json:
    owner = {"0": str(asked.guild_id or 0)}
    shown: Json = {
        "id": str(asked.id),
        "type": int(asked.kind),
        "user": user(asked.user),
        "authorizing_integration_owners": owner,
    }
    if asked.original not in (None, which.id):
        shown["original_response_message_id"] = str(asked.original)
    if asked.kind is Asking.COMPONENT and asked.source is not None:
        shown["interacted_message_id"] = str(asked.source.id)
    if asked.kind is Asking.MODAL and asked.earlier is not None:
        shown["triggering_interaction_metadata"] = _asked(asked.earlier, which)
    return shown


def _referred(world: World, which: Message, nested: bool) -> Json:
    """What a message refers to: null for a message that was deleted, absent where Discord does not look."""
    if which.reference is None:
        return {}
    shown: Json = {"message_reference": _reference(world, which.reference)}
    if nested or which.type not in (Type.REPLY, Type.THREAD_STARTER_MESSAGE, Type.CONTEXT_MENU_COMMAND):
        return shown
    found = world.message((which.reference.channel_id, which.reference.message_id))
    shown["referenced_message"] = None if found is None else message(world, found, nested=True)
    return shown


def _reference(world: World, which: Reference) -> Json:
    where = world.channels.get(which.channel_id)
    shown: Json = {"type": 0, "channel_id": str(which.channel_id)}
    if which.message_id:
        shown["message_id"] = str(which.message_id)
    if where is not None and where.kind is not Kind.DM:
        shown["guild_id"] = str(where.guild_id)
    return shown


def _resolved(world: World, which: Message, part: Json) -> Json:
    """A component with its pictures' addresses, at every depth."""
    shown: dict[str, Any] = dict(part)
    if "components" in part:
        shown["components"] = [_resolved(world, which, each) for each in part["components"]]
    if part.get("accessory"):
        shown["accessory"] = _resolved(world, which, part["accessory"])
    if part["type"] == CONTAINER:
        shown.setdefault("accent_color", None)
    if "items" in part:
        shown["items"] = [_picture(world, which, each) for each in part["items"]]
    if "media" in part:
        shown = _picture(world, which, shown)
    if "file" in part:
        shown["file"] = _media(world, which, part["file"]["url"])
        shown |= {"name": part["file"]["url"].removeprefix("attachment://"), "size": None}
    return shown


def _picture(world: World, which: Message, part: Json) -> Json:
    shown = {**part, "media": _media(world, which, part["media"]["url"])}
    return {**shown, "description": shown.get("description")}


def _media(world: World, which: Message, url: str) -> Json:
    for each in which.attachments:
        if url == f"attachment://{each.file.name}":
            found = attachment(world, each)
            return {
                "id": found["id"],
                "url": found["url"],
                "proxy_url": found["proxy_url"],
                "attachment_id": found["id"],
            }
    return {"id": str(which.id), "url": url, "proxy_url": url}

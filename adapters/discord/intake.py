"""What of a Discord event is said to us: message or interaction -> Inbound | Call | None."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.catchup import Heard
from bot.access import Rank
from bot.chat import Call, Inbound, Key, Origin
from bot.commands.book import Book

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Typing:
    """An argument of a command while it is being typed."""

    command: str
    param: str
    text: str


def overhear(message: discord.Message, me: discord.abc.User) -> Heard:
    """Any message of a channel, whether it is for us or not. One that cannot be read is for nobody."""
    try:
        said = read_message(message, me)
    except Exception:
        log.exception("message %s could not be read and was skipped", message.id)
        said = None
    return Heard(message.id, message.created_at, said)


def read_message(message: discord.Message, me: discord.abc.User) -> Inbound | None:
    """Take up a message that mentions us, replies to us, or is private; None for others' talk and for bots."""
    if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return None
    answered = message.reference.resolved if message.reference else None
    to_us = isinstance(answered, discord.Message) and answered.author.id == me.id
    community = _community(message)
    if community and not to_us and me not in message.mentions:
        return None
    address = {"kind": "message", "channel": str(message.channel.id), "reply_to": str(message.id), "via": "channel"}
    key = _key(me.id, community, message.channel, message.author.id)
    return Inbound(
        Origin(key, f"m{message.id}", str(message.author.display_name), message.created_at, address),
        _text(message, me),
        message=str(message.id),
        reply_to=str(message.reference.message_id) if message.reference and message.reference.message_id else "",
        quote=answered.clean_content if isinstance(answered, discord.Message) else "",
        unreadable=_unreadable(message, me),
    )


def read_interaction(interaction: discord.Interaction[Any], me: discord.abc.User, book: Book) -> Inbound | Call | None:
    """Take up a slash command or a pressed button; None for any other interaction."""
    data: Mapping[str, Any] = interaction.data or {}
    if interaction.type is discord.InteractionType.component:
        command, _, argument = str(data.get("custom_id", "")).partition(":")
        if not book.knows(command):
            return None
        private = interaction.message is not None and interaction.message.flags.ephemeral
        origin = _origin(interaction, me, "press", private=private)
        return Call(origin, command, {"turn": argument}, pressed=True, rank=_rank(interaction))
    if interaction.type is not discord.InteractionType.application_command:
        return None
    name, arguments = str(data.get("name", "")), _arguments(data.get("options", ()))
    origin = _origin(interaction, me, "slash", private=is_aside(interaction, book))
    if name == "ask":
        return Inbound(origin, arguments.get("prompt", ""))
    return Call(origin, name, arguments, rank=_rank(interaction))


def read_typing(interaction: discord.Interaction[Any]) -> Typing | None:
    """The argument that somebody is typing, for an autocomplete interaction."""
    data: Mapping[str, Any] = interaction.data or {}
    focused = next((option for option in data.get("options", ()) if option.get("focused")), None)
    return Typing(str(data.get("name")), focused["name"], str(focused["value"])) if focused else None


def is_aside(interaction: discord.Interaction[Any], book: Book) -> bool:
    """Whether the answer to a slash command is for the caller alone."""
    data: Mapping[str, Any] = interaction.data or {}
    if interaction.guild_id is None:
        return False
    name = str(data.get("name", ""))
    if name == "ask":
        return _arguments(data.get("options", ())).get("private") == "yes"
    return not book.knows(name) or book.find(name).aside


def _origin(interaction: discord.Interaction[Any], me: discord.abc.User, kind: str, *, private: bool) -> Origin:
    can_post = interaction.app_permissions.view_channel and interaction.app_permissions.send_messages
    ours = interaction.is_guild_integration() or (interaction.guild_id is None and interaction.context.dm_channel)
    address = {
        "kind": kind,
        "channel": str(interaction.channel_id),
        "reply_to": str(interaction.message.id) if interaction.message else "",
        "via": "channel" if ours and not private and (interaction.guild_id is None or can_post) else "webhook",
        "private": "yes" if private else "",
        "application": str(interaction.application_id),
        "token": str(interaction.token),
    }
    key = _key(me.id, str(interaction.guild_id or ""), interaction.channel, interaction.user.id)
    return Origin(key, f"i{interaction.id}", str(interaction.user.display_name), interaction.created_at, address)


def _community(message: discord.Message) -> str:
    """The server, also one that the gateway has not told of yet; "" in private."""
    known = message.guild.id if message.guild else getattr(message.channel, "guild_id", None)
    return str(known or "")


def _key(me: int, community: str, channel: Any, user: int) -> Key:
    if isinstance(channel, discord.Thread):
        return Key("discord", str(me), community, str(channel.parent_id), str(channel.id), str(user))
    return Key("discord", str(me), community, str(channel.id), "", str(user))


def _text(message: discord.Message, me: discord.abc.User) -> str:
    """What was said, mentions as names, without the mention of us that it begins or ends with."""
    spoken = message.clean_content.strip()
    ours = message.guild.me.display_name if message.guild and message.guild.me else me.display_name
    for name in (f"@{ours}", f"@{me.name}"):
        spoken = spoken.removeprefix(name).removesuffix(name).strip()
    return spoken


def _unreadable(message: discord.Message, me: discord.abc.User) -> tuple[str, ...]:
    if message.stickers:
        return ("a sticker",)
    if message.attachments:
        return (_kind(message.attachments),)
    if message.poll is not None:
        return ("a poll",)
    if _community(message) and not message.content and me not in message.mentions:
        return ("a reply without a mention, which Discord keeps from me",)
    return ()


def _kind(attachments: Sequence[discord.Attachment]) -> str:
    if len(attachments) > 1:
        return f"{len(attachments)} files"
    if attachments[0].is_voice_message():
        return "a voice message"
    kind = (attachments[0].content_type or "").split("/")[0]
    return {"image": "a picture", "video": "a video", "audio": "an audio file"}.get(kind, "a file")


def _arguments(options: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {str(option["name"]): str(option["value"]) for option in options if "value" in option}


def _rank(interaction: discord.Interaction[Any]) -> Rank:
    may = interaction.permissions
    return Rank.ADMIN if may.administrator or may.manage_guild or may.manage_channels else Rank.USER

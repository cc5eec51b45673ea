"""What of a Discord event is said to us: message or interaction -> Inbound | Call | None."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from adapters.discord.catchup import Heard
from adapters.discord.commands import FORM, FORMS
from adapters.discord.ranks import manages
from bot.access import Rank
from bot.chat import Call, Inbound, Key, Origin
from bot.commands.book import Book
from bot.commands.spec import Command
from bot.spoken import overheard

log = logging.getLogger(__name__)


SUB_COMMAND = 1
"""Source: discord.com/developers/docs/interactions/application-commands, option types."""

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Typing:
    """An argument of a command while it is being typed; `call` is the command so far."""

    call: Call
    param: str
    text: str


def overhear(message: discord.Message, me: discord.abc.User) -> Heard:
    """Any message of a channel, whether it is for us or not. One that cannot be read is for nobody."""
    try:
        said = read_message(message, me) or read_leak(message, me, f"k{message.id}")
    except Exception:
        log.exception("message %s could not be read and was skipped", message.id)
        said = None
    return Heard(message.id, message.created_at, said)


def overhear_edit(message: discord.Message, me: discord.abc.User) -> Heard | None:
    """A message that says something else now; None unless there is a key in it."""
    if message.edited_at is None:
        return None  # Discord has added a preview
    leak = read_leak(message, me, f"k{message.id}.{message.edited_at.timestamp():.3f}")
    return Heard(0, message.edited_at, leak) if leak else None


def read_message(message: discord.Message, me: discord.abc.User) -> Inbound | None:
    """Take up a message that mentions us, replies to us, or is private; None for others' talk and for bots."""
    if message.author.bot or message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return None
    answered = message.reference.resolved if message.reference else None
    to_us = isinstance(answered, discord.Message) and answered.author.id == me.id
    community = _community(message)
    if community and not to_us and me not in message.mentions:
        return None
    return Inbound(
        _origin_of(message, me, f"m{message.id}"),
        _text(message, me),
        message=str(message.id),
        reply_to=str(message.reference.message_id) if message.reference and message.reference.message_id else "",
        quote=answered.clean_content if isinstance(answered, discord.Message) else "",
        unreadable=_unreadable(message, me),
    )


def read_leak(message: discord.Message, me: discord.abc.User, event: str) -> Call | None:
    """What is to be done about keys in a message that others can read, whoever wrote it; None when there are none."""
    if not _community(message) or message.author.id == me.id:
        return None
    texts = (message.content, *(forwarded.content for forwarded in message.message_snapshots))
    return overheard(" ".join(texts), lambda: _origin_of(message, me, event))


def read_interaction(interaction: discord.Interaction[Any], me: discord.abc.User, book: Book) -> Inbound | Call | None:
    """Take up a slash command, a form that was filled in, or a pressed button; None for any other interaction."""
    data: Data = interaction.data or {}
    if interaction.type is discord.InteractionType.component:
        command, _, argument = str(data.get("custom_id", "")).partition(":")
        if not book.knows(command):
            return None
        private = interaction.message is not None and interaction.message.flags.ephemeral
        origin = _origin(interaction, me, "press", private=private)
        return Call(
            origin, command, {"turn": argument}, pressed=True, rank=_rank(interaction), roles=_roles(interaction)
        )
    if not _is_slash(interaction) and not _is_form(interaction):
        return None
    call = _call(interaction, me, private=is_aside(interaction, book))
    if call.command == "ask":
        return Inbound(call.origin, call.arguments.get("prompt", ""))
    return call


def unfilled(interaction: discord.Interaction[Any], book: Book) -> Command | None:
    """The slash command whose arguments are still to be typed into a form; None for any other."""
    name, _ = _given(interaction.data or {})
    return book.find(name) if _is_slash(interaction) and name in FORMS else None


def read_typing(interaction: discord.Interaction[Any], me: discord.abc.User) -> Typing | None:
    """The argument that somebody is typing, for an autocomplete interaction."""
    _, options = _given(interaction.data or {})
    focused = next((option for option in options if option.get("focused")), None)
    if focused is None:
        return None
    return Typing(_call(interaction, me, private=True), str(focused["name"]), str(focused["value"]))


def is_aside(interaction: discord.Interaction[Any], book: Book) -> bool:
    """Whether the answer to a slash command, or to its form, is for the caller alone."""
    if interaction.guild_id is None:
        return False
    name, options = _given(interaction.data or {})
    if name == "ask":
        return _arguments(options).get("private") == "yes"
    return not book.knows(name) or book.find(name).aside


def _is_slash(interaction: discord.Interaction[Any]) -> bool:
    return interaction.type is discord.InteractionType.application_command


def _is_form(interaction: discord.Interaction[Any]) -> bool:
    """Whether it is one of our forms; an app of somebody's own making can send any."""
    data: Data = interaction.data or {}
    id = str(data.get("custom_id", ""))
    is_ours = id.startswith(FORM) and id.removeprefix(FORM) in FORMS
    return interaction.type is discord.InteractionType.modal_submit and is_ours


def _call(interaction: discord.Interaction[Any], me: discord.abc.User, *, private: bool) -> Call:
    name, options = _given(interaction.data or {})
    origin = _origin(interaction, me, "slash", private=private)
    return Call(origin, name, _arguments(options), rank=_rank(interaction), roles=_roles(interaction))


def _given(data: Data) -> tuple[str, Sequence[Data]]:
    """The full name of a command, and what was filled in: below its sub-command, if it has one, or in its form."""
    if "components" in data:
        fields = [label["component"] for label in data["components"]]
        filled = [{"name": field["custom_id"], "value": field["value"]} for field in fields]
        return str(data["custom_id"]).removeprefix(FORM), filled
    name, options = str(data.get("name", "")), data.get("options", ())
    below = next((option for option in options if option.get("type") == SUB_COMMAND), None)
    return (f"{name} {below['name']}", below.get("options", ())) if below else (name, options)


def _origin(interaction: discord.Interaction[Any], me: discord.abc.User, kind: str, *, private: bool) -> Origin:
    can_post = interaction.app_permissions.view_channel and interaction.app_permissions.send_messages
    at_home = interaction.is_guild_integration() or (interaction.guild_id is None and interaction.context.dm_channel)
    ours = at_home and interaction.channel is not None
    address = {
        "kind": kind,
        "channel": str(interaction.channel_id),
        "reply_to": str(interaction.message.id) if interaction.message else "",
        "via": "channel" if ours and not private and (interaction.guild_id is None or can_post) else "webhook",
        "private": "yes" if private else "",
        "application": str(interaction.application_id),
        "token": str(interaction.token),
    }
    # The library says nothing of a channel of a kind that it does not know: what is said there stands for itself.
    channel = interaction.channel or discord.Object(interaction.id)
    key = _key(me.id, str(interaction.guild_id or ""), channel, interaction.user.id)
    return Origin(key, f"i{interaction.id}", str(interaction.user.display_name), interaction.created_at, address)


def _origin_of(message: discord.Message, me: discord.abc.User, event: str) -> Origin:
    key = _key(me.id, _community(message), message.channel, message.author.id)
    address = address_in(str(message.channel.id), str(message.id))
    return Origin(key, event, str(message.author.display_name), message.created_at, address)


def address_in(channel: str, message: str = "") -> dict[str, str]:
    """How a message of a channel is answered; without one, how something is shown there that answers nobody."""
    return {"kind": "message", "channel": channel, "reply_to": message, "via": "channel"}


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


def _arguments(options: Sequence[Data]) -> dict[str, str]:
    return {str(option["name"]): str(option["value"]) for option in options if "value" in option}


def _roles(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    member = interaction.user
    return tuple(str(role) for role in member._roles) if isinstance(member, discord.Member) else ()


def _rank(interaction: discord.Interaction[Any]) -> Rank:
    return Rank.ADMIN if manages(interaction.permissions) else Rank.USER  # no channel can grant these

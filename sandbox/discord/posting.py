"""Posting, editing, deleting and reacting, whoever does it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.discord import components, mentions
from sandbox.discord.drafts import Draft, Reply, check_shown
from sandbox.discord.errors import ApiError, invalid_form, thread_archived, unknown
from sandbox.discord.events import ChannelChanged, MessageEdited, MessagePosted, MessageRemoved, Reacted
from sandbox.discord.mentions import Allowed, Mentioned
from sandbox.discord.permissions import Permission
from sandbox.discord.state import (
    NO_FLAGS,
    SYSTEM,
    Attachment,
    Channel,
    File,
    Flag,
    Interaction,
    Message,
    Reference,
    Type,
    User,
)
from sandbox.discord.world import World


def post(
    world: World,
    channel: Channel,
    author: User,
    draft: Draft,
    *,
    default: Allowed = mentions.ANY,
    kind: Type = Type.DEFAULT,
    via: Interaction | None = None,
    stickers: tuple[str, ...] = (),
    thinking: bool = False,
) -> Message:
    """
    Post a message; or hand back the one that the same nonce made before.

    Args:
        default: Who is mentioned when the draft does not say.
        via: The interaction that this answers.
        thinking: It stands in for an answer to come, and shows nothing yet.

    Raises:
        ApiError: it is empty, answers nothing that is there, or the message of that nonce was deleted.
    """
    before = _same_nonce(world, channel, author, draft)
    if before is not None:
        return before
    answered = _answered(world, channel, draft.reply) if draft.reply else None
    flags = (draft.flags or NO_FLAGS) | (Flag.LOADING if thinking else NO_FLAGS)
    rest = bool(draft.components or draft.files or stickers or thinking)
    check_shown(draft.content or "", draft.embeds or (), rest, flags)
    message = Message(
        id=world.snowflakes.next(),
        channel_id=channel.id,
        author=author,
        content=draft.content or "",
        type=Type.REPLY if answered and kind is Type.DEFAULT else kind,
        flags=flags,
        embeds=draft.embeds or (),
        components=draft.components or (),
        attachments=attach(world, channel, draft.files),
        stickers=stickers,
        reference=None if answered is None else Reference(channel.id, answered.id),
        tts=draft.tts,
        nonce=draft.nonce,
        only_for=via.user.id if via and Flag.EPHEMERAL in flags else None,
        via=via.id if via else None,
    )
    message = _addressed(world, channel, message, draft.allowed or default, answered)
    return add(world, channel, replace(message, notified=mentions.notified(world, channel, message)))


def add(world: World, channel: Channel, message: Message) -> Message:
    """
    Put a finished message into a channel and tell everybody.

    Raises:
        ApiError: 160005, the thread is locked.
    """
    _check_unlocked(world, channel, message.author)
    channel.messages[message.id] = message
    if message.nonce is not None:
        channel.nonces[message.author.id, str(message.nonce)] = message.id, time.monotonic()
    if not message.ephemeral:
        channel.last_message_id = message.id
        _enliven(world, channel, message.author)
    world.emit(MessagePosted(message))
    return message


def edit(world: World, message: Message, draft: Draft, *, default: Allowed = mentions.ANY) -> Message:
    """
    Change a message as the draft says.

    Raises:
        ApiError: nothing would be left of it, or it stands in an archived thread.
    """
    channel = world.channels[message.channel_id]
    if channel.thread is not None and channel.thread.archived:
        raise thread_archived()
    held = [each for each in message.attachments if draft.kept is None or each.id in draft.kept]
    edited = replace(
        message,
        content=message.content if draft.content is None else draft.content,
        embeds=message.embeds if draft.embeds is None else draft.embeds,
        components=message.components if draft.components is None else draft.components,
        attachments=(*held, *attach(world, channel, draft.files)),
        flags=_edited_flags(message, draft),
        edited=None if message.loading else datetime.now(UTC),
    )
    rest = bool(edited.components or edited.attachments or edited.stickers)
    check_shown(edited.content, edited.embeds, rest, edited.flags)
    answered = world.message((edited.reference.channel_id, edited.reference.message_id)) if edited.reference else None
    return put(world, _addressed(world, channel, edited, draft.allowed or default, answered))


def put(world: World, message: Message) -> Message:
    """Put a newer version of a message in the place of the older one."""
    world.channels[message.channel_id].messages[message.id] = message
    world.emit(MessageEdited(message))
    return message


def remove(world: World, message: Message) -> None:
    del world.channels[message.channel_id].messages[message.id]
    world.emit(MessageRemoved(message))


def react(world: World, message: Message, user: User, emoji: str) -> None:
    """Set a reaction; a second time changes nothing."""
    there = message.reactions.get(emoji, ())
    if user.id not in there:
        _set_reactions(world, message, user, emoji, (*there, user.id), added=True)


def unreact(world: World, message: Message, user: User, emoji: str) -> None:
    there = message.reactions.get(emoji, ())
    if user.id in there:
        left = tuple(each for each in there if each != user.id)
        _set_reactions(world, message, user, emoji, left, added=False)


def attach(world: World, channel: Channel, files: Iterable[File]) -> tuple[Attachment, ...]:
    """Keep the files of a message where the CDN finds them."""
    attachments = tuple(Attachment(world.snowflakes.next(), channel.id, file) for file in files)
    world.attachments.update({each.id: each for each in attachments})
    return attachments


def _same_nonce(world: World, channel: Channel, author: User, draft: Draft) -> Message | None:
    """
    The message that this nonce made within the last minutes.

    Source: docs.discord.com/developers/resources/message#create-message, `enforce_nonce`. That a deleted message
    answers with 10008 is what bots report.
    """
    if not draft.unique or draft.nonce is None:
        return None
    made = channel.nonces.get((author.id, str(draft.nonce)))
    if made is None or time.monotonic() - made[1] > world.rules.nonce_seconds:
        return None
    if made[0] not in channel.messages:
        raise unknown("Message")
    return channel.messages[made[0]]


def _answered(world: World, channel: Channel, reply: Reply) -> Message | None:
    """The message to which a draft replies; None when it is gone and that is all right."""
    field = ("message_reference",)
    if reply.channel_id not in (None, channel.id):
        sentence = "Cannot reply to a message in a different channel"
        raise invalid_form(field, "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", sentence)
    answered = world.message((channel.id, reply.message_id))
    if answered is None or answered.ephemeral:
        if reply.strict:
            raise invalid_form(field, "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if answered.type in SYSTEM:
        raise invalid_form(field, "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
    return answered


def _addressed(world: World, channel: Channel, message: Message, allow: Allowed, answered: Message | None) -> Message:
    text = f"{message.content}\n{components.text_of(message.components)}"
    found: Mentioned = mentions.mentioned(world, channel, message.author, text, allow, answered)
    return replace(message, mentions=found.users, mention_roles=found.roles, mention_everyone=found.everyone)


def _edited_flags(message: Message, draft: Draft) -> Flag:
    """What an edit may switch is switched; IS_COMPONENTS_V2 never goes away again, LOADING never stays."""
    if draft.flags is None:
        return message.flags & ~Flag.LOADING
    switched = message.flags & ~(Flag.SUPPRESS_EMBEDS | Flag.LOADING)
    return switched | (draft.flags & (Flag.SUPPRESS_EMBEDS | Flag.IS_COMPONENTS_V2))


def _check_unlocked(world: World, channel: Channel, author: User) -> None:
    locked = channel.thread is not None and channel.thread.archived and channel.thread.locked
    if locked and Permission.MANAGE_THREADS not in world.permissions(author.id, channel):
        raise ApiError(400, 160005, "Thread is locked")


def _enliven(world: World, channel: Channel, author: User) -> None:
    """Whoever writes in a thread joins it, and an archived one comes back."""
    thread = channel.thread
    if thread is None:
        return
    thread.members.add(author.id)
    thread.sent += 1
    if thread.archived:
        thread.archived = False
        world.emit(ChannelChanged(channel, visible=True))


def _set_reactions(
    world: World, message: Message, user: User, emoji: str, users: tuple[int, ...], *, added: bool
) -> None:
    reactions = {**message.reactions, emoji: users}
    newer = replace(message, reactions={each: who for each, who in reactions.items() if who})
    world.channels[message.channel_id].messages[message.id] = newer
    world.emit(Reacted(newer, user, emoji, added))

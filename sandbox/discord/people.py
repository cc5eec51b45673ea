"""What people do with the client in their hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sandbox.discord import clients, commands, interactions, modals, places, posting
from sandbox.discord.clients import Impossible
from sandbox.discord.drafts import MOST_CONTENT, Draft, Reply
from sandbox.discord.errors import ApiError
from sandbox.discord.events import Typing
from sandbox.discord.feed import sees
from sandbox.discord.mentions import ANY, Allowed
from sandbox.discord.modals import Values
from sandbox.discord.permissions import Permission
from sandbox.discord.state import SYSTEM, Asking, Channel, File, Flag, Interaction, Json, Kind, Message, User
from sandbox.discord.world import World


def say(
    world: World,
    channel: Channel,
    author: User,
    text: str,
    answered: Message | None,
    files: Sequence[File],
    stickers: Sequence[str],
    ping: bool,
) -> Message:
    """Write something; a reply tells the one answered unless `ping` is off."""
    _check_may_write(world, channel, author)
    voice = any(file.seconds is not None for file in files)
    draft = Draft(
        content=text,
        files=tuple(files),
        flags=Flag.IS_VOICE_MESSAGE if voice else None,
        allowed=ANY if ping else Allowed(replied_user=False),
        reply=None if answered is None else Reply(answered.id, channel.id, strict=True),
    )
    try:
        return posting.post(world, channel, author, draft, stickers=tuple(stickers))
    except ApiError as error:
        raise Impossible(str(error)) from error


def _check_may_write(world: World, channel: Channel, author: User) -> None:
    send = Permission.SEND_MESSAGES if channel.thread is None else Permission.SEND_MESSAGES_IN_THREADS
    if send not in world.permissions(author.id, channel):
        raise Impossible(f"{author.name} cannot write there")
    if channel.kind is Kind.DM and not world.mutual_guild(author):
        raise Impossible(f"{author.name} shares no guild with the bot")


def edit(world: World, author: User, message: Message, text: str) -> Message:
    if message.author != author or message.type in SYSTEM:
        raise Impossible(f"{author.name} did not write message {message.id}")
    check_length(text)
    try:
        return posting.edit(world, message, Draft(content=text))
    except ApiError as error:
        raise Impossible(str(error)) from error


def delete(world: World, person: User, message: Message) -> None:
    channel = world.channels[message.channel_id]
    steward = Permission.MANAGE_MESSAGES in world.permissions(person.id, channel)
    if message.author != person and message.only_for != person.id and not steward:
        raise Impossible(f"{person.name} cannot delete message {message.id}")
    posting.remove(world, message)


def react(world: World, person: User, message: Message, emoji: str, *, back: bool) -> None:
    """Set a reaction, or take it back."""
    _check_sees(world, person, message)
    (posting.unreact if back else posting.react)(world, message, person, emoji)


def unfurl(world: World, message: Message, title: str) -> Message:
    """
    Show a link's preview below a message, as Discord does by itself a moment after it was posted.

    The bot gets a MESSAGE_UPDATE although nobody edited anything.
    """
    preview: Json = {"type": "link", "title": title, "url": "https://example.com/"}
    return posting.put(world, replace(message, embeds=(*message.embeds, preview)))


def begin_typing(world: World, channel: Channel, person: User) -> None:
    _check_may_write(world, channel, person)
    world.emit(Typing(channel, person))


def open_thread(
    world: World, channel: Channel, person: User, name: str, start: Message | None, *, private: bool
) -> Channel:
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    if channel.kind is not Kind.TEXT or needed not in world.permissions(person.id, channel):
        raise Impossible(f"{person.name} cannot open a thread there")
    try:
        return places.open_thread(world, channel, person, name, start=start, private=private)
    except ApiError as error:
        raise Impossible(str(error)) from error


def slash(world: World, channel: Channel, person: User, path: str, given: Mapping[str, Any]) -> Interaction:
    """Send off a slash command."""
    command, below = clients.chosen(world, channel, person, commands.CHAT_INPUT, path)
    data = clients.call(world, channel, command, below, given)
    return interactions.ask(world, Asking.COMMAND, person, channel, data, command=path)


def pick(world: World, channel: Channel, person: User, name: str, target: User | Message) -> Interaction:
    """Pick a command from the menu of a person or of a message."""
    kind = commands.USER if isinstance(target, User) else commands.MESSAGE
    command, _ = clients.chosen(world, channel, person, kind, name)
    data = clients.on_target(world, channel, command, target)
    return interactions.ask(world, Asking.COMMAND, person, channel, data, command=name)


def autocomplete(
    world: World, channel: Channel, person: User, path: str, option: str, typed: str, given: Mapping[str, Any]
) -> Interaction:
    """Type into an option that wants suggestions."""
    command, below = clients.chosen(world, channel, person, commands.CHAT_INPUT, path)
    data = clients.call(world, channel, command, below, {**given, option: typed}, focus=option)
    return interactions.ask(world, Asking.AUTOCOMPLETE, person, channel, data, command=path)


def press(world: World, person: User, message: Message, custom_id: str, values: Sequence[str]) -> Interaction:
    """Press a button, or choose from a menu."""
    _check_sees(world, person, message)
    data = clients.pressed(message, custom_id, tuple(values))
    channel = world.channels[message.channel_id]
    return interactions.ask(world, Asking.COMPONENT, person, channel, data, source=message)


def submit_modal(world: World, asked: Interaction, values: Values) -> Interaction:
    """Fill in and send off the modal that an interaction was answered with."""
    if asked.modal is None:
        raise Impossible("no modal is open")
    reason = modals.wrong(asked.modal, values)
    if reason is not None:
        raise Impossible(reason)
    data, channel = modals.filled(asked.modal, values), world.channels[asked.channel_id]
    return interactions.ask(world, Asking.MODAL, asked.user, channel, data, source=asked.source, earlier=asked)


def _check_sees(world: World, person: User, message: Message) -> None:
    if not sees(world, message, person):
        raise Impossible(f"{person.name} does not see message {message.id}")


def check_length(text: str) -> None:
    if len(text) > MOST_CONTENT:
        raise Impossible(f"{len(text)} characters are too many")

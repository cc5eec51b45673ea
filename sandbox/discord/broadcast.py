"""What the gateway tells the bot of each event: under which name, to which sessions, and how much of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.discord import message_payloads, payloads
from sandbox.discord.events import (
    Asked,
    ChannelChanged,
    ChannelOpened,
    ChannelRemoved,
    Event,
    GuildJoined,
    GuildLeft,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessagePosted,
    MessageRemoved,
    Reacted,
    Typing,
)
from sandbox.discord.intents import Intent
from sandbox.discord.state import Channel, Guild, Interaction, Json, Kind, Message
from sandbox.discord.world import World


@dataclass(frozen=True, slots=True)
class Dispatch:
    """
    One event as the gateway sends it.

    `intent` is what a session must have subscribed to, none when it comes unasked. Without `guild_id` it goes to
    shard 0. `data` makes the payload for a session with the given intents.
    """

    name: str
    intent: Intent
    guild_id: int | None
    data: Callable[[Intent], Json]


def dispatches(world: World, event: Event) -> Iterator[Dispatch]:
    """Everything that the bot learns from an event."""
    match event:
        case MessagePosted(message):
            yield from _message(world, "MESSAGE_CREATE", message, message_payloads.created(world, message))
        case MessageEdited(message):
            yield from _message(world, "MESSAGE_UPDATE", message, message_payloads.message(world, message))
        case MessageRemoved(message):
            yield from _removed(world, message)
        case Reacted():
            yield from _reacted(world, event)
        case Typing():
            yield from _typing(world, event)
        case ChannelOpened(channel):
            yield from _opened(world, channel)
        case ChannelChanged(channel, visible):
            yield from _changed(world, channel, visible)
        case ChannelRemoved(channel):
            yield from _about(world, channel, "THREAD_DELETE" if channel.thread else "CHANNEL_DELETE")
        case GuildJoined(guild):
            yield guild_create(world, guild)
        case GuildLeft(guild):
            yield Dispatch("GUILD_DELETE", Intent.GUILDS, guild.id, lambda _: {"id": str(guild.id)})
        case MemberJoined(guild, member):
            shown = {**payloads.member(member), "guild_id": str(guild.id)}
            yield Dispatch("GUILD_MEMBER_ADD", Intent.GUILD_MEMBERS, guild.id, lambda _: shown)
        case MemberLeft(guild, user):
            gone = {"guild_id": str(guild.id), "user": payloads.user(user)}
            yield Dispatch("GUILD_MEMBER_REMOVE", Intent.GUILD_MEMBERS, guild.id, lambda _: gone)
        case Asked(interaction):
            asked = _interaction(world, interaction)
            yield Dispatch("INTERACTION_CREATE", Intent(0), interaction.guild_id, lambda _: asked)


def guild_create(world: World, guild: Guild) -> Dispatch:
    """
    A guild with all that is in it. Which members come along depends on the session.

    Source: docs.discord.com/developers/events/gateway-events#guild-create
    """
    shown = {
        **payloads.guild(guild),
        "joined_at": payloads.moment(guild.members[world.bot.id].joined),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "channels": [payloads.channel(world, each) for each in _channels(world, guild) if each.thread is None],
        "threads": [payloads.channel(world, each) for each in _channels(world, guild) if _is_open(world, each)],
    }

    def data(intents: Intent) -> Json:
        everyone = Intent.GUILD_PRESENCES in intents
        members = [each for each in guild.members.values() if everyone or each.user == world.bot]
        return {**shown, "members": [payloads.member(each) for each in members]}

    return Dispatch("GUILD_CREATE", Intent.GUILDS, guild.id, data)


def guild_outage(guild: Guild) -> Dispatch:
    """docs.discord.com/developers/events/gateway-events#guild-delete: `unavailable` is how an outage is told."""
    return Dispatch("GUILD_DELETE", Intent.GUILDS, guild.id, lambda _: {"id": str(guild.id), "unavailable": True})


def _channels(world: World, guild: Guild) -> list[Channel]:
    """All of them: a bot is told even of those that it may not see."""
    return [channel for channel in world.channels.values() if channel.guild_id == guild.id]


def _is_open(world: World, channel: Channel) -> bool:
    """An active thread that the bot sees."""
    return channel.thread is not None and not channel.thread.archived and world.sees(world.bot.id, channel)


def _bot_hears(world: World, channel: Channel) -> bool:
    return world.sees(world.bot.id, channel)


def _message(world: World, name: str, message: Message, shown: Json) -> Iterator[Dispatch]:
    channel = world.channels[message.channel_id]
    if not message.ephemeral and not _bot_hears(world, channel):
        return
    full = message_payloads.told(world, message, shown)
    blind = message_payloads.unread(world, message, full)

    def data(intents: Intent) -> Json:
        return full if Intent.MESSAGE_CONTENT in intents else blind

    private = channel.guild_id is None or message.ephemeral
    intent = Intent.DIRECT_MESSAGES if private else Intent.GUILD_MESSAGES
    yield Dispatch(name, intent, None if private else channel.guild_id, data)


def _removed(world: World, message: Message) -> Iterator[Dispatch]:
    channel = world.channels[message.channel_id]
    shown = {"id": str(message.id), "channel_id": str(message.channel_id), **_guild_id(channel)}
    if _bot_hears(world, channel) and not message.ephemeral:
        yield _in(channel, "MESSAGE_DELETE", Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES, shown)


def _reacted(world: World, event: Reacted) -> Iterator[Dispatch]:
    channel = world.channels[event.message.channel_id]
    shown: Json = {
        "user_id": str(event.user.id),
        "channel_id": str(channel.id),
        "message_id": str(event.message.id),
        "message_author_id": str(event.message.author.id),
        "emoji": {"id": None, "name": event.emoji},
        "burst": False,
        "type": 0,
        **_guild_id(channel),
    }
    if channel.guild_id is not None and event.added:
        shown["member"] = payloads.member(world.guilds[channel.guild_id].members[event.user.id])
    name = "MESSAGE_REACTION_ADD" if event.added else "MESSAGE_REACTION_REMOVE"
    if _bot_hears(world, channel):
        yield _in(channel, name, Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS, shown)


def _typing(world: World, event: Typing) -> Iterator[Dispatch]:
    shown: Json = {
        "channel_id": str(event.channel.id),
        "user_id": str(event.user.id),
        "timestamp": int(time.time()),
        **_guild_id(event.channel),
    }
    if event.channel.guild_id is not None:
        shown["member"] = payloads.member(world.guilds[event.channel.guild_id].members[event.user.id])
    if _bot_hears(world, event.channel):
        yield _in(event.channel, "TYPING_START", Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING, shown)


def _opened(world: World, channel: Channel) -> Iterator[Dispatch]:
    """Since version 8 no bot hears of a new DM before its first message (change log of 2020-09-24)."""
    if channel.thread is not None:
        if _bot_hears(world, channel):
            yield from _about(world, channel, "THREAD_CREATE", {"newly_created": True})
    elif channel.kind is not Kind.DM:
        yield from _about(world, channel, "CHANNEL_CREATE")


def _changed(world: World, channel: Channel, visible: bool) -> Iterator[Dispatch]:
    yield from _about(world, channel, "THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE")
    if channel.thread is not None or visible or not _bot_hears(world, channel):
        return
    threads = [each for each in world.channels.values() if each.thread and each.thread.parent_id == channel.id]
    shown = {
        "guild_id": str(channel.guild_id),
        "channel_ids": [str(channel.id)],
        "threads": [payloads.channel(world, each) for each in threads if _is_open(world, each)],
        "members": [],
    }
    yield Dispatch("THREAD_LIST_SYNC", Intent.GUILDS, channel.guild_id, lambda _: shown)


def _about(world: World, channel: Channel, name: str, more: Json | None = None) -> Iterator[Dispatch]:
    shown = {**payloads.channel(world, channel), **(more or {})}
    yield Dispatch(name, Intent.GUILDS, channel.guild_id, lambda _: shown)


def _in(channel: Channel, name: str, in_guild: Intent, in_dm: Intent, shown: Json) -> Dispatch:
    """The same event has one intent in guilds and another in DMs."""
    return Dispatch(name, in_dm if channel.guild_id is None else in_guild, channel.guild_id, lambda _: shown)


def _guild_id(channel: Channel) -> Json:
    return {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}


def _interaction(world: World, asked: Interaction) -> Json:
    """
    An interaction as the bot gets it.

    Source: docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
    """
    channel = world.channels[asked.channel_id]
    shown: Json = {
        "id": str(asked.id),
        "application_id": str(world.application.id),
        "type": int(asked.kind),
        "token": asked.token,
        "version": 1,
        "data": asked.data,
        "channel_id": str(channel.id),
        "channel": payloads.interaction_channel(world, channel, asked.user),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(asked.guild_id or 0)},
        "context": 1 if asked.guild_id is None else 0,
        "app_permissions": payloads.permissions(world, channel, world.bot),
        "attachment_size_limit": world.rules.file_bytes,
    }
    if asked.source is not None:
        shown["message"] = message_payloads.message(world, asked.source)
    if asked.guild_id is None:
        return {**shown, "user": payloads.user(asked.user)}
    guild = world.guilds[asked.guild_id]
    member = payloads.member(guild.members[asked.user.id])
    return {
        **shown,
        "guild_id": str(guild.id),
        "guild_locale": "en-US",
        "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
        "member": {**member, "permissions": payloads.permissions(world, channel, asked.user)},
    }

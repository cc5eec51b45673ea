"""Guilds, channels, threads and who is where."""

from dataclasses import replace
from datetime import UTC, datetime

from sandbox.discord import posting
from sandbox.discord.errors import ApiError
from sandbox.discord.events import (
    ChannelChanged,
    ChannelOpened,
    ChannelRemoved,
    GuildJoined,
    GuildLeft,
    MemberJoined,
    MemberLeft,
)
from sandbox.discord.permissions import EVERYONE, Permission
from sandbox.discord.state import (
    Channel,
    Flag,
    Guild,
    Kind,
    Member,
    Message,
    Overwrite,
    Reference,
    Role,
    Thread,
    Type,
    User,
)
from sandbox.discord.world import World

STEWARD = Permission.MANAGE_GUILD | Permission.MANAGE_CHANNELS | Permission.MANAGE_MESSAGES
BOT = EVERYONE & ~Permission.MENTION_EVERYONE
"""What the bot's own role adds to @everyone, which is nothing in a fresh guild."""


def add_guild(world: World, name: str, number: int | None) -> Guild:
    """A guild of the application's owner with the bot in it; `number` is its id where the shard matters."""
    number = number or world.snowflakes.next()
    guild = Guild(number, name, world.application.owner.id)
    guild.roles[number] = Role(number, "@everyone", int(EVERYONE))
    for role, permissions, bot in (("Stewards", STEWARD, None), (world.bot.name, BOT, world.bot.id)):
        id_ = world.snowflakes.next()
        guild.roles[id_] = Role(id_, role, int(permissions), len(guild.roles), bot)
    world.guilds[number] = guild
    _enter(guild, world.application.owner)
    _enter(guild, world.bot, *(role.id for role in guild.roles.values() if role.bot == world.bot.id))
    return guild


def welcome(world: World, guild: Guild) -> None:
    """Tell the bot of a guild that it is in now."""
    world.emit(GuildJoined(guild))


def join(world: World, guild: Guild, user: User, *, steward: bool) -> Member:
    roles = (role.id for role in guild.roles.values() if steward and role.name == "Stewards")
    member = _enter(guild, user, *roles)
    world.emit(MemberJoined(guild, member))
    return member


def leave(world: World, guild: Guild, user: User) -> None:
    del guild.members[user.id]
    world.emit(MemberLeft(guild, user))


def bot_leaves(world: World, guild: Guild) -> None:
    """The bot is thrown out."""
    del guild.members[world.bot.id]
    world.emit(GuildLeft(guild))


def bot_returns(world: World, guild: Guild) -> None:
    _enter(guild, world.bot, *(role.id for role in guild.roles.values() if role.bot == world.bot.id))
    world.emit(GuildJoined(guild))


def add_channel(world: World, guild: Guild, name: str, *, private: bool) -> Channel:
    """A text channel; a private one only stewards and whoever is let in can see."""
    position = sum(1 for channel in world.channels.values() if channel.guild_id == guild.id)
    channel = Channel(world.snowflakes.next(), Kind.TEXT, name, guild.id, position)
    if private:
        channel.overwrites[guild.id] = Overwrite(deny=int(Permission.VIEW_CHANNEL))
        for role in guild.roles.values():
            if role.name == "Stewards":
                channel.overwrites[role.id] = Overwrite(allow=int(Permission.VIEW_CHANNEL))
    world.channels[channel.id] = channel
    world.emit(ChannelOpened(channel))
    return channel


def set_permissions(world: World, channel: Channel, user: User, permissions: Permission, *, allowed: bool) -> None:
    """Allow or deny one user some things in one channel, over what the roles say."""
    visible = world.sees(world.bot.id, channel)
    old = channel.overwrites.get(user.id, Overwrite())
    changed = int(permissions)
    if allowed:
        channel.overwrites[user.id] = Overwrite(old.allow | changed, old.deny & ~changed)
    else:
        channel.overwrites[user.id] = Overwrite(old.allow & ~changed, old.deny | changed)
    world.emit(ChannelChanged(channel, visible))


def remove_channel(world: World, channel: Channel) -> None:
    """Delete a channel with its threads and everything said there."""
    for each in [*world.channels.values()]:
        if each.thread is not None and each.thread.parent_id == channel.id:
            del world.channels[each.id]
    del world.channels[channel.id]
    world.emit(ChannelRemoved(channel))


def open_thread(
    world: World,
    parent: Channel,
    author: User,
    name: str,
    *,
    start: Message | None = None,
    private: bool = False,
    minutes: int = 4320,
) -> Channel:
    """
    Open a thread, from a message or from none.

    A thread from a message has that message's id and begins with a system message that refers to it; one from
    none leaves a system message in the channel.

    Raises:
        ApiError: 160004, the message has a thread already.
    """
    if start is not None and start.thread_id is not None:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    kind = Kind.PRIVATE_THREAD if private else Kind.PUBLIC_THREAD
    number = start.id if start else world.snowflakes.next()
    thread = Thread(parent.id, author.id, minutes, members={author.id})
    channel = Channel(number, kind, name, parent.guild_id, thread=thread)
    world.channels[number] = channel
    world.emit(ChannelOpened(channel))
    if start is not None:
        _mark_start(world, channel, start)
    elif not private:
        _announce(world, parent, channel, author)
    return channel


def archive(world: World, channel: Channel, *, locked: bool) -> None:
    """Put a thread away."""
    if channel.thread is None:
        raise ValueError(f"{channel.name} is no thread")
    channel.thread.archived, channel.thread.locked = True, locked
    world.emit(ChannelChanged(channel, visible=True))


def _enter(guild: Guild, user: User, *roles: int) -> Member:
    member = Member(user, datetime.now(UTC), roles)
    guild.members[user.id] = member
    return member


def _mark_start(world: World, thread: Channel, start: Message) -> None:
    posting.put(world, replace(start, thread_id=thread.id, flags=start.flags | Flag.HAS_THREAD))
    opening = Message(
        world.snowflakes.next(),
        thread.id,
        start.author,
        type=Type.THREAD_STARTER_MESSAGE,
        reference=Reference(start.channel_id, start.id),
    )
    posting.add(world, thread, opening)


def _announce(world: World, parent: Channel, thread: Channel, author: User) -> None:
    notice = Message(
        world.snowflakes.next(),
        parent.id,
        author,
        thread.name,
        type=Type.THREAD_CREATED,
        reference=Reference(thread.id, 0),
    )
    posting.add(world, parent, notice)

"""What somebody may do somewhere, worked out as Discord does."""

from collections.abc import Iterable, Mapping
from enum import IntFlag
from functools import reduce
from operator import or_

from sandbox.discord.state import Channel, Guild, Overwrite


class Permission(IntFlag):
    """
    The permissions that matter to a chat bot.

    Source: docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
    """

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


NONE = Permission(0)
ALL = reduce(or_, Permission)

EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_TTS_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MENTION_EVERYONE
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What @everyone may in a new guild: mentioning everyone, too, until somebody takes it away."""

IN_DM = EVERYONE & ~Permission.CREATE_PUBLIC_THREADS & ~Permission.CREATE_PRIVATE_THREADS


def effective(guild: Guild, channel: Channel, user: int) -> Permission:
    """
    A user's permissions in one channel of a guild; for a thread, give its parent.

    Source: docs.discord.com/developers/topics/permissions#permission-overwrites
    """
    member = guild.members.get(user)
    if member is None:
        return NONE
    base = in_guild(guild, user)
    if Permission.ADMINISTRATOR in base:
        return ALL
    allowed = _overwritten(base, channel.overwrites, (guild.id,))
    allowed = _overwritten(allowed, channel.overwrites, member.roles)
    allowed = _overwritten(allowed, channel.overwrites, (user,))
    return allowed if Permission.VIEW_CHANNEL in allowed else NONE


def in_guild(guild: Guild, user: int) -> Permission:
    """A member's permissions before any channel has its say."""
    if user == guild.owner_id:
        return ALL
    base = Permission(guild.roles[guild.id].permissions)
    for role in guild.members[user].roles:
        base |= Permission(guild.roles[role].permissions)
    return ALL if Permission.ADMINISTRATOR in base else base


def _overwritten(base: Permission, overwrites: Mapping[int, Overwrite], targets: Iterable[int]) -> Permission:
    """Apply the overwrites of one level: all that is denied goes, then all that is allowed comes."""
    found = [overwrites[target] for target in targets if target in overwrites]
    for overwrite in found:
        base &= ~Permission(overwrite.deny)
    for overwrite in found:
        base |= Permission(overwrite.allow)
    return base

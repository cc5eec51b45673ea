"""
Who runs a Discord server, when they are not the ones who ask: an interaction tells that of its caller only.

Asked over REST: not every process holds the gateway, and the one that does is told of the roles, not of who has them.
"""

import discord

from adapters.discord.errors import NotThere, Unreachable
from bot.access import Rank

NOBODY = (NotThere, Unreachable)
"""What says that somebody is no member of a server, or that the server, or a channel of it, is not ours to know."""


async def rank_in(client: discord.Client, server: int, user: int) -> Rank:
    """
    What somebody is in a server: an admin who owns it, or has a role that may manage it.

    A time-out does not change who runs the place, so the roles count rather than what is allowed at the moment.
    Raises what the library does; NOBODY, once renamed, is for whom Discord does not know there.
    """
    guild = await client.fetch_guild(server, with_counts=False)
    if guild.owner_id == user:
        return Rank.ADMIN
    member = await guild.fetch_member(user)
    return Rank.ADMIN if any(manages(role.permissions) for role in member.roles) else Rank.USER


def manages(may: discord.Permissions) -> bool:
    """Whether that is enough to run a server."""
    return may.administrator or may.manage_guild

"""What discord.py raises, by our names."""

from collections.abc import Mapping

import aiohttp
import discord

from bot.errors import BotError, PartGone, PlatformBusy, PlatformDown, Undeliverable

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""What a REST call of the library may raise."""


class DeadInteraction(Undeliverable):
    """The interaction was never acknowledged, or its token has run out after 15 minutes."""


class Unreachable(Undeliverable):
    """A user who takes no private messages from us: a setting, a block, no server in common, nobody at all."""


class NotThere(Undeliverable):
    """A server, a channel or a member that there is not, or that is not for us to see."""


CODES: Mapping[int, type[BotError]] = {
    10003: NotThere,  # Unknown Channel
    10004: NotThere,  # Unknown Guild
    10007: NotThere,  # Unknown Member
    50001: NotThere,  # Missing Access
    10008: PartGone,  # Unknown Message
    10015: DeadInteraction,  # Unknown Webhook
    10062: DeadInteraction,  # Unknown interaction
    50027: DeadInteraction,  # Invalid Webhook Token
    10013: Unreachable,  # Unknown User
    50007: Unreachable,  # Cannot send messages to this user
    50033: Unreachable,  # Invalid Recipient(s)
    50278: Unreachable,  # Cannot send messages to this user due to having no mutual guilds
    30046: PartGone,  # Maximum number of edits to messages older than 1 hour reached
}
"""Discord's error codes that mean more than their status. Source: discord.com/developers/docs, JSON Error Codes."""

REFUSED = range(400, 500)
"""Statuses of a call that would be refused again: no access, no such channel, a dead interaction."""


def renamed(error: Exception) -> BotError:
    """Our error for one of the library's. Posting again is safe on Discord: a nonce keeps a message from doubling."""
    if isinstance(error, discord.RateLimited):
        return PlatformBusy(str(error), error.retry_after)
    if isinstance(error, discord.HTTPException):
        detail = f"{error.status} {error.code}: {error.text}"
        if error.code in CODES:
            return CODES[error.code](detail)
        refused = error.status in REFUSED and error.status not in (408, 429)
        return (Undeliverable if refused else PlatformDown)(detail)
    return PlatformDown(f"{type(error).__name__}: {error}")

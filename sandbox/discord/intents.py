"""What a gateway session may ask to hear of."""

from enum import IntFlag
from functools import reduce
from operator import or_

from sandbox.discord.state import Application


class Intent(IntFlag):
    """docs.discord.com/developers/events/gateway#list-of-intents"""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_INTEGRATIONS = 1 << 4
    GUILD_WEBHOOKS = 1 << 5
    GUILD_INVITES = 1 << 6
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25


KNOWN = int(reduce(or_, Intent))


def disallowed(wanted: Intent, own: Application) -> Intent:
    """The privileged intents among those wanted that are not switched on for the application."""
    return wanted & (
        (Intent(0) if own.members else Intent.GUILD_MEMBERS)
        | (Intent(0) if own.presences else Intent.GUILD_PRESENCES)
        | (Intent(0) if own.message_content else Intent.MESSAGE_CONTENT)
    )

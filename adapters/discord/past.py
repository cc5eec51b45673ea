"""Reading channels again over Discord's REST API: a catchup.Past."""

import logging
from collections.abc import Sequence
from datetime import datetime

import discord

from adapters.discord.catchup import Heard
from adapters.discord.errors import TROUBLE, renamed
from adapters.discord.intake import overhear
from adapters.pace import Pace
from bot.errors import Undeliverable

Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""Where people write in a server."""

log = logging.getLogger(__name__)


class ChannelPast:
    """The channels that a client sees."""

    def __init__(self, client: discord.Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def after(self, channel: int, message: int, limit: int) -> Sequence[Heard]:
        assert self._client.user is not None
        history = self._place(channel).history(limit=limit, after=discord.Object(message), oldest_first=True)
        try:
            async with self._pace.turn(urgent=False):
                return [overhear(said, self._client.user) async for said in history]
        except TROUBLE as error:
            trouble = renamed(error)
            if not isinstance(trouble, Undeliverable):
                raise trouble from error
            log.info("channel %s cannot be read again: %s", channel, trouble)
            return ()

    async def tell(self, channel: int, text: str) -> None:
        try:
            async with self._pace.turn(urgent=True):
                await self._place(channel).send(text)
        except TROUBLE as error:
            log.warning("channel %s was not told that messages may have been missed: %s", channel, error)

    def _place(self, channel: int) -> discord.abc.Messageable:
        """After a start no private channel is known to the library, but its id is enough."""
        known = self._client.get_channel(channel)
        if isinstance(known, discord.abc.Messageable):
            return known
        return self._client.get_partial_messageable(channel, type=discord.ChannelType.private)


def last_messages(server: discord.Guild) -> dict[int, int]:
    """The channels and open threads that we may read again, each with its last message. That may be deleted by now."""
    places: list[Place] = [*server.text_channels, *server.voice_channels, *server.stage_channels, *server.threads]
    return {place.id: place.last_message_id for place in places if place.last_message_id and _readable(place)}


def joined(server: discord.Guild) -> datetime | None:
    """When we were let into a server."""
    return server.me.joined_at if server.me else None


def _readable(place: Place) -> bool:
    if isinstance(place, discord.Thread) and place.parent is None:
        return False
    may = place.permissions_for(place.guild.me)
    return may.view_channel and may.read_message_history

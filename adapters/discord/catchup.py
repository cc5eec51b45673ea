"""
What was said while we were away: read again from the channels, from the last message that we are certain of.

Discord's gateway does not repeat what it sent while nobody listened, or to a process that has died since. So we keep a
watermark for each channel: every message up to it was stored, or was not for us. A live message moves it only once the
channel has been caught up with; otherwise it would hide what came before it. Until then live messages wait, so that
nothing is answered out of turn.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.chat import Call, Inbound
from bot.errors import PlatformDown
from bot.ports import Settings

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=24)
"""How old a message may be to be answered late."""

PAGE = 100
"""Messages of one look into the past. Source: discord.com/developers/docs/resources/message#get-channel-messages."""

PAGES = 3
"""Looks into one channel's past. What lies beyond is not read, and the channel is told so."""

SORRY = "I was away, and some messages here may have gone unanswered. Please ask again."

RECENT = timedelta(days=7)
"""Private channels where nothing was said for longer are not looked into: Discord does not say which have news."""

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Where snowflakes begin to count. Source: discord.com/developers/docs/reference#snowflakes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One message of a channel.

    Args:
        id: 0 for an edit of a message, which moves no watermark.
        said: The message when it was for us; when it was not, and a key is in it, what that asks of us.
    """

    id: int
    at: datetime
    said: Inbound | Call | None


class Past(Protocol):
    """Discord's REST API, as far as it tells of the past."""

    async def after(self, channel: int, message: int, limit: int) -> Sequence[Heard]:
        """The messages right after that one, oldest first. Empty where we may not look. Raises PlatformDown."""

    async def tell(self, channel: int, text: str) -> None:
        """Say something in a channel; where that cannot be done, nothing happens."""


def snowflake(moment: datetime) -> int:
    """The least id that anything made at that moment or later has."""
    return int((moment - EPOCH).total_seconds() * 1000) << 22


class Ear:
    """
    Stores what is said in the order in which it was said, whether it was heard live or is read again.

    Watermarks are kept in memory and saved now and then: what was lost of them is heard again, and known by its id.

    Args:
        listed: Whether Discord says which channels there are. Where it does not, a channel is written down before its
            first message is taken: whoever comes after us would not know that there is something to be read again.
    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        store: Callable[[Inbound | Call], Awaitable[object]],
        *,
        listed: bool = True,
    ) -> None:
        self._settings = settings
        self._name = name
        self._store = store
        self._listed = listed
        self._marks: dict[int, int] = {}
        self._unsaved: dict[int, int] = {}
        self._behind: set[int] | None = None
        self._waiting: dict[int, list[Heard]] = {}
        self._since = 0

    async def load(self, now: datetime, joined: datetime | None = None) -> None:
        """
        Read the watermarks. A first start begins now: nobody expects answers to what was said before.

        Args:
            joined: When we were last let in here; nothing that was said before concerns us.

        Raises:
            StorageDown: Nobody can tell.
        """
        kept = dict(await self._settings.get(self._name))
        since = int(kept.pop("since", 0))
        if not since:
            since = snowflake(now)
            await self._settings.put(self._name, {"since": str(since)})
        self._since = max(since, snowflake(joined) if joined else 0)
        self._marks = {int(channel): int(mark) for channel, mark in kept.items()} | self._marks

    async def save(self) -> None:
        """Store the watermarks that have moved. Raises StorageDown."""
        moved, self._unsaved = self._unsaved, {}
        try:
            if moved:
                await self._settings.put(self._name, {str(channel): str(mark) for channel, mark in moved.items()})
        except BaseException:
            self._unsaved = moved | self._unsaved
            raise

    def mark(self, channel: int) -> int:
        """The last message that is certain. A channel that is newer than our first start is heard from the start."""
        return max(self._marks.get(channel, 0), self._since, channel)

    def in_use(self, now: datetime) -> dict[int, int]:
        """Channels in which something was said lately, each with the least last message that would be news."""
        recent = snowflake(now - RECENT)
        return {channel: mark + 1 for channel, mark in self._marks.items() if mark > recent}

    def hold(self) -> None:
        """From now on live messages may follow a gap, in any channel: they wait until `catch_up`."""
        self._behind = None

    async def hear(self, channel: int, heard: Heard) -> None:
        """Take a live message. Raises StorageDown; then it was not taken."""
        if self._behind is None or channel in self._behind:
            self._waiting.setdefault(channel, []).append(heard)
        else:
            await self._take(channel, heard)

    async def catch_up(self, channels: Mapping[int, int], past: Past, now: datetime) -> None:
        """
        Hear what was said while we were away, then what has been said since.

        Args:
            channels: For each channel that may have news, its last message.

        Raises:
            StorageDown: What was not heard by then still waits.
            PlatformDown: What could not be read again still waits; the other channels are caught up with.
        """
        self._behind = {channel for channel, last in channels.items() if last > self.mark(channel)}
        for channel in [channel for channel in self._waiting if channel not in self._behind]:
            await self._release(channel)
        unread: PlatformDown | None = None
        for channel in tuple(self._behind):
            try:
                await self._read_again(channel, channels[channel], past, now)
            except PlatformDown as trouble:
                unread = trouble
            else:
                await self._release(channel)
        if unread:
            raise unread

    async def _read_again(self, channel: int, last: int, past: Past, now: datetime) -> None:
        missed = 0
        for _ in range(PAGES):
            page = await past.after(channel, self.mark(channel), PAGE)
            for heard in page:
                old = now - heard.at > WINDOW and isinstance(heard.said, Inbound)
                missed += old
                await self._take(channel, replace(heard, said=None) if old else heard)
            if len(page) < PAGE:
                break
        else:
            log.warning("channel %s: more was said meanwhile than is read again", channel)
            missed += 1
        self._move(channel, last)  # it may have been deleted since, or lie beyond what is read
        if missed:
            await past.tell(channel, SORRY)

    async def _release(self, channel: int) -> None:
        """Take the live messages that have waited, and let the next ones pass."""
        waiting = self._waiting.get(channel, [])
        while waiting:
            await self._take(channel, waiting[0])
            waiting.pop(0)
        self._waiting.pop(channel, None)
        if self._behind is not None:
            self._behind.discard(channel)

    async def _take(self, channel: int, heard: Heard) -> None:
        if not self._listed and channel not in self._marks:
            await self._settings.put(self._name, {str(channel): str(heard.id - 1)})
        if heard.said is not None:
            await self._store(heard.said)
        self._move(channel, heard.id)

    def _move(self, channel: int, message: int) -> None:
        if message > self.mark(channel):
            self._marks[channel] = self._unsaved[channel] = message

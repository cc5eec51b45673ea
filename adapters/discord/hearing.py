"""
All that is said where we are, taken in order: an ear for each server, and one for private messages.

What comes is queued at once, so that nothing can overtake it. Where something may have been missed the ear waits until
that has been read again; elsewhere talk goes on.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from adapters.discord.catchup import Ear, Heard, Past
from adapters.patience import patiently
from bot.chat import Call, Inbound
from bot.errors import PlatformDown, StorageDown
from bot.ports import Settings
from bot.tasks import end

log = logging.getLogger(__name__)

PRIVATE = 0
"""In place of a server's id: private messages."""

SAVING = 3.0
"""Seconds between two savings of the watermarks. What was heard since the last one is read again after a crash."""

AT_ONCE = 8
"""Servers that are caught up with side by side."""


class Hearing:
    """What one connection hears. Servers are known by their ids."""

    def __init__(
        self,
        settings: Settings,
        bot: int,
        store: Callable[[Inbound | Call], Awaitable[object]],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._bot = bot
        self._store = store
        self._now = now
        self._ears: dict[int, Ear] = {}
        self._heard: asyncio.Queue[tuple[int, int, Heard]] = asyncio.Queue()
        self._catching_up: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    def hear(self, server: int, channel: int, heard: Heard) -> None:
        """Something was said. Returns at once."""
        self._heard.put_nowait((server, channel, heard))

    def hold(self, servers: Iterable[int]) -> None:
        """What is said there from now on may follow a gap: it waits until `catch_up`."""
        for server in servers:
            self._leave_off(server)
            self._ear(server).hold()

    def catch_up(
        self, server: int, past: Past, news: Callable[[Ear], Mapping[int, int]], joined: datetime | None = None
    ) -> None:
        """
        Begin to read what was missed there. Returns at once.

        Args:
            news: Finds the channels that may have news, each with its last message, once the watermarks are known.
            joined: When we were let in there.
        """
        self.hold([server])
        self._catching_up[server] = asyncio.ensure_future(self._catch_up(self._ear(server), past, news, joined))

    def forget(self, server: int) -> None:
        """We are no longer let in there."""
        self._leave_off(server)
        self._ears.pop(server, None)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Take what is heard for as long as the block lasts; then save how far that went."""
        tasks = asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._keep())
        try:
            yield
        finally:
            await end(*tasks, *self._catching_up.values())
            await self._save()

    def _ear(self, server: int) -> Ear:
        if server not in self._ears:
            name = f"discord:{self._bot}:{server or 'private'}/heard"
            self._ears[server] = Ear(self._settings, name, self._take, listed=bool(server))
        return self._ears[server]

    def _leave_off(self, server: int) -> None:
        task = self._catching_up.pop(server, None)
        if task is not None:
            task.cancel()

    async def _listen(self) -> None:
        while True:
            server, channel, heard = await self._heard.get()
            await self._ear(server).hear(channel, heard)

    async def _catch_up(
        self, ear: Ear, past: Past, news: Callable[[Ear], Mapping[int, int]], joined: datetime | None
    ) -> None:
        what = "what was missed on Discord"
        async with self._room:
            await patiently(what, lambda: ear.load(self._now(), joined), StorageDown)
            try:
                channels = news(ear)
                await patiently(what, lambda: ear.catch_up(channels, past, self._now()), PlatformDown)
            except Exception:
                log.exception("%s could not be read again and was skipped", what)
                await ear.catch_up({}, past, self._now())

    async def _take(self, said: Inbound | Call) -> None:
        """Write down what was said. Discord will not say it again: it waits for a store that is down."""
        try:
            await patiently("Discord messages", partial(self._store, said), StorageDown)
        except Exception:
            log.exception("message %s could not be taken and was skipped", said.origin.event)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(SAVING)
            await self._save()

    async def _save(self) -> None:
        try:
            for ear in tuple(self._ears.values()):
                await ear.save()
        except StorageDown as trouble:
            log.error("how far Discord was heard is not saved: %s", trouble)

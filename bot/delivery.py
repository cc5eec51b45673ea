"""
Keeps the messages of one answer equal to what its turn says.

A message is first put up empty, its id is written down, and from then on it is only ever edited: an edit can be done
again after a crash and changes nothing. While the model speaks, the latest text wins and nothing queues up behind the
platform's pace; at the end every part is made to show the final reply, however long that takes.
"""

import asyncio
import contextlib
import logging
from bisect import bisect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from bot.claim import Claim
from bot.errors import LeaseLost, PartGone, PlatformBusy, PlatformDown, StorageDown, Unsure
from bot.ports import STORE_PAUSE, History, Screen
from bot.reply import Page, Reply
from bot.tasks import to_its_end
from bot.turn import State, Turn

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between tries while the platform is down; after the last one the turn is put off."""

MISSING = "The rest of this answer could not be shown. Regenerate gives it once more."
"""What stands below an answer of which not all could be put up."""

TRIES = 10
"""How often a store that is down is tried when a message stands there already: for less than a lease."""

GATHER = 0.15
"""Seconds between the empty message and the first words. A quick model is done by then: one edit less."""


class Delivery:
    """The outbox of one turn."""

    def __init__(self, claim: Claim, screen: Screen, history: History) -> None:
        self._claim = claim
        self._screen = screen
        self._history = history
        self._shown: dict[str, Page] = {}
        self._latest: Callable[[], Reply] = Reply
        self._unsure = False
        self._spoken = False
        self._news = asyncio.Event()
        self._closing = asyncio.Event()

    def news(self) -> None:
        """There is something new to show. Returns at once."""
        self._news.set()

    async def flow(self, latest: Callable[[], Reply]) -> None:
        """
        Show what `latest` returns, now and whenever there is news, until `close`.

        The first message is put up at once, empty, and however long that takes; from then on the latest wins, at the
        platform's pace. Raises PlatformDown, Undeliverable, LeaseLost.
        """
        self._latest = latest
        if not self._claim.turn.parts:
            empty = Reply(buttons=latest().buttons, mention=latest().mention)
            await self._insist(partial(self._create, 0, self._screen.pages(empty)[0]), fresh=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), GATHER)
        while await self._has_news():
            part = self._behind(self._screen.pages(self._latest()))
            if part is None or (self._unsure and self._is_fresh(part)):
                self._news.clear()
                continue
            if not await self._passing_call(fresh=self._is_fresh(part)):
                return

    def shows(self, text: str) -> bool:
        """Whether there is anything to see of an answer: marks alone, or what has no width, are nothing."""
        return tuple(self._screen.pages(Reply(text))) != tuple(self._screen.pages(Reply()))

    def close(self) -> None:
        """Let `flow` return as soon as its call in progress has ended."""
        self._closing.set()
        self._news.set()

    async def closed(self) -> None:
        """Wait for `close`."""
        await self._closing.wait()

    async def finish(self, reply: Reply) -> None:
        """Make every part show the final reply. Raises PlatformDown, Undeliverable, LeaseLost."""
        pages = self._screen.pages(reply)
        if self._claim.turn.attempts > 1:
            self._shown.clear()  # whoever had the turn before us may have edited after we did
        while (part := self._behind(pages)) is not None:
            await self._insist(partial(self._put, part, pages[part], reply), fresh=self._is_fresh(part))
        for extra in self._claim.turn.parts[len(pages) :]:
            await self._insist(partial(self._delete, extra))

    async def abridge(self, reply: Reply) -> None:
        """
        Make the parts that stand there show as much of a reply as they hold, and say that the rest is missing.

        For a reply that could not be shown whole, however often it was tried. Raises PlatformDown, Undeliverable.
        """
        await self.finish(abridged(reply, len(self._claim.turn.parts), self._screen))

    async def tell(self, reply: Reply | None) -> None:
        """Answer a command; None for one that needs no words. Raises PlatformDown, Undeliverable, LeaseLost."""
        pages = self._screen.pages(reply) if reply else ()
        try:
            await self._insist(partial(self._tell, pages), fresh=True)
        except Unsure as trouble:
            log.warning("turn %s: a command's answer may not have arrived: %s", self._claim.turn.id, trouble)

    async def _insist(self, call: Callable[[], Coroutine[Any, Any, None]], *, fresh: bool = False) -> None:
        """Do an urgent call, waiting for as long as the platform says, trying again while it is down."""
        pauses = iter(PAUSES)
        while True:
            try:
                async with self._screen.turn(urgent=True, fresh=fresh):
                    await to_its_end(call())
                return
            except PlatformBusy as wait:
                log.info("turn %s: told to wait %s s", self._claim.turn.id, wait.retry_after)
                await asyncio.sleep(wait.retry_after)
            except PlatformDown as trouble:
                pause = next(pauses, None)
                if pause is None or isinstance(trouble, Unsure):
                    raise
                log.info("turn %s: trying again in %s s: %s", self._claim.turn.id, pause, trouble)
                await asyncio.sleep(pause)

    async def _passing_call(self, *, fresh: bool) -> bool:
        """Wait for a turn and show the latest. Returns False when it is too late for that."""
        async with AsyncExitStack() as stack:
            # The first words matter: they tell that an answer comes.
            turn = self._screen.turn(urgent=not self._spoken, fresh=fresh)
            if not await self._unless_closing(stack.enter_async_context(turn)):
                return False
            try:
                await to_its_end(self._step(fresh=fresh))
            except PlatformDown as trouble:
                self._news.clear()
                self._unsure = self._unsure or isinstance(trouble, Unsure)
                log.info("turn %s: a passing edit was not taken: %s", self._claim.turn.id, trouble)
        return True

    async def _step(self, *, fresh: bool) -> None:
        """Bring the first part that is behind up to date, if that takes the kind of call that we were let make."""
        reply = self._latest()
        pages = self._screen.pages(reply)
        part = self._behind(pages)
        if part is not None and self._is_fresh(part) == fresh:
            await self._put(part, pages[part], reply, draft=reply.text)
            self._spoken = self._spoken or bool(reply.text)

    def _is_fresh(self, part: int) -> bool:
        """Whether the part does not stand in the chat yet."""
        return part >= len(self._claim.turn.parts)

    def _behind(self, pages: Sequence[Page]) -> int | None:
        parts = self._claim.turn.parts
        for part, page in enumerate(pages):
            if part >= len(parts) or self._shown.get(parts[part]) != page:
                return part
        return None

    async def _put(self, part: int, page: Page, reply: Reply, draft: str = "") -> None:
        if self._is_fresh(part):
            await self._create(part, self._empty(part, reply))
        else:
            await self._edit(self._claim.turn.parts[part], page, draft)

    def _empty(self, part: int, reply: Reply) -> Page:
        """What a part is put up as. The first one calls for somebody's attention at once: no edit ever does."""
        return self._screen.pages(Reply() if part else Reply(reply.opening, mention=reply.mention))[0]

    async def _create(self, part: int, page: Page) -> None:
        await self._claim.save()
        message = await self._screen.create(part, page)
        try:
            await self._write_down(message)
        except LeaseLost:
            await self._screen.disown(message)
            raise
        self._shown[message] = page
        turn = self._claim.turn
        await self._history.point(turn.origin.key.room, [message], turn.session, turn.answer_node)

    async def _write_down(self, message: str) -> None:
        """
        Write the id of a message down that stands there now, also when the store is away for a while.

        What is not written down stays empty for ever. Raises LeaseLost, StorageDown.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                await self._claim.save(parts=(*self._claim.turn.parts, message))
                break
            except StorageDown:
                if not tries_left:
                    raise
            await asyncio.sleep(STORE_PAUSE)

    async def _edit(self, message: str, page: Page, draft: str) -> None:
        await (self._claim.save(draft=draft) if draft else self._claim.save())
        try:
            await self._screen.edit(message, page)
        except PartGone:
            log.info("turn %s: message %s was deleted by somebody", self._claim.turn.id, message)
        self._shown[message] = page

    async def _delete(self, message: str) -> None:
        await self._claim.save()
        await self._screen.delete(message)
        await self._claim.save(parts=tuple(part for part in self._claim.turn.parts if part != message))

    async def _tell(self, pages: Sequence[Page]) -> None:
        await self._claim.save()
        await self._screen.tell(pages)

    async def _has_news(self) -> bool:
        """Wait for news, or for `close`. Returns whether anything is still to be shown in passing."""
        await self._news.wait()
        return not self._closing.is_set()

    async def _unless_closing(self, waiting: Awaitable[object]) -> bool:
        """Wait for it, or for `close`. Returns whether it came; what came at the same moment counts."""
        task = asyncio.ensure_future(waiting)
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({task, closing}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            return task.done()
        finally:
            task.cancel()
            closing.cancel()


async def repair(recorded: Turn, screen: Screen) -> None:
    """
    Undo what a worker that had lost the turn may have shown last: render the recorded reply into every part again.

    A turn that is still being answered needs nothing: its new owner renders every part at its end.
    """
    if recorded.state < State.FINAL:
        return
    reply = recorded.reply
    if recorded.state is State.FAILED:
        reply = abridged(reply, len(recorded.parts), screen)
    for message, page in zip(recorded.parts, screen.pages(reply), strict=False):
        with contextlib.suppress(PlatformDown, PartGone):
            async with screen.turn(urgent=True, fresh=False):
                await screen.edit(message, page)


def abridged(reply: Reply, parts: int, screen: Screen) -> Reply:
    """As much of a reply as so many messages hold, up to the end of a word, with a note when that is not all of it."""
    room = max(1, parts)
    if len(screen.pages(reply)) <= room:
        return reply
    noted = replace(reply, note=MISSING)

    def overflows(end: int) -> bool:
        return len(screen.pages(replace(noted, text=reply.text[:end]))) > room

    fits = max(0, bisect(range(len(reply.text)), 0, key=overflows) - 1)
    words = reply.text[:fits].rpartition(" ")[0]
    return replace(noted, text=words or reply.text[:fits])

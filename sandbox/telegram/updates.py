"""The queue of updates, and the two ways in which a bot takes from it: long polling, and having them pushed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.errors import conflict
from sandbox.telegram.state import Json

KEPT_SECONDS = 24 * 60 * 60
"""core.telegram.org/bots/api#getting-updates: "Incoming updates are stored [...] no longer than 24 hours"."""
LONGEST_POLL = 50
"""Seconds; LONG_POLL_MAX_TIMEOUT of Client.h."""
HISTORY = 10_000
"""So many updates can be repeated."""
BY_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""core.telegram.org/bots/api#getupdates: a bot gets these only when it asks for them by name."""

OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True)
class Pending:
    """An update on its way. A forced one is handed out once, whatever the bot has confirmed: a fault of the network."""

    body: Json
    at: float
    forced: bool = False

    @property
    def id(self) -> int:
        found = self.body.get("update_id")
        return found if isinstance(found, int) else 0


class Updates:
    """
    What the bot has not confirmed yet, oldest first.

    Args:
        clock: Unix time in seconds.
        changed: Called when an update comes or goes, and when a poll begins to wait.
    """

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._clock = clock
        self.changed = changed
        self._next_id = 700_000_001
        self._sent: dict[int, Json] = {}
        self.pending: list[Pending] = []
        self.allowed: tuple[str, ...] = ()
        self.arrived = asyncio.Event()
        self._poll: asyncio.Future[None] | None = None

    def add(self, kind: str, payload: Any) -> None:
        """Queue one update, unless the bot asked not to get this kind."""
        if kind in self.allowed or not (self.allowed or kind in BY_REQUEST):
            self._put(Pending({"update_id": self._take_id(), kind: payload}, self._clock()))

    def allow(self, kinds: Any) -> None:
        """Remember `allowed_updates`. Not given means unchanged, an empty list means the usual ones."""
        if isinstance(kinds, list):
            self.allowed = tuple(kind for kind in kinds if isinstance(kind, str))

    # What goes wrong on the way, for tests.

    def inject(self, body: Json) -> int:
        """Queue anything at all as an update; it gets an id unless it brings one. Returns the id."""
        update = Pending({"update_id": self._take_id(), **body}, self._clock())
        self._put(update)
        return update.id

    def repeat(self, update_id: int) -> None:
        """Deliver an update again that was queued before, even when the bot has confirmed it."""
        self._put(Pending(self._sent[update_id], self._clock(), forced=True))

    def reorder(self, order: Callable[[Sequence[Pending]], Sequence[Pending]]) -> None:
        """Put what is waiting into another order: `reversed` or a shuffle, as a list."""
        self.pending = list(order(self.pending))

    def jump(self, next_id: int) -> None:
        """Go on counting from there: "If there are no new updates for at least a week", the next id is random."""
        self._next_id = next_id

    # Polling.

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """
        Give the updates from `offset` on and forget those before it; wait up to `seconds` for the first.

        Raises:
            ApiError: 409, another call took over while this one waited.
        """
        self.end_poll(OTHER_POLL)
        self._forget(offset)
        if not self.pending and seconds > 0:
            await self._wait(seconds)
        batch = self.pending[:limit]
        over = {id(update) for update in batch if update.forced}
        self.pending = [update for update in self.pending if id(update) not in over]
        return [update.body for update in batch]

    def end_poll(self, reason: str) -> None:
        if self._poll and self.polled:
            self._poll.set_exception(conflict(reason))

    def close(self) -> None:
        """Let a waiting poll go home with nothing."""
        if self._poll and self.polled:
            self._poll.set_result(None)

    async def _wait(self, seconds: float) -> None:
        self._poll = poll = asyncio.get_running_loop().create_future()
        self.changed()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await poll

    @property
    def polled(self) -> bool:
        """Whether the bot is waiting for updates right now."""
        return self._poll is not None and not self._poll.done()

    def _forget(self, offset: int) -> None:
        """A negative offset counts from the end of the queue; what lies before it is forgotten as well."""
        oldest = self._clock() - KEPT_SECONDS
        fresh = [update for update in self.pending if update.at > oldest]
        if offset < 0:
            fresh = fresh[offset:]
        self.pending = [update for update in fresh if update.forced or update.id >= max(0, offset)]
        if not self.pending:
            self.arrived.clear()

    def clear(self) -> None:
        self.pending.clear()
        self.arrived.clear()

    def done(self, update: Pending) -> None:
        """A pushed update was taken."""
        self.pending = [other for other in self.pending if other is not update]
        if not self.pending:
            self.arrived.clear()
        self.changed()

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _put(self, update: Pending) -> None:
        self._sent[update.id] = update.body
        if len(self._sent) > HISTORY:
            del self._sent[next(iter(self._sent))]
        self.pending.append(update)
        self.arrived.set()
        self.close()
        self.changed()

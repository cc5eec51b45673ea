"""Calls of scripts that are made at the same time, on one way to Redis and back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from storage.redis.way import Call, Go, way_to

MOST = 64
"""Calls on one trip: Redis does nothing else until it has done them."""


WAYS = 2
"""With one, Redis and we would take turns in doing nothing."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A call that waits for the next trip, and then for its reply."""

    call: Call
    reply: "asyncio.Future[Any]"

    def deliver(self, reply: Any) -> None:
        """Hand over a reply, or an error, unless nobody waits for it any more."""
        if self.reply.done():
            return
        if isinstance(reply, BaseException):
            self.reply.set_exception(reply)
        else:
            self.reply.set_result(reply)


class Conveyor:
    """
    Makes few trips to Redis at a time. A call goes at once, alone, while there is a free way; those that are made when
    there is none go next, together.

    Most of what a call costs us is its way, which calls can share. None goes twice.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._free = [way_to(redis) for _ in range(WAYS)]
        self._waiting: list[Parcel] = []
        self._belts: set[asyncio.Task[None]] = set()
        """Kept here, as the loop alone would not keep them."""

    async def evalsha(self, *call: *Call) -> Any:
        """Call a script as Redis.evalsha does. Raises what that raises; what befalls a trip befalls all on it."""
        if not self._free:
            parcel = Parcel(call, asyncio.get_running_loop().create_future())
            self._waiting.append(parcel)
            return await parcel.reply
        go = self._free.pop()
        try:
            (reply,) = await go([call])
        finally:
            self._go_on(go)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def eval(self, *call: *Call) -> Any:
        """Run a script as Redis.eval does, on a way of its own: that happens once in a server's life."""
        return await self._redis.eval(*call)

    def _go_on(self, go: Go) -> None:
        """Let those that wait go. Without any, whoever calls next goes at once."""
        if not self._waiting:
            self._free.append(go)
            return
        belt = asyncio.create_task(self._run(go))
        self._belts.add(belt)
        belt.add_done_callback(self._belts.discard)

    async def _run(self, go: Go) -> None:
        try:
            while parcels := self._load():
                await self._trip(go, parcels)
                await asyncio.sleep(0)  # whoever has got a reply may call again, and go along
        finally:
            self._go_on(go)

    def _load(self) -> list[Parcel]:
        """Take those that go next. What nobody waits for any more does not go at all."""
        waiting = [parcel for parcel in self._waiting if not parcel.reply.done()]
        self._waiting = waiting[MOST:]
        return waiting[:MOST]

    async def _trip(self, go: Go, parcels: Sequence[Parcel]) -> None:
        try:
            replies = await go([parcel.call for parcel in parcels])
        except (Exception, asyncio.CancelledError) as error:
            replies = [error] * len(parcels)
        for parcel, reply in zip(parcels, replies, strict=True):
            parcel.deliver(reply)

"""Calls of scripts that are made at the same time, on one way to Redis and back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from storage.redis.way import Call, way_to

MOST = 64
"""Calls on one trip: Redis does nothing else until it has done them."""


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
    Makes one trip to Redis at a time. A call goes at once, alone; those that are made meanwhile go next, together.

    Most of what a call costs us is its way, which calls can share. None goes twice.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._go = way_to(redis)
        self._waiting: list[Parcel] = []
        self._under_way = False
        self._belt: asyncio.Task[None] | None = None
        """Kept here, as the loop alone would not keep it."""

    async def evalsha(self, *call: *Call) -> Any:
        """Call a script as Redis.evalsha does. Raises what that raises; what befalls a trip befalls all on it."""
        if self._under_way:
            parcel = Parcel(call, asyncio.get_running_loop().create_future())
            self._waiting.append(parcel)
            return await parcel.reply
        self._under_way = True
        try:
            (reply,) = await self._go([call])
        finally:
            self._go_on()
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def eval(self, *call: *Call) -> Any:
        """Run a script as Redis.eval does, on a way of its own: that happens once in a server's life."""
        return await self._redis.eval(*call)

    def _go_on(self) -> None:
        """Let those that wait go. Without any, whoever calls next goes at once."""
        self._under_way = bool(self._waiting)
        if self._waiting:
            self._belt = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while parcels := self._load():
                await self._trip(parcels)
                await asyncio.sleep(0)  # whoever has got a reply may call again, and go along
        finally:
            self._go_on()

    def _load(self) -> list[Parcel]:
        """Take those that go next. What nobody waits for any more does not go at all."""
        waiting = [parcel for parcel in self._waiting if not parcel.reply.done()]
        self._waiting = waiting[MOST:]
        return waiting[:MOST]

    async def _trip(self, parcels: Sequence[Parcel]) -> None:
        try:
            replies = await self._go([parcel.call for parcel in parcels])
        except (Exception, asyncio.CancelledError) as error:
            replies = [error] * len(parcels)
        for parcel, reply in zip(parcels, replies, strict=True):
            parcel.deliver(reply)

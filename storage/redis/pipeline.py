"""
Calls of scripts, pipelined: on a connection of their own they go without waiting for one another's replies.

A pipeline of redis-py's goes when all its calls are known, and takes four times the processor time, most of it for
finding a connection and for timeouts; the ledger is on every answer's way. So redis-py makes the connection, and what
is asked on it is written and read here.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import hiredis
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError

from storage.redis.client import UNREACHED, Calls

TRIPS = 2
"""
Packets that are under way at once. What is called meanwhile goes in the next one, together: most of what a call costs
is its way. With one, Redis and we would take turns in doing nothing.
"""


def pipelined(redis: Redis) -> Calls:
    """Calls on one server. A cluster's client finds the node for each by itself."""
    pool: object = getattr(redis, "connection_pool", None)
    return Pipeline(redis, pool) if isinstance(pool, ConnectionPool) else redis


class _Call(NamedTuple):
    packed: bytes
    reply: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Trip:
    """A packet whose replies are not all here. `since` is when it was sent, by the loop's clock."""

    calls: Sequence[_Call]
    since: float
    replied: int = 0


class Pipeline(asyncio.Protocol):
    """To one server. The pool closes its connection with all others. None of the calls goes twice."""

    def __init__(self, redis: Redis, pool: ConnectionPool) -> None:
        self._redis = redis
        self._pool = pool
        self._patience: float = pool.connection_kwargs["socket_timeout"]
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        """None while there is no connection."""
        self._former: asyncio.BaseProtocol = self
        """What read the connection before: redis-py's, which is told when it is lost."""
        self._replies = hiredis.Reader()
        self._opening: asyncio.Task[None] | None = None
        self._waiting: list[_Call] = []
        self._trips: deque[_Trip] = deque()
        self._watch: asyncio.TimerHandle | None = None

    async def evalsha(self, *call: Any) -> Any:
        """Call a script as Redis.evalsha does. Raises as that does; what befalls the connection, all on it."""
        loop = asyncio.get_running_loop()
        waiting = _Call(hiredis.pack_command(("EVALSHA", *call)), loop.create_future())
        self._waiting.append(waiting)
        self._go()
        reply = await waiting.reply
        if isinstance(reply, ResponseError):
            raise reply
        return reply

    async def eval(self, *call: Any) -> Any:
        """Run a script as Redis.eval does, on another connection: that happens once in a server's life."""
        return await self._redis.eval(*call)

    # Sending.

    def _go(self) -> None:
        """Send what waits, if a packet may go. What nobody waits for any more does not go at all."""
        if self._transport is None:
            if self._opening is None:
                self._opening = asyncio.ensure_future(self._connect())
                self._opening.add_done_callback(self._opened)
            return
        if len(self._trips) == TRIPS:
            return
        calls, self._waiting = [call for call in self._waiting if not call.reply.done()], []
        if not calls:
            return
        loop = asyncio.get_running_loop()
        self._trips.append(_Trip(calls, loop.time()))
        self._transport.write(b"".join([call.packed for call in calls]))
        if self._watch is None:
            self._watch = loop.call_later(self._patience, self._look)

    def _look(self) -> None:
        """Give the connection up when a packet has no reply for too long."""
        self._watch = None
        if not self._trips or self._transport is None:
            return
        loop, due = asyncio.get_running_loop(), self._trips[0].since + self._patience
        if loop.time() < due:
            self._watch = loop.call_at(due, self._look)
        else:
            self._transport.abort()

    # Receiving.

    def data_received(self, data: bytes) -> None:
        self._replies.feed(data)
        while (reply := self._replies.gets()) is not self:
            if isinstance(reply, hiredis.PushNotification):
                continue  # of none of our calls
            trip = self._trips[0]
            call = trip.calls[trip.replied].reply
            trip.replied += 1
            if not call.done():
                call.set_result(reply)
            if trip.replied == len(trip.calls):
                self._trips.popleft()
        if self._waiting:
            self._go()

    def connection_lost(self, exc: Exception | None) -> None:
        """What was sent may have been done or not. What waits may go on another connection."""
        self._former.connection_lost(exc if isinstance(exc, OSError) else None)
        self._transport = None
        lost, self._trips = self._trips, deque()
        _fail([call for trip in lost for call in trip.calls], ConnectionLost(f"the connection was lost: {exc}"))
        if self._waiting:
            self._go()

    # The connection.

    async def _connect(self) -> None:
        """Take a connection from the pool, or make ours again. The pool sees to it that it is there."""
        if self._connection is None:
            self._connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        else:
            await self._pool.ensure_connection(self._connection)
        assert self._connection._writer is not None
        transport = cast("asyncio.Transport", self._connection._writer.transport)
        self._former = transport.get_protocol()
        self._replies = hiredis.Reader(encoding="utf-8", replyError=_error, notEnoughData=self)
        transport.set_protocol(self)
        self._transport = transport

    def _opened(self, opening: "asyncio.Task[None]") -> None:
        """Send what waits, or tell those who do why not; also when it was cancelled before it began."""
        self._opening = None
        error = None if opening.cancelled() else opening.exception()
        if self._transport is not None:
            self._go()
            return
        waiting, self._waiting = self._waiting, []
        _fail(waiting, error if isinstance(error, UNREACHED) else ConnectionLost(f"no connection: {error!r}"))


def _error(text: str) -> ResponseError:
    return (NoScriptError if text.startswith("NOSCRIPT ") else ResponseError)(text)


def _fail(calls: Sequence[_Call], error: BaseException) -> None:
    for call in calls:
        if not call.reply.done():
            call.reply.set_exception(error)

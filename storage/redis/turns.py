"""bot.ports.Turns in Redis."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from redis.asyncio import Redis

from bot.errors import LeaseLost
from bot.ports import Ingested, Lease
from bot.turn import Turn
from storage.record import dump_turn, load_turn, ms
from storage.redis import keys
from storage.redis.client import script, text, translated


class RedisTurns:
    """Turns as hashes, lanes as lists, leases as the score of a lane in the due set."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._ingest, self._claim, self._renew, self._save = (
            script(redis, verb) for verb in ("ingest", "claim", "renew", "save")
        )
        self._finish, self._postpone, self._revive, self._stop = (
            script(redis, verb) for verb in ("finish", "postpone", "revive", "stop")
        )

    @translated
    async def ingest(self, turn: Turn, cap: int, now: datetime) -> Ingested:
        room = turn.origin.key.room
        result = await self._ingest(
            keys=[keys.turn(room, turn.id), keys.queue(turn.lane), keys.due(keys.partition(room))],
            args=[dump_turn(turn), turn.id, turn.lane, cap, ms(now)],
        )
        return Ingested(result)

    @translated
    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for tag in keys.partitions():
                pipe.zrangebyscore(keys.due(tag), "-inf", ms(now), start=0, num=limit)
            replies = await pipe.execute(raise_on_error=False)
        found = [lanes for lanes in replies if not isinstance(lanes, Exception)]
        if not found:
            raise replies[0]
        return [lane for lanes in found for lane in lanes][:limit]  # a node that is down does not hold up the others

    @translated
    async def claim(self, lease: Lease, now: datetime, until: datetime) -> Turn | None:
        lane = lease.lane
        reply = await self._redis.lindex(keys.queue(lane), 0)
        if reply is None:
            return None
        oldest = text(reply)
        claimed = await self._claim(
            keys=[keys.due(keys.partition(lane)), keys.queue(lane), keys.fence(lane), keys.turn(lane, oldest)],
            args=[lane, lease.token, ms(now), ms(until), oldest],
        )
        return replace(load_turn(claimed[0]), attempts=claimed[1]) if claimed else None

    @translated
    async def renew(self, lease: Lease, until: datetime) -> None:
        held = await self._renew(
            keys=[keys.fence(lease.lane), keys.due(keys.partition(lease.lane))],
            args=[lease.token, lease.lane, ms(until)],
        )
        _raise_unless(held, lease)

    @translated
    async def save(self, lease: Lease, turn: Turn) -> bool:
        stop: int = await self._save(
            keys=[keys.fence(lease.lane), keys.turn(lease.lane, turn.id)],
            args=[lease.token, dump_turn(turn), turn.attempts],
        )
        _raise_unless(stop >= 0, lease)
        return stop == 1

    @translated
    async def finish(self, lease: Lease, turn: Turn, now: datetime) -> None:
        lane = lease.lane
        held = await self._finish(
            keys=[
                keys.fence(lane),
                keys.turn(lane, turn.id),
                keys.queue(lane),
                keys.due(keys.partition(lane)),
            ],
            args=[lease.token, dump_turn(turn), turn.attempts, turn.id, lane, ms(now), keys.ENDED_TURN],
        )
        _raise_unless(held, lease)

    @translated
    async def postpone(self, lease: Lease, turn: Turn, due: datetime) -> None:
        lane = lease.lane
        held = await self._postpone(
            keys=[keys.fence(lane), keys.turn(lane, turn.id), keys.due(keys.partition(lane))],
            args=[lease.token, dump_turn(turn), turn.attempts, lane, ms(due)],
        )
        _raise_unless(held, lease)

    @translated
    async def revive(self, turn: Turn, now: datetime) -> bool:
        room = turn.origin.key.room
        revived = await self._revive(
            keys=[keys.turn(room, turn.id), keys.queue(turn.lane), keys.due(keys.partition(room))],
            args=[dump_turn(turn), turn.id, turn.lane, ms(now)],
        )
        return bool(revived)

    @translated
    async def get(self, room: str, turn: str) -> Turn | None:
        doc, attempts = await self._redis.hmget(keys.turn(room, turn), ["doc", "attempts"])
        found = replace(load_turn(doc), attempts=int(attempts or 0)) if doc else None
        return found if found and found.origin.key.room == room else None

    @translated
    async def waiting(self, lane: str) -> Sequence[str]:
        return [text(turn) for turn in await self._redis.lrange(keys.queue(lane), 0, -1)]

    @translated
    async def stop(self, room: str, turn: str) -> None:
        await self._stop(keys=[keys.turn(room, turn)])


def _raise_unless(held: object, lease: Lease) -> None:
    if not held:
        raise LeaseLost(lease.lane)

"""bot.ports.Schedules in Redis."""

from collections.abc import Sequence
from datetime import datetime

from redis.asyncio import Redis

from bot.schedule import Schedule
from storage.record import dump_schedule, load_schedule
from storage.redis import keys
from storage.redis.client import script, text, translated
from storage.schedules import Reader, micros, oldest_first


class RedisSchedules:
    """Schedules in a hash, with sorted sets in which they are found by time, by owner and by place."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._reader = Reader()
        self._docs, self._times, self._persons, self._places = keys.schedules()
        self._write, self._remove = (script(redis, f"schedule_{verb}", "schedules") for verb in ("write", "remove"))
        self._due, self._list = (script(redis, f"schedule_{verb}") for verb in ("due", "list"))

    @translated
    async def get(self, id: str) -> Schedule | None:
        value = await self._redis.hget(self._docs, id)
        return load_schedule(_doc(text(value))) if value else None

    @translated
    async def write(self, schedule: Schedule) -> bool:
        when = micros(schedule.waiting) if schedule.waiting else ""
        whose = (schedule.owner.person, schedule.place.place)
        args = [schedule.id, schedule.version, *whose, dump_schedule(schedule), when]
        return bool(await self._write(keys=keys.schedules(), args=args))

    @translated
    async def remove(self, id: str) -> bool:
        return bool(await self._remove(keys=keys.schedules(), args=[id]))

    @translated
    async def due(self, until: datetime, limit: int) -> Sequence[Schedule]:
        unread = 0
        while True:
            most = limit + unread  # what cannot be read takes nobody's place
            reply = await self._due(keys=[self._docs, self._times], args=[micros(until), most])
            found = self._read(reply)
            if len(found) >= limit or len(reply) < 2 * most:
                return found[:limit]
            unread = most - len(found)

    @translated
    async def of(self, person: str) -> Sequence[Schedule]:
        return oldest_first(self._read(await self._list(keys=[self._docs, self._persons], args=[person])))

    @translated
    async def at(self, place: str) -> Sequence[Schedule]:
        return oldest_first(self._read(await self._list(keys=[self._docs, self._places], args=[place])))

    def _read(self, reply: Sequence[str]) -> list[Schedule]:
        """What can be read of a reply: ids, and after each what is kept of it."""
        return list(self._reader.read(zip(reply[::2], map(_doc, reply[1::2]), strict=True)))


def _doc(value: str) -> str:
    """The JSON, behind what the scripts look at."""
    return value.split("\n", 3)[-1]

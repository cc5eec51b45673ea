"""bot.ports.History in Redis."""

from collections.abc import Sequence
from datetime import timedelta

from redis.asyncio import Redis

from bot.chat import ROOT, Message
from storage.record import dump_message, load_message
from storage.redis import keys
from storage.redis.client import script, text, translated

SECOND = timedelta(seconds=1)


class RedisHistory:
    """A conversation as one hash, its head beside it. What is old expires."""

    def __init__(self, redis: Redis, keep: timedelta | None) -> None:
        """Keep a conversation for so long after its last message; None for ever."""
        self._redis = redis
        self._ttl = None if keep is None else max(keep // SECOND, 1)
        self._append, self._path = script(redis, "append"), script(redis, "path")

    @translated
    async def append(self, session: str, messages: Sequence[Message]) -> None:
        nodes = [part for message in messages for part in (message.id, f"{message.parent}\n{dump_message(message)}")]
        await self._append(keys=[keys.tree(session), keys.head(session)], args=[self._ttl or "", *nodes])

    @translated
    async def path(self, session: str, node: str, limit: int) -> Sequence[Message]:
        values: list[str] = await self._path(keys=[keys.tree(session)], args=[node, limit])
        return [load_message(value.partition("\n")[2]) for value in reversed(values)]

    @translated
    async def head(self, session: str) -> str:
        head = await self._redis.get(keys.head(session))
        return text(head) if head else ROOT

    @translated
    async def move_head(self, session: str, node: str) -> None:
        await self._redis.set(keys.head(session), node, ex=self._ttl)

    @translated
    async def point(self, room: str, messages: Sequence[str], session: str, node: str) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.set(keys.shown(room, message), f"{session}\n{node}", ex=self._ttl)
            await pipe.execute()

    @translated
    async def find(self, room: str, message: str) -> tuple[str, str] | None:
        found = await self._redis.get(keys.shown(room, message))
        if found is None:
            return None
        session, _, node = text(found).partition("\n")
        return session, node

    @translated
    async def forget(self, session: str) -> None:
        await self._redis.unlink(keys.tree(session), keys.head(session))

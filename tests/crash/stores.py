"""The real stores, driven without waiting: their SQL and their scripts, on virtual time, thousands of times."""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

import redis

from storage.redis.history import RedisHistory
from storage.redis.settings import RedisSettings
from storage.redis.turns import RedisTurns
from storage.sqlite.database import Order, commit
from storage.sqlite.history import SqliteHistory
from storage.sqlite.schema import migrate
from storage.sqlite.settings import SqliteSettings
from storage.sqlite.turns import SqliteTurns
from storage.store import Store

T = TypeVar("T")
TABLES = ("turn", "lane", "message", "head", "shown", "setting")


class InlineSqlite:
    """storage.sqlite.database.Database without its thread."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self._connection)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self._run(job, writes=False)

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self._run(job, writes=True)

    def _run(self, job: Callable[[sqlite3.Connection], T], *, writes: bool) -> T:
        done: Future[T] = Future()
        commit(self._connection, [Order(job, writes, done)])
        return done.result()

    def store(self) -> Store:
        """The store, emptied."""
        for table in TABLES:
            self._connection.execute(f"DELETE FROM {table}")
        database: Any = self
        return Store(SqliteTurns(database), SqliteHistory(database), SqliteSettings(database), self.close)

    async def close(self) -> None:
        self._connection.close()


class InlineRedis:
    """The asynchronous client's manners over the synchronous client: each call is over when it returns."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(url, decode_responses=True)

    def register_script(self, text: str) -> Callable[..., Any]:
        script = self._client.register_script(text)

        async def call(keys: Sequence[str], args: Sequence[Any]) -> Any:
            return script(keys=keys, args=args)

        return call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        command = getattr(self._client, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return command(*args, **kwargs)

        return call

    def pipeline(self, transaction: bool) -> "_Pipeline":
        return _Pipeline(self._client.pipeline(transaction=transaction))

    def store(self) -> Store:
        """The store, emptied."""
        self._client.flushdb()
        client: Any = self
        return Store(RedisTurns(client), RedisHistory(client), RedisSettings(client), self.aclose)

    async def aclose(self) -> None:
        self._client.close()


class _Pipeline:
    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipeline.reset()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        queue: Callable[..., Any] = getattr(self._pipeline, name)
        return queue

    async def execute(self) -> Any:
        return self._pipeline.execute()

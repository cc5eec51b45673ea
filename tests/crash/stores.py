"""The real stores, driven without waiting: their SQL and their scripts, on virtual time, thousands of times."""

import sqlite3
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import redis

from storage.redis.open import store_on as store_on_redis
from storage.sqlite.open import store_on as store_on_sqlite
from storage.sqlite.schema import migrate
from storage.store import Store

T = TypeVar("T")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


class InlineSqlite:
    """storage.sqlite.database.Database without its thread, and without transactions: nobody dies inside a job here."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
        self._connection.execute("PRAGMA journal_mode = OFF")
        migrate(self._connection)
        self._tables = [name for (name,) in self._connection.execute(TABLES)]

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return job(self._connection)

    write = read

    def store(self) -> Store:
        """The store, emptied."""
        for table in self._tables:
            self._connection.execute(f"DELETE FROM {table}")
        database: Any = self
        return store_on_sqlite(database)

    async def close(self) -> None:
        self._connection.close()


class InlineRedis:
    """The asynchronous client's manners over the synchronous client: each call is over when it returns."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(url, decode_responses=True)

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
        return store_on_redis(client, own_clock=False)

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

    async def execute(self, raise_on_error: bool = True) -> Any:
        return self._pipeline.execute(raise_on_error)

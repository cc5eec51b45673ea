"""
One SQLite file, one thread, and one commit for everything that waits for it.

With `synchronous=FULL` a commit is on the disk before it is believed, and that is what takes time. So the jobs that
have gathered while the last commit was under way share the next one; each has a savepoint of its own, and one that
fails takes nothing of the others' with it.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.errors import StorageDown

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

BATCH = 256
"""The most jobs in one commit."""

BUSY = 5_000
"""Milliseconds to wait for another process (a shell command) that writes to the file."""

TROUBLE = {
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_IOERR: "its disk is full or broken",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_READONLY: "it may not be written to",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: it must be a file, in a folder that may be written to",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite file",
}
"""What SQLite's result codes mean to the operator. Source: sqlite.org/rescode.html."""


@dataclass(frozen=True, slots=True)
class Order:
    """One job that waits for its turn, and whoever waits for its outcome."""

    job: Job[Any]
    writes: bool
    done: "Future[Any]"


class Database:
    """A file that is open. Jobs run in its thread, in the order in which they were given."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="sqlite", daemon=True)
        self._opened: Future[None] = Future()
        self._closed = False

    async def open(self) -> None:
        """Open the file. Raises StorageDown."""
        self._thread.start()
        await asyncio.wrap_future(self._opened)

    async def read(self, job: Job[T]) -> T:
        """Run a job that only looks. Raises StorageDown."""
        return await self._order(job, writes=False)

    async def write(self, job: Job[T]) -> T:
        """Run a job, and return once what it wrote is on the disk. Raises StorageDown."""
        return await self._order(job, writes=True)

    async def close(self) -> None:
        """Let the orders that are in end, then close the file."""
        self._closed = True
        self._orders.put(None)
        await asyncio.to_thread(self._thread.join)

    async def _order(self, job: Job[T], writes: bool) -> T:
        if self._closed:
            raise StorageDown(f"sqlite: {self._path}: it is closed")
        done: Future[T] = Future()
        self._orders.put(Order(job, writes, done))
        return await asyncio.wrap_future(done)

    def _serve(self) -> None:
        try:
            connection = connect(self._path)
        except sqlite3.Error as error:
            self._opened.set_exception(_down(self._path, error))
            return
        self._opened.set_result(None)
        going_on = True
        while going_on:
            orders, going_on = self._gather()
            if orders:
                commit(connection, orders, self._path)
        connection.close()

    def _gather(self) -> tuple[list[Order], bool]:
        """Wait for an order and take what else has come. Returns them, and whether more may come."""
        orders: list[Order] = []
        order = self._orders.get()
        while order is not None:
            if order.done.set_running_or_notify_cancel():
                orders.append(order)
            if len(orders) >= BATCH or self._orders.empty():
                return orders, True
            order = self._orders.get()
        return orders, False


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY / 1000)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def commit(connection: sqlite3.Connection, orders: list[Order], path: str) -> None:
    """Run orders in one transaction, then tell each of its outcome."""
    try:
        connection.execute("BEGIN IMMEDIATE" if any(order.writes for order in orders) else "BEGIN")
        outcomes = [(order, *_outcome(connection, order)) for order in orders]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        outcomes = [(order, None, _down(path, error)) for order in orders]
    for order, result, trouble in outcomes:
        if trouble is not None:
            order.done.set_exception(trouble)
        else:
            order.done.set_result(result)


def _outcome(connection: sqlite3.Connection, order: Order) -> tuple[Any, Exception | None]:
    """One order's result, or its error with everything undone that it wrote. Raises sqlite3.Error for all orders."""
    connection.execute("SAVEPOINT job")
    try:
        result = order.job(connection)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
            raise
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return None, error
    connection.execute("RELEASE job")
    return result, None


def _roll_back(connection: sqlite3.Connection) -> None:
    """Give the transaction up. Where not even that can be done, the next one fails too and tries again."""
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _down(path: str, error: sqlite3.Error) -> StorageDown:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more closely what is told in brackets
    return StorageDown(f"sqlite: {path}: {TROUBLE.get(code, 'it does not work')} ({error})")

"""Clients that ask again as soon as they have their answer, each on a connection that it keeps, in one process."""

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import cast

import httptools
import uvloop

from bench.gateway import exchange

PATIENCE = 30.0
"""Seconds that the last answers may take."""


class WrongAnswer(Exception):
    """A gateway answered something else than the provider did."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where questions go on loopback, and with which key."""

    port: int
    key: str


@dataclass(frozen=True, slots=True)
class Load:
    """Questions for so many seconds, from so many clients at once."""

    target: Target
    stream: bool
    clients: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Seconds that each answer took until its end, and that all of them took together."""

    seconds: tuple[float, ...]
    together: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.together

    def within(self, share: float) -> float:
        """Seconds within which that share of the answers came."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


Ask = Callable[[Load], Awaitable[Answers]]


@contextlib.asynccontextmanager
async def clients(core: int) -> AsyncIterator[Ask]:
    """A process on that core, which puts a load on whatever it is told."""
    context = multiprocessing.get_context("spawn")
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, context, os.sched_setaffinity, (0, {core})) as process:
        yield lambda load: loop.run_in_executor(process, _put, load)


def _put(load: Load) -> Answers:
    return uvloop.run(_answers(load))


async def _answers(load: Load) -> Answers:
    loop, seconds = asyncio.get_running_loop(), list[float]()
    until = time.perf_counter() + load.seconds

    async def ask() -> None:
        _, client = await loop.create_connection(lambda: _Client(load, until, seconds), "127.0.0.1", load.target.port)
        await client.over

    began = time.perf_counter()
    async with asyncio.timeout(load.seconds + PATIENCE):
        await asyncio.gather(*(ask() for _ in range(load.clients)))
    return Answers(tuple(seconds), time.perf_counter() - began)


class _Client(asyncio.Protocol):
    def __init__(self, load: Load, until: float, seconds: list[float]) -> None:
        self.over = asyncio.get_running_loop().create_future()
        self._question = _request(load)
        self._stream = load.stream
        self._until = until
        self._seconds = seconds
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(error or WrongAnswer("the connection was closed"))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._seconds.append(now - self._asked)
        status = self._parser.get_status_code()
        if status != 200 or not exchange.is_right(self._stream, bytes(self._body)):
            self._end(WrongAnswer(f"{status}: {self._body.decode(errors='replace')[:2_000]}"))
        elif now < self._until:
            self._ask()
        else:
            self._end(None)

    def _ask(self) -> None:
        self._body = bytearray()
        self._asked = time.perf_counter()
        self._transport.write(self._question)

    def _end(self, wrong: WrongAnswer | None) -> None:
        if wrong:
            self.over.set_exception(wrong)
        else:
            self.over.set_result(None)
        self._transport.close()


def _request(load: Load) -> bytes:
    body = exchange.question(load.stream)
    head = (
        f"POST {exchange.PATH} HTTP/1.1\r\nHost: 127.0.0.1:{load.target.port}\r\n"
        f"Authorization: Bearer {load.target.key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    )
    return f"{head}\r\n\r\n".encode() + body

"""
What it costs a turn that its shares are counted.

The real core answers one question after the other on a real store, with a model that needs no time and a platform that
needs none: what is left is our own work. The clock runs while the ledger, and the records of keys and people, work.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from adapters.planner import Almanac
from bot.amounts import parse_limit
from bot.catalogue import Catalogue, ModelSpec
from bot.chat import Inbound, Key, Origin
from bot.commands.book import BOOK
from bot.ports import Chunk, Ports, Request
from bot.quota import Policy
from bot.reply import Page, Reply
from bot.session import Sessions
from bot.turn import Turn
from bot.worker import Worker
from sandbox.bare_platform import BarePlatform
from sandbox.redis_server import redis_server
from storage.redis import open_redis
from storage.sqlite import open_sqlite
from storage.store import Store

QUESTIONS = 500

LIMITS = tuple(map(parse_limit, ("1M tokens per day", "1000 dollars per month")))
EVERYBODYS = Policy(user=LIMITS, channel=LIMITS[:1], community=LIMITS[:1], everyone=LIMITS[:1])

INTRODUCTION = f"""## Accounting

{QUESTIONS} questions, one after the other, each held and charged on five limits, with a model and a platform that need
no time. What share of our own work is accounting, and what is that of an answer that takes two seconds?"""


class Clock:
    """Seconds for which some ports were waited for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def on(self, port: object) -> Any:
        """The port, with the clock running while it works."""
        return _Timed(port, self)


class _Timed:
    def __init__(self, port: object, clock: Clock) -> None:
        self._port = port
        self._clock = clock

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._port, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return await method(*args, **kwargs)
            finally:
                self._clock.seconds += time.perf_counter() - began

        return call


class Parrot:
    """A model that has its answer ready."""

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        del request
        yield Chunk("Hoo.")
        yield Chunk(finish="stop")


class Wall(BarePlatform):
    """A platform, and a screen on it, that takes everything at once."""

    def __init__(self) -> None:
        self.count = 0

    def screen(self, turn: Turn) -> "Wall":
        del turn
        return self

    def pages(self, reply: Reply) -> Sequence[Page]:
        return [Page(reply.text or "…", (), reply.buttons)]

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, fresh: bool) -> AsyncIterator[None]:
        del urgent, fresh
        yield

    async def create(self, part: int, page: Page) -> str:
        del part, page
        self.count += 1
        return str(self.count)

    async def edit(self, message: str, page: Page) -> None:
        """Nothing to do."""

    delete = disown = tell = edit


async def measured(store: Store) -> tuple[float, float]:
    """Seconds of one turn: of all our own work, and of accounting."""
    clock, wall = Clock(), Wall()
    ports = Ports(
        turns=store.turns,
        history=store.history,
        settings=store.settings,
        ledger=clock.on(store.ledger),
        records=clock.on(store.records),
        results=store.results,
        letters=store.letters,
        schedules=store.schedules,
        planner=Almanac(),
        model=Parrot(),
        platforms={"wall": cast("Any", wall)},
        catalogue=Catalogue({"owl": ModelSpec("owl", "owl")}),
        counter=lambda _: len,
        now=lambda: datetime.now(UTC),
        policy=EVERYBODYS,
    )
    worker = Worker(ports, BOOK)
    sessions = Sessions(ports, BOOK, worker)
    began = time.perf_counter()
    for number in range(QUESTIONS):
        key = Key("wall", "bot", "club", f"room{number % 20}", "", f"user{number % 50}")
        asked = Inbound(Origin(key, f"e{number}", "Alice", ports.now()), "Why?")
        await sessions.ask(replace(asked, message=f"m{number}"))
        await _idle(worker)
    took = time.perf_counter() - began
    return took / QUESTIONS, clock.seconds / QUESTIONS


async def _idle(worker: Worker) -> None:
    while worker.busy:
        await asyncio.sleep(0)


async def report() -> str:
    """Both stores, as a section of the report."""
    lines = [
        "| | a turn's own work | of that accounting | share | share of an answer of 2 s |",
        "|---|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        store = await open_sqlite(Path(folder) / "parley.db", datetime.now(UTC))
        lines.append(_row("SQLite", *await measured(store)))
        await store.close()
    async with redis_server("--appendonly", "yes") as server:
        store = await open_redis(server.url)
        lines.append(_row("Redis", *await measured(store)))
        await store.close()
    return f"{INTRODUCTION}\n\n" + "\n".join(lines)


def _row(name: str, whole: float, accounting: float) -> str:
    of_answer = accounting / (2 + whole)
    return f"| {name} | {whole * 1e3:.1f} ms | {accounting * 1e3:.1f} ms | {accounting / whole:.0%} | {of_answer:.2%} |"

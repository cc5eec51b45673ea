"""What may befall the service, one life after the other: which schedules are tried, and how one is run."""

import asyncio
import gc
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.store import Store
from tests.clock import VirtualLoop
from tests.crash.platforms import Screenful
from tests.crash.process import Trouble
from tests.crash.sources import NEWS, DiscordSource, Source, TelegramSource
from tests.crash.world import World

Schedule = tuple[Trouble, ...]

FIRST = 31
"""Points of a life with one question, and a few beyond."""

LATER = 48
"""Points of a life that also takes up what an earlier one left behind."""

STALL = 45.0
"""Seconds that a life stands still: longer than a lease."""

SEED = 21


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one schedule."""

    schedule: Schedule
    faults: tuple[str, ...]
    strays: int


def singles() -> Iterator[Schedule]:
    """Every point of a first life, killed and stalled."""
    for at, stall in itertools.product(range(1, FIRST + 1), (0.0, STALL)):
        yield (Trouble(at, stall),)


def pairs() -> Iterator[Schedule]:
    """Every single, and in the life that follows every point again, killed and stalled."""
    for (first,), second, stall in itertools.product(singles(), range(1, LATER + 1), (0.0, STALL)):
        yield first, Trouble(second, stall)


def triples(count: int) -> Iterator[Schedule]:
    """Some of the many, always the same ones: three lives over one question."""
    dice = random.Random(SEED)
    for _ in range(count):
        yield tuple(Trouble(dice.randint(1, FIRST), dice.choice((0.0, STALL))) for _ in range(3))


def thinned(schedules: Sequence[Schedule], most: int) -> Sequence[Schedule]:
    """At most so many of them, evenly."""
    return schedules[:: max(1, -(-len(schedules) // most))]


def run(store: Store, source: Source, schedule: Schedule) -> Verdict:
    """Let one schedule happen, on virtual time."""

    async def happen() -> Verdict:
        asyncio.get_running_loop().set_exception_handler(_ignore)
        world = World(store, source, Screenful(nonces=isinstance(source, DiscordSource)))
        await world.run(schedule)
        return Verdict(schedule, tuple(await world.faults()), world.strays)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(happen())


def run_all(store: Any, platform: str, schedules: Sequence[Schedule]) -> list[Verdict]:
    """Let schedules happen on a platform, each on an emptied store. Returns those that went wrong."""
    gc.disable()  # what a schedule leaves behind is cleared away once for many
    wrong = []
    try:
        for number, schedule in enumerate(schedules):
            news = NEWS if len(schedule) < 3 else ""
            source = TelegramSource(news=news) if platform == "telegram" else DiscordSource(news=news)
            verdict = run(store.store(), source, schedule)
            allowed = len(schedule) if platform == "telegram" else 0
            if verdict.faults or verdict.strays > allowed:
                wrong.append(verdict)
            if number % 500 == 0:
                gc.collect()
    finally:
        gc.enable()
    return wrong


def _ignore(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A life that ended leaves tasks behind that nobody waits for."""
    del loop, context

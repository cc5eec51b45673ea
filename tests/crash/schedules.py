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
from tests.crash.sources import DiscordSource, Source, TelegramSource
from tests.crash.world import World

Schedule = tuple[Trouble, ...]

FIRST = 78
"""Points of a life with one question, and a few beyond."""

LATER = 156
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
    for at in range(1, FIRST + 1):
        yield (Trouble(at),)
        yield (Trouble(at, STALL),)


def pairs_of_kills() -> Iterator[Schedule]:
    """Every point of a first life, and of a second one every point."""
    for first, second in itertools.product(range(1, FIRST + 1), range(1, LATER + 1)):
        yield Trouble(first), Trouble(second)


def sampled(lives: int, count: int, *, stalls: bool) -> Iterator[Schedule]:
    """Some of the many schedules of so many lives, always the same ones."""
    dice = random.Random(SEED * lives)
    for _ in range(count):
        lasts = [FIRST] + [LATER] * (lives - 1)
        yield tuple(Trouble(dice.randint(1, last), dice.choice((0.0, STALL)) if stalls else 0.0) for last in lasts)


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
            verdict = run(store.store(), TelegramSource() if platform == "telegram" else DiscordSource(), schedule)
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

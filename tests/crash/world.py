"""
The whole core between a store, a chat platform and a provider, on virtual time, through several lives.

A schedule says what befalls each life. The world is then left to a last, untroubled one, and judged: every message has
exactly one answer on the screen, in the history, and in the accounts.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from adapters.planner import Almanac
from bot.billing import user_scope
from bot.catalogue import Catalogue, ModelSpec
from bot.chat import Scope
from bot.commands.book import BOOK
from bot.errors import Broken
from bot.period import Window
from bot.ports import Chunk, Lease, Ledger, Limits, Ports, Request, Turns
from bot.quota import Charge, Limit, Policy, Settlement, Share, Unit
from bot.session import Sessions
from bot.turn import Turn, Usage
from bot.worker import Worker
from storage.store import Store
from tests.clock import now
from tests.crash.platforms import ModelPlatform, Screenful
from tests.crash.process import Dead, Process, Trouble, touching
from tests.crash.sources import Source, question

SPEC = ModelSpec("owl", "owl", 10_000, 1_000)
LIMITS = Limits(sweep=timedelta(seconds=15))

PATIENCE = 600.0
"""Virtual seconds after which a turn that has not ended is stuck, or lost."""

STEP = 4.0
"""Virtual seconds between two looks at whether all is done."""

WORDS = ("one", "two", "three")


@dataclass(slots=True)
class Provider:
    """A model that never says the same thing twice, so that two answers cannot be mixed up unnoticed."""

    calls: int = 0

    def stream(self, process: Process) -> Callable[[Request], AsyncGenerator[Chunk, None]]:
        async def stream(request: Request) -> AsyncGenerator[Chunk, None]:
            await process.go_on()
            self.calls += 1
            asked = request.messages[-1].text
            for word in WORDS:
                await process.go_on()
                await asyncio.sleep(0.4)
                yield Chunk(f"{asked}{self.calls}{word} ")
            yield Chunk(finish="stop", usage=Usage(10, 4))

        return stream


POLICY = Policy(user=(Limit(Unit.REQUESTS, Window.EVER, 1_000),))
"""A limit that never holds anybody back, and counts."""


def whole_answer(asked: str) -> str:
    """What one whole answer to a question looks like, as a regular expression; or that it could not be given."""
    words = rf"{asked}(\d+){WORDS[0]} " + " ".join(rf"{asked}\d+{word}" for word in WORDS[1:])
    return f"(?:{words}|{re.escape(Broken.for_user)})"


@dataclass(slots=True)
class World:
    """A store, a platform and a provider that outlive every process."""

    store: Store
    source: Source
    screenful: Screenful
    provider: Provider = field(default_factory=Provider)
    ended: set[str] = field(default_factory=set)
    charged: list[str] = field(default_factory=list)
    stuck: bool = False

    async def run(self, schedule: Sequence[Trouble]) -> None:
        """Say something, and let life follow life until all is quiet."""
        self.source.say("x")
        lives = [Life(self, trouble) for trouble in (*schedule, None)]
        try:
            for life in lives:
                life.start()
                if await self._struck_or_quiet(life):
                    break
            stalled = max((trouble.stall for trouble in schedule), default=0)
            await asyncio.sleep(2 * stalled)  # who stood still comes back, and must do no harm
        finally:
            for life in lives:
                await life.end()

    async def faults(self) -> list[str]:
        """What is wrong in the end; nothing, as it should be."""
        said = self.source.said
        texts = [text for _, text in sorted(self.screenful.messages.items(), key=lambda message: int(message[0]))]
        screen = "".join(text for text in texts if text != "…")
        found = [f"only {len(self.ended)} of {len(said)} turns ended"] if self.stuck else []
        if not re.fullmatch("".join(map(whole_answer, said)), screen):
            found.append(f"on the screen: {texts}")
        elif any(len(set(re.findall(rf"{asked}(\d+)", screen))) > 1 for asked in said):
            found.append(f"two answers in one: {texts}")
        session = question(0, "").origin.key.session(Scope.PERSONAL)
        path = await self.store.history.path(session, await self.store.history.head(session), 100)
        kept = [message.text.strip() for message in path if message.role == "assistant"]
        shown = [match.group(0) for match in re.finditer("|".join(map(whole_answer, said)), screen)]
        if kept != [answer for answer in shown if answer != Broken.for_user]:
            found.append(f"on the screen {shown}, in the history {kept}")
        if len(self.charged) != len(set(self.charged)) or len(self.charged) != len(kept):
            found.append(f"charged {self.charged} for {kept}")
        return found + await self._of_the_books()

    async def _of_the_books(self) -> list[str]:
        """What the limit says must be what was charged; what a process that died held must have come free."""
        person = question(0, "").origin.key.person
        moment = now() + LIMITS.held
        await self.store.ledger.expire(moment)
        (balance,) = await self.store.ledger.balances([Share(user_scope(person), POLICY.user)], moment)
        found = [f"still held: {balance.held}"] if balance.held else []
        if balance.used != len(self.charged):
            found.append(f"{balance.used} used of the limit, charged {self.charged}")
        return found

    @property
    def strays(self) -> int:
        """Empty messages that nothing will ever be written into."""
        return sum(text == "…" for text in self.screenful.messages.values())

    async def _struck_or_quiet(self, life: "Life") -> bool:
        """Wait for what befalls this life, or for the end of all work. Returns whether it is the end."""
        struck = asyncio.ensure_future(life.process.struck.wait())
        quiet = asyncio.ensure_future(self._quiet())
        try:
            await asyncio.wait({struck, quiet}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            self.stuck = not (struck.done() or quiet.done())
            return quiet.done() or self.stuck
        finally:
            struck.cancel()
            quiet.cancel()

    async def _quiet(self) -> None:
        """Wait for the end of all work."""
        while not (self.source.all_taken() and len(self.ended) == len(self.source.said)):
            await asyncio.sleep(STEP)


class Life:
    """One process: the real core, every port of which goes through its `Process`."""

    def __init__(self, world: World, trouble: Trouble | None) -> None:
        self.process = Process(trouble)
        self._world = world
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        world, process = self._world, self.process
        ports = Ports(
            turns=touching(_noting(world.store.turns, world.ended), process),
            history=touching(world.store.history, process),
            settings=world.store.settings,
            ledger=touching(_counting(world.store.ledger, world.charged), process),
            records=touching(world.store.records, process),
            results=touching(world.store.results, process),
            letters=touching(world.store.letters, process),
            schedules=world.store.schedules,
            planner=Almanac(),
            model=_Model(world.provider.stream(process)),
            platforms={"model": ModelPlatform(world.screenful, process)},
            catalogue=Catalogue({"owl": SPEC}),
            counter=lambda _: len,
            now=now,
            scope=Scope.PERSONAL,
            limits=LIMITS,
            policy=POLICY,
        )
        worker = Worker(ports, BOOK)
        sessions = Sessions(ports, BOOK, worker)
        self._tasks = [
            asyncio.ensure_future(_mortal(part))
            for part in (worker.serve(), world.source.listen(process, sessions, world.store))
        ]

    async def end(self) -> None:
        """Clear away what is left of it."""
        self.process.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _mortal(part: Any) -> None:
    try:
        await part
    except Dead:
        return


class _Model:
    def __init__(self, stream: Callable[[Request], AsyncGenerator[Chunk, None]]) -> None:
        self.stream = stream


def _noting(turns: Turns, ended: set[str]) -> Turns:
    """Turns, with the ids of those that ended written down beside."""
    return cast("Turns", _Noting(turns, ended))


class _Noting:
    def __init__(self, turns: Turns, ended: set[str]) -> None:
        self._turns = turns
        self._ended = ended

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._turns, name)
        return method

    async def finish(self, lease: Lease, turn: Turn, now: datetime) -> None:
        await self._turns.finish(lease, turn, now)
        self._ended.add(turn.id)


def _counting(ledger: Ledger, charged: list[str]) -> Ledger:
    """A ledger, with what was charged written down beside."""
    return cast("Ledger", _Counting(ledger, charged))


class _Counting:
    def __init__(self, ledger: Ledger, charged: list[str]) -> None:
        self._ledger = ledger
        self._charged = charged

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._ledger, name)
        return method

    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        settlement = await self._ledger.settle(charge, now)
        if settlement.new:
            self._charged.append(charge.id)
        return settlement

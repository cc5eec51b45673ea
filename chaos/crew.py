"""Processes of `parley run`, each started again whenever it ends, as an operator's supervisor would."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path

LISTENING = "is listening"
"""What the log says of each platform that has let us in."""

KEEPING = "keeping time"
"""What it says when that has become ours to do."""

PAUSE = 0.2
"""Seconds before a process that has ended is started again."""

GLANCE = 0.05
"""Seconds between two looks at a log."""

CONVALESCENCE = 2.0
"""
Seconds after a pause in which nobody kills a process: it takes back what it may have shown after its lease had run out.
Killed before that, it may leave a stale text: the one thing that no lease can prevent (docs/promise.md).
"""


class Starter:
    """Our end of the nursery."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._asking = asyncio.Lock()
        self._dead: defaultdict[int, asyncio.Future[int]] = defaultdict(asyncio.get_running_loop().create_future)

    async def start(self, config: Path, log: Path) -> int:
        """Start one process. Returns its id."""
        assert self._process.stdin is not None
        async with self._asking:
            self._process.stdin.write(f"{config}\t{log}\n".encode())
            return await self._born.get()

    async def ended(self, pid: int) -> int:
        """Wait until a process has ended. Returns its exit code, negative for a signal."""
        code = await asyncio.shield(self._dead[pid])
        self._dead.pop(pid, None)
        return code

    async def listen(self) -> None:
        """Hear who was born and who has died, until the nursery ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            what, pid, *code = line.decode().split()
            if what == "born":
                self._born.put_nowait(int(pid))
            else:
                self._dead[int(pid)].set_result(int(code[0]))


@contextlib.asynccontextmanager
async def nursery() -> AsyncIterator[Starter]:
    """Processes can be started for as long as the block lasts; none outlives it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chaos.nursery"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us alone: we end what we have started
    )
    assert process.stdin is not None
    starter = Starter(process)
    listening = asyncio.ensure_future(starter.listen())
    try:
        yield starter
    finally:
        process.stdin.close()
        await process.wait()
        await listening


class Member:
    """One process, in all its lives. `starts` are the seconds until each was let in."""

    def __init__(self, starter: Starter, config: Path, platforms: int, log: Path) -> None:
        self.exits: Counter[int] = Counter()
        self.starts: list[float] = []
        self.tracebacks = 0
        self.keeps_time = False
        self._starter = starter
        self._config = config
        self._platforms = platforms
        self._log = log
        self._pid = 0
        self._let_in = 0
        self._paused = False
        self._well_from = 0.0
        self._ended = asyncio.Event()

    @property
    def up(self) -> bool:
        """Whether it serves, and may be harmed."""
        return self._let_in >= self._platforms and not self._paused and time.monotonic() >= self._well_from

    async def live(self) -> None:
        """Run, and run again, until cancelled."""
        while True:
            await self._once()
            await asyncio.sleep(PAUSE)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it lives."""
        if self._pid:
            os.kill(self._pid, number)

    def kill(self) -> None:
        self._let_in = 0
        self.keeps_time = False
        self.signal(signal.SIGKILL)

    async def pause(self, seconds: float) -> None:
        """Stop it in the middle of whatever it does, and let it go on after so long."""
        self._paused = True
        self.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._well_from = time.monotonic() + CONVALESCENCE
            self._paused = False
            self.signal(signal.SIGCONT)

    async def restart(self) -> float:
        """Ask it to end, as an operator does. Returns the seconds that it took."""
        self._let_in = 0
        asked = time.monotonic()
        self.signal(signal.SIGTERM)
        await self._ended.wait()
        return time.monotonic() - asked

    async def _once(self) -> None:
        started = time.monotonic()
        self._pid = await self._starter.start(self._config, self._log)
        self._ended.clear()
        reading = asyncio.ensure_future(self._read(started))
        try:
            self.exits[await self._starter.ended(self._pid)] += 1
        finally:
            reading.cancel()
            self._pid = self._let_in = 0
            self.keeps_time = False
            self._ended.set()

    async def _read(self, started: float) -> None:
        """Follow the log, until cancelled."""
        self._log.touch()
        with self._log.open(errors="replace") as log:
            log.seek(0, os.SEEK_END)
            while True:
                for line in log:
                    self._note(line, started)
                await asyncio.sleep(GLANCE)

    def _note(self, line: str, started: float) -> None:
        self.tracebacks += line.startswith("Traceback")
        self.keeps_time = self.keeps_time or KEEPING in line
        if LISTENING in line:
            self._let_in += 1
            if self._let_in == self._platforms:
                self.starts.append(time.monotonic() - started)


class Crew:
    """All processes of one run."""

    def __init__(self, members: list[Member], dice: random.Random) -> None:
        self.members = members
        self._dice = dice

    async def all_up(self) -> None:
        await _until(lambda: all(member.up for member in self.members))

    async def somebody(self) -> Member:
        """Anybody who is up, once half of them are: they shall die at work, not one after the other at their start."""
        await _until(lambda: 2 * len(self._up) >= len(self.members))
        return self._dice.choice(self._up)

    @property
    def _up(self) -> list[Member]:
        return [member for member in self.members if member.up]


async def _until(predicate: Callable[[], bool]) -> None:
    while not predicate():
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def crew(size: int, config: Path, platforms: int, logs: Path, dice: random.Random) -> AsyncIterator[Crew]:
    """So many processes for as long as the block lasts. However it ends, they are gone after it."""
    async with nursery() as starter:
        members = [Member(starter, config, platforms, logs / f"process-{number}.log") for number in range(size)]
        lives = [asyncio.ensure_future(member.live()) for member in members]
        try:
            yield Crew(members, dice)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

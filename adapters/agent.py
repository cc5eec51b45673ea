"""`parley agent`: a model server at home answers for a Parley that runs elsewhere."""

import asyncio
import contextlib
import json
import platform
import random
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
import typer
from pydantic import BaseModel, ValidationError
from rich.markup import escape
from rich.text import Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from adapters.console import fail, output
from adapters.upstream import events
from adapters.upstream.answer import LARGEST_ANSWER
from adapters.upstream.frames import (
    BROKE_RULES,
    HELLO,
    LARGEST_FRAME,
    LARGEST_WORK,
    REPLACED,
    VERSION,
    WORK,
    CutOff,
    Frame,
    Hello,
    Trouble,
    introduced,
)
from bot.tasks import end

SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

PATH = "/client/register"

SHORTEST, LONGEST = 1.0, 60.0
"""Seconds between two tries to join."""

DRAIN = 20.0
"""Seconds that running answers get when the agent is told to leave."""

CONNECT = 10.0
"""Seconds that either server has to let us in."""

LARGEST_REFUSAL = 1 << 16
"""Bytes that are read of why the model server refuses."""

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""


class Mistake(Exception):
    """What whoever started the agent can mend. Says how."""


class _Failed(Exception):
    """There is no answer, or no more of it."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Between:
    """
    The two servers that an agent stands between.

    Args:
        server: Where to join: the WebSocket's address.
        key: The agent's, for that server.
        upstream: The base URL of a server that speaks OpenAI's API, as its SDKs take it.
        upstream_key: What that one wants to see; "" for nothing.
    """

    server: str
    key: str
    upstream: str
    upstream_key: str = ""


@dataclass(slots=True)
class Doing:
    """What an agent does, as the status line shows it."""

    connected: bool = False
    draining: bool = False
    in_flight: int = 0
    served: int = 0

    def __rich__(self) -> Text:
        where = "leaving" if self.draining else "connected" if self.connected else "not connected"
        return Text(f"{where} · {self.in_flight} in flight · {self.served} served")


def agent(
    server: Annotated[str, typer.Option(metavar="URL", help="Where Parley runs: https://parley.example.org.")],
    upstream: Annotated[
        str, typer.Option(metavar="URL", help="The model server's base URL: http://localhost:11434/v1.")
    ],
    key: Annotated[str, typer.Option(envvar="PARLEY_AGENT_KEY", help="The agent's key, from whoever runs Parley.")],
    upstream_key: Annotated[
        str, typer.Option(envvar="PARLEY_AGENT_UPSTREAM_KEY", help="The model server's key, if it wants one.")
    ] = "",
    model: Annotated[list[str] | None, typer.Option(help="A model to offer; all of them if none is named.")] = None,
    capacity: Annotated[int, typer.Option(min=1, max=1_000, help="Answers at once.")] = 1,
    name: Annotated[str, typer.Option(help="What this machine is called; its host name if nothing is said.")] = "",
) -> None:
    """Let a model server at home answer for a Parley that runs elsewhere."""
    try:
        if not key.isascii() or not key.isprintable():
            raise Mistake("That is no key: it has a character that no key has.")
        between = Between(address(server), key, upstream.rstrip("/"), upstream_key)
        asyncio.run(_run(between, name or _host(), model or (), capacity))
    except Mistake as mistake:
        fail(str(mistake))
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None


async def _run(between: Between, name: str, models: Sequence[str], capacity: int) -> None:
    """Raises Mistake, and CancelledError when told twice to end."""
    stop, doing = asyncio.Event(), Doing()
    _heed_signals(stop)
    models = models or await offered(between)
    hello = introduction(name, models, capacity)
    output.print(escape(f"{name} offers {', '.join(models)} to {between.server}."))
    with output.status(doing):
        await serve(between, hello, stop, doing)


def introduction(name: str, models: Sequence[str], capacity: int) -> Hello:
    """What the server is told of us. Raises Mistake."""
    try:
        return introduced({"name": name, "models": list(models), "capacity": capacity, "version": VERSION})
    except CutOff as wrong:
        raise Mistake(f"No server would take this: {wrong}. See --name and --model.") from None


def _heed_signals(stop: asyncio.Event) -> None:
    """The first Ctrl-C sets `stop`, the second ends us at once."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows Ctrl-C ends us at once
            loop.add_signal_handler(number, told)


def _host() -> str:
    return re.sub(r"[^\w.-]", "-", platform.node())[:64] or "agent"


def address(server: str) -> str:
    """Where to join, from the address that people know. Raises Mistake."""
    try:
        parts = urlsplit(server)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise Mistake(f"“{server}” is not an address of a Parley server. Write it like https://parley.example.org.")
    path = parts.path.rstrip("/").removesuffix(PATH)
    return f"{SCHEMES[parts.scheme]}://{parts.netloc}{path}{PATH}"


async def offered(between: Between) -> Sequence[str]:
    """The models that the model server has. Raises Mistake."""
    upstream = between.upstream
    try:
        async with (
            _session(between) as session,
            asyncio.timeout(CONNECT),
            session.get(f"{upstream}/models") as response,
        ):
            if response.status != 200:
                raise Mistake(f"The model server at {upstream} answers {response.status} when asked for its models.")
            listed: Any = await response.json(content_type=None)
        models = [str(model["id"]) for model in listed["data"]]
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
        what = "cannot be reached" if isinstance(error, aiohttp.ClientError | TimeoutError) else "speaks no OpenAI"
        raise Mistake(f"The model server at {upstream} {what}. Is it running, and is this its base URL?") from error
    if not models:
        raise Mistake(f"The model server at {upstream} has no model yet.")
    return models


def _session(between: Between) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {between.upstream_key}"} if between.upstream_key else {}
    return aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT))


# Joining, again and again.


async def serve(between: Between, hello: Hello, stop: asyncio.Event, doing: Doing) -> None:
    """Work until `stop` is set, then drain. A lost connection is made anew. Raises Mistake."""
    failures = 0
    async with _session(between) as session:
        while not stop.is_set():
            shift = Shift(between.upstream, hello, session, doing)
            try:
                await _join(shift, between, stop)
            except InvalidStatus as refused:
                why = _refused(refused, between)
            except ConnectionClosed as closed:
                why = _closed(closed, shift)
            except ValidationError:
                raise Mistake(f"What is at {between.server} is no Parley: it says something else.") from None
            except (OSError, TimeoutError, WebSocketException) as error:
                why = f"{type(error).__name__}: {error}"
            else:
                return
            failures = 0 if shift.welcome else failures + 1
            await _rest(pause(failures), why, stop)


async def _join(shift: "Shift", between: Between, stop: asyncio.Event) -> None:
    """One connection, from its beginning to its end. Returns when told to stop; raises what ended it otherwise."""
    joining = connect(
        between.server,
        additional_headers={"Authorization": f"Bearer {between.key}"},
        compression=None,
        open_timeout=CONNECT,
        close_timeout=1,
        max_size=LARGEST_WORK,
    )
    async with joining as socket:
        await shift.run(socket, stop)


def pause(failures: int) -> float:
    """Seconds to wait: ever longer, and never the same for all who lost the same server."""
    most = min(LONGEST, SHORTEST * 2 ** min(failures, 10))
    return random.uniform(max(SHORTEST, most / 2), max(SHORTEST, most))


async def _rest(seconds: float, why: str, stop: asyncio.Event) -> None:
    output.print(escape(f"Not connected ({why}); trying again in {seconds:.0f} s."))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _refused(refused: InvalidStatus, between: Between) -> str:
    """Why we were not let in. Raises Mistake for what will not pass by itself."""
    status = refused.response.status_code
    if status in (401, 403):
        raise Mistake("The server does not take this key. Ask whoever runs it for one that is for agents.")
    if status in (404, 405, 426):
        raise Mistake(f"There is no Parley at {between.server} that agents can join.")
    return f"the server answers {status}"


def _closed(closed: ConnectionClosed, shift: "Shift") -> str:
    """Why we were cut off. Raises Mistake for what will not pass by itself."""
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "the connection broke")
    if code == REPLACED:
        raise Mistake("Another agent of this name has joined with this key. Give each its own --name.")
    if code == BROKE_RULES and not shift.welcome:
        raise Mistake(f"The server does not take this agent: {reason}.")
    return reason or f"closed with {code}"


# Working.


@dataclass(slots=True)
class Shift:
    """One connection: requests come in, answers go out. `welcome` is whether the server has said anything to us yet."""

    upstream: str
    hello: Hello
    session: aiohttp.ClientSession
    doing: Doing
    welcome: bool = False
    _socket: ClientConnection = field(init=False)
    _jobs: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _all: set["asyncio.Task[None]"] = field(default_factory=set)

    async def run(self, socket: ClientConnection, stop: asyncio.Event) -> None:
        """Work until told to stop and all is answered. Raises ConnectionClosed when that comes first."""
        self._socket = socket
        await self._introduce()
        reading, stopping = asyncio.ensure_future(self._read()), asyncio.ensure_future(stop.wait())
        self.doing.connected = True
        try:
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            await self._drain()
        finally:
            self.doing.connected = False
            await end(reading, stopping, *self._all)

    async def _introduce(self) -> None:
        frame = Frame.model_validate_json(await self._socket.recv())
        await self._say(frame.id, HELLO, self.hello.model_dump_json())

    async def _drain(self) -> None:
        """Take no more work, and let running answers end."""
        self.doing.draining = True
        await self._say("", "drain")
        if self._all:
            await asyncio.wait(self._all, timeout=DRAIN)

    async def _read(self) -> None:
        while True:
            frame = Frame.model_validate_json(await self._socket.recv())
            self.welcome = True
            match frame.message:
                case "ping":
                    await self._say(frame.id, "pong")
                case "cancel":
                    await self._cancel(frame.id)
                case message if message == WORK:
                    await self._take(frame)

    async def _take(self, frame: Frame) -> None:
        if self.doing.draining or len(self._jobs) >= self.hello.capacity:
            trouble = Trouble(status=503, message="this agent takes no more", retry_after=1.0)
            await self._say(frame.id, "error", trouble.model_dump_json())
            return
        body = frame.data if isinstance(frame.data, str) else json.dumps(frame.data)
        job = asyncio.ensure_future(self._answer(frame.id, body))
        self._jobs[frame.id] = job
        self._all.add(job)
        job.add_done_callback(self._all.discard)
        self.doing.in_flight = len(self._jobs)

    async def _cancel(self, id: str) -> None:
        """End an answer. One that has said its last word by itself is not ended twice."""
        if job := self._ended(id):
            job.cancel()
            await self._say(id, "done")

    def _ended(self, id: str) -> "asyncio.Task[None] | None":
        job = self._jobs.pop(id, None)
        self.doing.in_flight = len(self._jobs)
        return job

    async def _answer(self, id: str, body: str) -> None:
        try:
            await self._pass_on(id, body)
            last = ("done", "")
        except _Failed as failed:
            last = ("error", failed.trouble.model_dump_json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:  # ValueError: what came is no text of events
            last = ("error", Trouble(status=502, message=type(error).__name__).model_dump_json())
        except ConnectionClosed:
            return
        self._ended(id)
        self.doing.served += 1
        with contextlib.suppress(ConnectionClosed):
            await self._say(id, *last)

    async def _pass_on(self, id: str, body: str) -> None:
        """Ask the model server, and send on each event as it came. Raises _Failed and the errors of aiohttp."""
        where, headers = f"{self.upstream}/chat/completions", {"Content-Type": "application/json"}
        size = 0
        async with self.session.post(where, data=body.encode(), headers=headers) as response:
            if response.status != 200:
                raise _Failed(_refusal(response, await response.content.read(LARGEST_REFUSAL)))
            async for event in events.data(response.content.iter_any()):
                if event == events.DONE:
                    return
                frame = _frame(id, "chunk", event.decode())
                size += len(frame)
                if len(frame.encode()) > LARGEST_FRAME or size > LARGEST_ANSWER:
                    raise _Failed(Trouble(status=502, message="the answer is too large"))
                await self._socket.send(frame)

    async def _say(self, id: str, message: str, data: str = "") -> None:
        await self._socket.send(_frame(id, message, data))


def _frame(id: str, message: str, data: str) -> str:
    return Frame(id=id, message=message, data=data).model_dump_json()


class _Refusal(BaseModel):
    """The body of a refusal, as OpenAI writes it."""

    class Error(BaseModel):
        message: str = ""
        code: str | int | None = None

    error: Error


def _refusal(response: aiohttp.ClientResponse, body: bytes) -> Trouble:
    """Why the model server refuses, as far as it says so."""
    try:
        told = _Refusal.model_validate_json(body).error
    except ValidationError:
        told = _Refusal.Error()
    wait = response.headers.get("Retry-After", "")
    seconds = float(wait) if wait.isdecimal() and int(wait) <= LONGEST else None
    return Trouble(status=response.status, message=told.message, code=str(told.code or ""), retry_after=seconds)

"""
A machine at home as a Model: it joined over a socket, and answers there for as long as it stays.

One reader takes what an agent sends and lays each piece into the answer that it belongs to. The reader never waits for
whoever reads an answer: a slow one would hold up all the others, and the pings. So an answer that piles up unread
fails, alone (`answer.UNREAD`); how much an agent may send at all has limits too, and beyond them it is cut off.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from adapters.upstream import events, work
from adapters.upstream.answer import Answer
from adapters.upstream.errors import BUSY, REFUSALS, STATUSES, renamed_event
from adapters.upstream.frames import LARGEST_WORK, SILENT, WORK, CutOff, Frame, Hello, Trouble, parsed, trouble
from adapters.upstream.heard import Timeouts
from adapters.upstream.work import Told
from bot.errors import BotError, ContextFull, ModelBusy, ModelCut, ModelDown, ModelSilent
from bot.ports import ApiRequest, ApiResponse, Chunk, Request
from bot.tasks import end

SMALL_TALK = 20
"""Frames between two pings that belong to no answer."""

MISSED = 2
"""Pings that an agent may leave unanswered; and those that may pass until it has ended what was cancelled."""

UNSENT = 64
"""Frames to an agent that may wait, beside four for each answer that it can give at once."""

QUOTED = 500
"""Characters of an agent's own words that the log gets."""


class Socket(Protocol):
    """What an agent is spoken with. Every method raises ConnectionError once it is closed."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | bytes: ...

    async def close(self, code: int, reason: str) -> None: ...


Allowed = Callable[[], Awaitable[bool]]
"""Whether an agent may stay. Asked with every ping."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until an agent has introduced itself, between two pings, and until it has taken a frame."""

    hello: float = 10
    ping: float = 25
    send: float = 10


class Agent:
    """An agent that has joined. `heartbeat` is when it was last heard, `last_work` when it was last given work."""

    def __init__(
        self, id: str, name: str, hello: Hello, now: Callable[[], datetime], timeouts: Timeouts, patience: Patience
    ) -> None:
        self.id = id
        self.name = name
        self.models = tuple(hello.models)
        self.capacity = hello.capacity
        self.heartbeat = self.last_work = now()
        self._now = now
        self._timeouts = timeouts
        self._patience = patience
        self._answers: dict[str, Answer] = {}
        self._out: asyncio.Queue[Frame] = asyncio.Queue(UNSENT + 4 * self.capacity)
        self._dismissal: asyncio.Queue[CutOff] = asyncio.Queue()
        self._missed = self._talked = 0
        self._gone = False

    # As a model.

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """Speak, as `bot.ports.Model.stream` says."""
        heard = Told(asked=[message.text for message in request.messages if message.role != "system"])
        async with self._asked(_body(request), heard) as said:
            async for event in said:
                chunk = events.chunk(event)
                heard.take(chunk)
                believed = work.credible(chunk.usage, request.spec.context, request.max_output)
                yield chunk if believed else replace(chunk, usage=None)

    # As programs use it.

    def carries(self, path: str) -> bool:
        return path == work.PATH

    @asynccontextmanager
    async def call(self, request: ApiRequest) -> AsyncIterator[ApiResponse]:
        """Pass a call on, as `bot.ports.Api.call` says. An answer that is wanted whole is ready when all is there."""
        body = work.body_of(request)
        heard = Told(asked=work.texts_in(body))
        async with self._asked(body, heard) as said, work.answered(request, body, said, heard) as response:
            yield response

    # Asking.

    @asynccontextmanager
    async def _asked(self, body: Mapping[str, Any], heard: Told) -> AsyncIterator[AsyncGenerator[dict[str, Any], None]]:
        """
        Ask, and listen to the events of the answer. Leaving the block ends the work at the agent.

        Raises ModelBusy, ModelDown, ContextFull.
        """
        id, answer = self._ask(body)
        try:
            async with aclosing(self._said(answer, heard)) as said:
                yield said
        finally:
            self._cancel(id)

    def _ask(self, body: Mapping[str, Any]) -> tuple[str, Answer]:
        """Send a request. Raises ModelBusy, ModelDown, ContextFull."""
        if self._gone:
            raise ModelDown("the agent has left")
        if sum(not answer.cancelled for answer in self._answers.values()) >= self.capacity:
            raise ModelBusy(f"the agent answers {self.capacity} already", retry_after=1)
        frame = Frame(id=secrets.token_hex(8), message=WORK, data=json.dumps(body, ensure_ascii=False))
        if (size := len(frame.model_dump_json().encode())) > LARGEST_WORK:
            raise ContextFull(f"a frame of {size} bytes")
        answer = Answer()
        self._answers[frame.id] = answer
        self.last_work = self._now()
        self._send(frame)
        return frame.id, answer

    async def _said(self, answer: Answer, heard: Told) -> AsyncGenerator[dict[str, Any], None]:
        """The events of an answer; who reads them tells `heard`. Raises ModelDown or one of its kind."""
        deadline = _time() + self._timeouts.total
        while _time() < deadline and (event := await self._hear(answer, heard)) is not None:
            yield event
        if not heard.finished and _time() >= deadline:
            raise ModelSilent(f"not done after {self._timeouts.total:.0f} s")

    async def _hear(self, answer: Answer, heard: Told) -> dict[str, Any] | None:
        """The next event, None at the end. Once the answer has ended, nothing can cut it any more."""
        try:
            frame = await self._next(answer, heard)
            if frame.message == "error":
                heard.trouble = trouble(frame.data)
                raise heard.hushed(_renamed(heard.trouble, heard))
            if frame.message == "done" and not heard.finished:
                raise heard.failed("it ended without a finish_reason")
            return _read(frame, heard) if frame.message == "chunk" else None
        except BotError:
            if heard.finished:
                return None
            raise

    async def _next(self, answer: Answer, heard: Told) -> Frame:
        """Raises ModelCut, ModelSilent, ModelDown."""
        try:
            async with heard.patiently(self._timeouts):
                return await answer.next()
        except ConnectionError as error:
            raise heard.failed(str(error)) from error

    def _cancel(self, id: str) -> None:
        """Ask it to end an answer that nobody reads any more. It says when it has."""
        answer = self._answers.get(id)
        if answer is not None and not answer.cancelled:
            answer.cancelled = True
            self._say(id, "cancel")

    # As one who is connected.

    async def serve(self, socket: Socket, drained: Callable[[], None], allowed: Allowed) -> None:
        """
        Speak with it until it leaves. `drained` is called when it takes no more work.

        Raises:
            CutOff: It broke a rule, or is no longer `allowed`.
            ConnectionError: It is gone.
        """
        parts = [asyncio.ensure_future(part) for part in (self._read(socket, drained), self._write(socket))]
        parts += [asyncio.ensure_future(part) for part in (self._watch(allowed), self._dismissed())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            self._gone = True
            for answer in self._answers.values():
                answer.close("the agent left")
            await end(*parts)

    def cut_off(self, why: CutOff) -> None:
        """Let `serve` raise this."""
        self._dismissal.put_nowait(why)

    def _say(self, id: str, message: str) -> None:
        self._send(Frame(id=id, message=message))

    def _send(self, frame: Frame) -> None:
        with suppress(asyncio.QueueFull):
            self._out.put_nowait(frame)
            return
        self.cut_off(CutOff("it does not read what it is sent", SILENT))

    async def _read(self, socket: Socket, drained: Callable[[], None]) -> None:
        while True:
            text = await socket.receive()
            self._take(parsed(text), len(text), drained)
            await asyncio.sleep(0)  # frames may come without a pause, and others want to get on

    def _take(self, frame: Frame, size: int, drained: Callable[[], None]) -> None:
        """Raises CutOff."""
        self.heartbeat, self._missed = self._now(), 0
        if frame.message in ("chunk", "done", "error"):
            self._lay_down(frame, size)
            return
        self._talked += 1
        if self._talked > SMALL_TALK:
            raise CutOff("too many frames that belong to no answer")
        if frame.message == "drain":
            drained()
        elif frame.message not in ("pong", "ping"):
            raise CutOff("a frame of an unknown kind")

    def _lay_down(self, frame: Frame, size: int) -> None:
        answer = self._answers.get(frame.id)
        if answer is None:
            raise CutOff("an answer to what it was not asked")
        if not answer.put(frame, size):
            self._cancel(frame.id)
        if frame.message != "chunk":
            del self._answers[frame.id]

    async def _write(self, socket: Socket) -> None:
        while True:
            frame = await self._out.get()
            try:
                async with asyncio.timeout(self._patience.send):
                    await socket.send(frame.model_dump_json())
            except TimeoutError:
                raise CutOff("it does not read what it is sent", SILENT) from None

    async def _watch(self, allowed: Allowed) -> None:
        """Ping, and see that what was cancelled ends, and that its key is still good."""
        while True:
            await asyncio.sleep(self._patience.ping)
            for answer in self._answers.values():
                answer.overdue += answer.cancelled
            if any(answer.overdue > MISSED for answer in self._answers.values()):
                raise CutOff("it does not end what was cancelled")
            if self._missed >= MISSED:
                raise CutOff("silent", SILENT)
            if not await allowed():
                raise CutOff("its key works no more")
            self._missed, self._talked = self._missed + 1, 0
            self._say(self.id, "ping")

    async def _dismissed(self) -> None:
        raise await self._dismissal.get()


def _time() -> float:
    return asyncio.get_running_loop().time()


def _body(request: Request) -> dict[str, Any]:
    return {
        "model": request.spec.model,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
        "max_tokens": request.max_output,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _read(frame: Frame, heard: Told) -> dict[str, Any]:
    """The event in a frame. Raises ModelCut, ModelDown or one of its kind."""
    if isinstance(frame.data, dict):
        event = frame.data
    elif frame.data.encode() == events.DONE:
        return {}
    else:
        try:
            event = events.parsed(frame.data.encode())
        except events.BadEvents as error:
            raise heard.failed(str(error)) from error
    if event.get("error"):
        raise heard.hushed(renamed_event(event["error"], begun=heard.begun))
    return event


def _renamed(told: Trouble, heard: Told) -> BotError:
    """Our error for what an agent says went wrong."""
    detail = f"{told.status} {told.code}: {told.message}"[:QUOTED]
    if heard.begun:
        return ModelCut(detail)
    if told.code in REFUSALS:
        return REFUSALS[told.code](detail)
    if told.status in BUSY:
        return ModelBusy(detail, told.retry_after)
    return STATUSES.get(told.status, ModelDown)(detail)

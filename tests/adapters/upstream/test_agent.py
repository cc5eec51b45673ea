"""adapters.upstream.agent without a network: how it gets on with a socket that always has more."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from adapters.upstream.agent import UNSENT, Agent, Patience
from adapters.upstream.answer import UNREAD_FRAMES
from adapters.upstream.frames import SILENT, WORK, CutOff, Frame, Hello
from adapters.upstream.heard import Timeouts
from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.errors import ModelDown
from bot.ports import Request
from bot.tasks import end
from tests.clock import START, virtual

SPEC = ModelSpec("demo", "parley-demo", 8_000, 500)
REQUEST = Request(SPEC, (Message("q", "root", "user", "Why?"),), "s", 500)
HELLO = Hello(name="owl", models=["parley-demo"], capacity=1, version=1)


def an_agent() -> Agent:
    return Agent("id", "agent/ann/owl", HELLO, lambda: START, Timeouts(), Patience())


async def allowed() -> bool:
    return True


class Torrent:
    """Answers the first request with more frames than may wait unread, without ever making its reader wait."""

    def __init__(self) -> None:
        self._asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._frames: Iterator[str] | None = None

    async def send(self, text: str) -> None:
        frame = Frame.model_validate_json(text)
        if frame.message == WORK:
            self._asked.set_result(frame.id)

    async def receive(self) -> str:
        if self._frames is None:
            self._frames = _frames(await self._asked)
        return next(self._frames)

    async def close(self, code: int, reason: str) -> None: ...


class Deaf:
    """Neither takes anything nor says anything."""

    async def send(self, _: str) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> str:
        await asyncio.Event().wait()
        return ""

    async def close(self, code: int, reason: str) -> None: ...


def _frames(id: str) -> Iterator[str]:
    for number in range(2 * UNREAD_FRAMES):
        event = {"choices": [{"delta": {"content": f"{number} "}}]}
        yield Frame(id=id, message="chunk", data=json.dumps(event)).model_dump_json()
    yield Frame(id=id, message="chunk", data='{"choices": [{"finish_reason": "stop"}]}').model_dump_json()
    while True:
        yield Frame(id=id, message="done").model_dump_json()


async def test_whoever_reads_gets_on_while_frames_pour_in() -> None:
    """The reader would lay down a whole socket's buffer before anybody else had a turn."""
    agent = an_agent()
    serving = asyncio.ensure_future(agent.serve(Torrent(), lambda: None, allowed))
    chunks = [chunk async for chunk in agent.stream(REQUEST)]
    await end(serving)

    assert "".join(f"{number} " for number in range(2 * UNREAD_FRAMES)) == "".join(chunk.text for chunk in chunks)


@virtual
async def test_what_is_not_taken_is_waited_for_no_longer_than_patience_allows() -> None:
    agent = an_agent()
    serving = asyncio.ensure_future(agent.serve(Deaf(), lambda: None, allowed))
    with pytest.raises(ModelDown):
        [chunk async for chunk in agent.stream(REQUEST)]
    with pytest.raises(CutOff) as cut:
        await serving

    assert Patience().send == asyncio.get_running_loop().time()
    assert SILENT == cut.value.code


@virtual
async def test_what_waits_to_be_sent_is_bounded() -> None:
    """As when somebody asks and stops, again and again."""
    agent = an_agent()
    serving = asyncio.ensure_future(agent.serve(Deaf(), lambda: None, allowed))
    for _ in range(UNSENT):
        stream = agent.stream(REQUEST)
        asking = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await end(asking)
    with pytest.raises(CutOff):
        await serving

    assert 0 == asyncio.get_running_loop().time()

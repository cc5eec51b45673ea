"""adapters.http.callbacks: whoever waits for a task hears of its end, also when it ends with us."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from adapters.fetch import Poster
from adapters.http.answer import Answer, tell
from adapters.http.callbacks import LAST, Tasks
from bot.api import Desk
from sandbox.wide_web import WideWeb, say
from tests.bot.core import FREE, Core
from tests.clock import now

CLUB = "club.example.com"
ADDRESS = f"https://{CLUB}/done"
PATIENCE = 15.0


@pytest_asyncio.fixture
async def web() -> AsyncIterator[WideWeb]:
    async with WideWeb(CLUB) as web:
        yield web


def made() -> Desk:
    return Desk(Core(FREE, frozenset()).sessions._ports)


async def begun(desk: Desk, web: WideWeb, work: Callable[[Answer], Awaitable[None]]) -> list[str]:
    """Begin a task. Returns what is there once it is over."""
    over: list[str] = []
    Tasks(desk, Poster(web.outside, now)).begin("ada", ADDRESS, "a-key", work, lambda: over.append("over"))
    await asyncio.sleep(0.05)
    return over


async def endless(answer: Answer) -> None:
    del answer
    await asyncio.Event().wait()


async def drawn(answer: Answer) -> None:
    await tell(answer, 200, "application/json", b'{"data": []}')


def posted(web: WideWeb) -> list[Any]:
    return [json.loads(visit.body) for visit in web.visits]


async def test_a_task_that_ends_with_the_process_says_so(web: WideWeb) -> None:
    """Else whoever asked waits for ever."""
    web.put(ADDRESS, say(b"thanks"))
    desk = made()
    over = await begun(desk, web, endless)
    await desk.drain(0.0)

    (told,) = posted(web)
    assert 500 == told["status"]
    assert "ended before this was done" in told["result"]["error"]["message"]
    assert told["task_id"].startswith("task_")
    assert ["over"] == over


async def test_a_result_that_nobody_has_taken_yet_is_offered_once_more(web: WideWeb) -> None:
    """The pause between two tries is longer than the process lives."""
    web.put(ADDRESS, say(b"busy", status=503), say(b"thanks"))
    desk = made()
    await begun(desk, web, drawn)
    async with asyncio.timeout(PATIENCE):
        while not web.visits:
            await asyncio.sleep(0.01)
    await desk.drain(0.0)

    assert [{"data": []}] * 2 == [told["result"] for told in posted(web)]


async def test_an_address_that_does_not_answer_holds_nobody_up(web: WideWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.http.callbacks.LAST", 0.2)
    web.put(ADDRESS, hanging)
    desk = made()
    over = await begun(desk, web, endless)
    async with asyncio.timeout(PATIENCE):
        await desk.drain(0.0)

    assert ["over"] == over
    assert LAST < 5


async def hanging(writer: asyncio.StreamWriter) -> None:
    del writer
    await asyncio.Event().wait()

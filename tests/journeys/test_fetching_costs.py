"""Who may not ask has nothing fetched, and who has us fetch has asked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio

from bot.amounts import parse_limit
from sandbox.wide_web import WideWeb
from sandbox.wide_web import say as answer
from tests.journeys.programs import Programs, on_programs
from tests.journeys.thirty_calls import CHAT

PICTURES = "pictures.example.com"
PAGE = f"https://{PICTURES}/page.html"
LOOK: list[Any] = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PAGE}}]}]


@pytest_asyncio.fixture
async def web() -> AsyncIterator[WideWeb]:
    async with WideWeb(PICTURES) as web:
        web.put(PAGE, answer(b"<html>", type="text/html"))
        yield web


@pytest_asyncio.fixture
async def programs(tmp_path: Path, web: WideWeb) -> AsyncIterator[Programs]:
    async with on_programs(tmp_path, web.outside) as running:
        yield running


async def test_with_nothing_left_nothing_is_fetched(programs: Programs, web: WideWeb) -> None:
    """A key that is used up would still have us call whomever it likes, as often as it likes."""
    key = await programs.key(limits=[parse_limit("2 questions per day")])

    async with programs.sdk(key, max_retries=0) as client:
        for _ in range(2):
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(model=CHAT, messages=LOOK)
        assert 2 == len(web.visits)
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model=CHAT, messages=LOOK)

    assert 2 == len(web.visits)
    assert 0 == programs.provider.books.calls
    assert [(2, 0)] == [(each.requests, each.input) for each in await programs.spendings()]
    assert await programs.nothing_held()

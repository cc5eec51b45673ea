"""Programs name addresses: of pictures that we fetch, and of places where results are posted."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
import pytest_asyncio

from adapters.fetch import signature
from bot.keys import ApiKey
from sandbox.wide_web import WideWeb
from sandbox.wide_web import say as answer
from tests.journeys.programs import Programs, on_programs
from tests.journeys.thirty_calls import CHAT, OWL, PICTURE

PICTURES, CLUB = "pictures.example.com", "club.example.com"


@pytest_asyncio.fixture
async def web() -> AsyncIterator[WideWeb]:
    async with WideWeb(PICTURES, CLUB) as web:
        yield web


@pytest_asyncio.fixture
async def programs(tmp_path: Path, web: WideWeb) -> AsyncIterator[Programs]:
    async with on_programs(tmp_path, web.outside) as running:
        yield running


def _looking_at(address: str) -> list[Any]:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": address}}]
    return [{"role": "user", "content": parts}]


async def test_a_picture_is_sent_on_and_not_its_address(programs: Programs, web: WideWeb) -> None:
    """A provider in the operator's own network never learns what a stranger would have it fetch."""
    web.put(f"https://{PICTURES}/owl.png", answer(base64.b64decode(OWL.partition(",")[2]), type="image/png"))

    async with programs.sdk(await programs.key()) as client:
        await client.chat.completions.create(model=CHAT, messages=_looking_at(f"https://{PICTURES}/owl.png"))

    sent = programs.provider.books.requests[-1]["messages"][0]["content"][1]
    assert {"type": "image_url", "image_url": {"url": OWL}} == sent


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/",
        "https://inside.example.com/",
        "file:///etc/passwd",
        f"https://{PICTURES}/page.html",
    ],
)
async def test_what_is_no_picture_of_the_wide_web_is_refused(programs: Programs, web: WideWeb, address: str) -> None:
    """Addresses within our network, however they are named; pages."""
    web.lead("inside.example.com", ["10.0.0.7"])
    web.put(f"https://{PICTURES}/page.html", answer(b"<html>", type="text/html"))

    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model=CHAT, messages=_looking_at(address))

    assert "invalid_image_url" == caught.value.code
    assert "10.0.0.7" not in caught.value.response.text
    assert 0 == programs.provider.books.calls
    assert await programs.nothing_held()


async def test_a_result_is_posted_and_signed_with_the_key(programs: Programs, web: WideWeb) -> None:
    """Long work on a picture: a task at once, the picture later, at the address that was named, charged like any."""
    web.put(f"https://{CLUB}/done", answer(b"thanks"))
    key = await programs.key()

    status, told = await _ask(programs, key, f"https://{CLUB}/done")
    await programs.until(lambda: web.visits)

    visit = web.visits[0]
    posted = json.loads(visit.body)
    assert (200, {"task_id": posted["task_id"]}) == (status, told)
    assert 200 == posted["status"]
    assert base64.b64decode(posted["result"]["data"][0]["b64_json"]).startswith(b"\x89PNG")
    given = visit.headers["x-parley-signature"]
    at = datetime.fromtimestamp(int(given.partition(",")[0].removeprefix("t=")), UTC)
    assert hmac.compare_digest(signature(key.reveal(), visit.body, at), given)
    assert 1 == (await programs.spendings())[0].images
    assert "callback_url" not in programs.provider.books.requests[-1]


async def test_a_refusal_is_posted_too(programs: Programs, web: WideWeb) -> None:
    web.put(f"https://{CLUB}/done", answer(b"thanks"))

    await _ask(programs, await programs.key(), f"https://{CLUB}/done", size="huge")
    await programs.until(lambda: web.visits)

    posted = json.loads(web.visits[0].body)
    assert 400 == posted["status"]
    assert "size" == posted["result"]["error"]["param"]
    assert await programs.nothing_held()


@pytest.mark.parametrize("address", ["http://club.example.com/", "https://10.0.0.7/done", "https://localhost/", 7])
async def test_nothing_is_posted_within_our_network(programs: Programs, address: object) -> None:
    status, told = await _ask(programs, await programs.key(), address)

    assert (400, "callback_url") == (status, told["error"]["param"])
    assert 0 == programs.provider.books.calls


async def _ask(programs: Programs, key: ApiKey, address: object, **more: Any) -> tuple[int, Any]:
    asked = {"model": PICTURE, "prompt": "An owl", "callback_url": address, **more}
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{programs.url}/v1/images/generations", json=asked, headers=headers) as response,
    ):
        return response.status, await response.json()

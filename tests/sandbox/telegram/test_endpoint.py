"""Addresses, tokens, bodies, and what goes wrong on the way."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, TimedOut

from sandbox.faults import Fault
from sandbox.telegram.server import Telegram
from tests.sandbox.telegram.conftest import Post


async def test_a_wrong_token_is_refused(telegram: Telegram) -> None:
    """And so is every other address."""
    with pytest.raises(InvalidToken, match="was rejected by the server"):
        async with Bot("7000000001:wrong", base_url=telegram.base_url):
            pass
    async with ClientSession() as http, http.get(telegram.base_url.removesuffix("bot")) as response:
        assert {"ok": False, "error_code": 404, "description": "Not Found"} == await response.json()


async def test_methods_are_known_in_any_case_of_letters(telegram: Telegram, post: Post) -> None:
    """What is no method is not found."""
    telegram.traffic.listeners.clear()  # the official description does not know it either
    assert 200 == (await post("GETME"))[0]
    assert (404, {"ok": False, "error_code": 404, "description": "Not Found: method not found"}) == await post("getOwl")


@pytest.mark.parametrize("way", ["query", "form", "multipart", "json"])
async def test_parameters_come_in_four_ways(telegram: Telegram, way: str) -> None:
    """core.telegram.org/bots/api#making-requests."""
    alice = telegram.people["alice"]
    url, plain = f"{telegram.base_url}{telegram.token}/sendMessage", {"chat_id": str(alice.id), "text": "🦉"}
    bodies: dict[str, dict[str, Any]] = {
        "query": {"params": plain},
        "form": {"data": plain},
        "multipart": {"data": _multipart(plain)},
        "json": {"json": {"chat_id": alice.id, "text": "🦉"}},
    }

    async with ClientSession() as http, http.post(url, **bodies[way]) as response:
        assert 200 == response.status

    assert ["🦉"] == telegram.texts(alice)


def _multipart(fields: dict[str, str]) -> FormData:
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, value)
    return form


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{", "application/json"), (b"[]", "application/json"), (b"text=%ff", "application/x-www-form-urlencoded")],
)
async def test_a_body_that_cannot_be_read_is_refused(telegram: Telegram, body: bytes, kind: str) -> None:
    """With an answer, not with a crash."""
    url = f"{telegram.base_url}{telegram.token}/sendMessage"
    async with ClientSession() as http, http.post(url, data=body, headers={"Content-Type": kind}) as response:
        assert (400, False) == (response.status, (await response.json())["ok"])


async def test_a_planned_error_reaches_the_client_once(telegram: Telegram, bot: Bot) -> None:
    """A gateway's page of HTML is no JSON, and the message was not sent."""
    alice = telegram.people["alice"]
    telegram.faults.plan(Fault("sendMessage", status=502, body="<html><h1>502 Bad Gateway</h1></html>"))

    with pytest.raises(NetworkError):
        await bot.send_message(alice.id, "hi")
    assert [] == telegram.texts(alice)
    await bot.send_message(alice.id, "hi")

    assert ["hi"] == telegram.texts(alice)
    assert 2 == telegram.tally.calls["sendMessage"]


async def test_a_planned_page_is_html(telegram: Telegram) -> None:
    """The page comes as such a proxy would send it."""
    telegram.faults.plan(Fault("getMe", status=500, body="<html>oops</html>"))
    async with ClientSession() as http, http.get(f"{telegram.base_url}{telegram.token}/getMe") as response:
        assert (500, "text/html", "<html>oops</html>") == (
            response.status,
            response.content_type,
            await response.text(),
        )


async def test_a_lost_reply_hides_a_message_that_arrived(telegram: Telegram, bot: Bot) -> None:
    """The worst case for a bot: it cannot know, and Telegram has no key against sending twice."""
    alice = telegram.people["alice"]
    telegram.faults.plan(Fault("sendMessage", lose_reply=True))

    with pytest.raises(NetworkError):
        await bot.send_message(alice.id, "hi")

    assert ["hi"] == telegram.texts(alice)


async def test_a_delay_makes_the_client_give_up(telegram: Telegram, bot: Bot) -> None:
    """The work is done all the same, later."""
    alice = telegram.people["alice"]
    telegram.faults.plan(Fault("sendMessage", delay=0.2))

    with pytest.raises(TimedOut):
        await bot.send_message(alice.id, "slow", read_timeout=0.05)

    await telegram.wait_until(lambda: telegram.texts(alice))


async def test_stopping_does_not_wait_for_a_poll() -> None:
    """A test that ends while its bot polls ends at once."""
    began = time.monotonic()
    async with ClientSession() as http:
        async with Telegram() as telegram:
            url = f"{telegram.base_url}{telegram.token}/getUpdates"
            poll = asyncio.ensure_future(http.post(url, json={"timeout": 50}))
            await telegram.wait_until(lambda: telegram.updates.polled)
        assert {"ok": True, "result": []} == await (await poll).json()

    assert 2 > time.monotonic() - began

"""adapters.http.front: who calls is whoever a proxy that we believe says, and nobody else can say so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import pytest
from aiohttp import ClientSession
from fastapi import FastAPI, Request

from adapters.http.auth import address_of
from adapters.http.front import Front
from adapters.http.server import create, serve
from bot.tasks import end
from sandbox.redis_server import free_port

CLIENT = "203.0.113.7"


@contextlib.asynccontextmanager
async def front(proxies: Iterable[str] = ()) -> AsyncIterator[Front]:
    app: FastAPI = create()

    @app.get("/who")
    async def who(request: Request) -> str:
        return address_of(request)

    yield Front(app, {}, proxies)


@contextlib.asynccontextmanager
async def served(front: Front) -> AsyncIterator[str]:
    port, listening = free_port(), asyncio.Event()
    serving = asyncio.ensure_future(serve(front, "127.0.0.1", port, listening=listening.set))
    await listening.wait()
    yield f"http://127.0.0.1:{port}"
    await end(serving)


async def test_a_proxy_on_the_same_machine_says_who_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says: the configuration is in one place."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.9.9.9")
    async with front() as ours, served(ours) as url, ClientSession() as session:
        async with session.get(f"{url}/who", headers={"X-Forwarded-For": CLIENT}) as answer:
            assert CLIENT == await answer.json()
        async with session.get(f"{url}/who") as answer:
            assert "127.0.0.1" == await answer.json()


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [((), "10.1.2.3"), (("10.0.0.0/8",), CLIENT), (("10.1.2.3/32",), CLIENT), (("10.1.2.4/32",), "10.1.2.3")],
)
async def test_one_elsewhere_is_believed_where_it_was_named(proxies: tuple[str, ...], expected: str) -> None:
    """Whoever guesses keys would else come from a new address with each."""
    async with front(proxies) as ours:
        assert f'"{expected}"'.encode() == await _asked(ours, "10.1.2.3")


async def _asked(front: Front, peer: str) -> bytes:
    """What a call of /who from that address is answered."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/who",
        "raw_path": b"/who",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "client": (peer, 5),
        "server": ("127.0.0.1", 80),
        "state": {},
        "headers": [(b"x-forwarded-for", CLIENT.encode())],
    }
    said = b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        nonlocal said
        assert isinstance(message, dict)
        said += message.get("body", b"")

    await front(scope, receive, send)
    return said

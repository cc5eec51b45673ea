"""adapters.fetch.poster against a web on loopback, over TLS."""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from adapters.fetch import Poster, signature
from adapters.fetch.addresses import is_public
from sandbox.wide_web import WideWeb, drip, hang_up, late, move, say

HOOK = "https://hooks.example.com/parley?token=hoo"
SECRET = "whsec_owl"
BODY = b'{"answer":"42"}'
NOON = datetime(2026, 11, 21, 12, 0, 0, 900_000, tzinfo=UTC)


class Waits:
    """A clock that stands still but for the pauses that are waited for, which take no time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return NOON + timedelta(seconds=sum(self.pauses))

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest_asyncio.fixture
async def web() -> AsyncIterator[WideWeb]:
    async with WideWeb("hooks.example.com") as web:
        yield web


async def post(web: WideWeb, waits: Waits, pauses: Sequence[float] = (2, 15), total: float = 20) -> bool:
    return await Poster(web.outside, waits.now, pauses, total, waits.sleep).post(HOOK, BODY, SECRET)


def test_a_signature_is_what_others_compute() -> None:
    """By another program: printf '1795262400.{"answer":"42"}' | openssl dgst -sha256 -hmac whsec_owl."""
    expected = "t=1795262400,v1=c77843d1c5591d2179e78212c91541416ffdc9e4b9bfd982413ce7cb2a921d95"

    assert expected == signature(SECRET, BODY, NOON)


def test_a_signature_is_for_one_body_one_time_and_one_secret() -> None:
    later = NOON + timedelta(seconds=1)

    signatures = {
        signature(SECRET, BODY, NOON),
        signature(SECRET, BODY, later),
        signature(SECRET, BODY + b" ", NOON),
        signature(SECRET + " ", BODY, NOON),
    }

    assert 4 == len({text.partition(",")[2] for text in signatures})


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_a_body_is_posted_signed(web: WideWeb, status: int) -> None:
    web.put(HOOK, say(b"", status=status))

    assert await post(web, Waits())

    (visit,) = web.visits
    assert ("POST", "/parley?token=hoo", BODY) == (visit.method, visit.path, visit.body)
    assert "application/json" == visit.headers["content-type"]
    assert signature(SECRET, BODY, NOON) == visit.headers["x-parley-signature"]


async def test_trouble_is_tried_again_ever_more_slowly(web: WideWeb) -> None:
    """Each try has a signature of its own: the first would be too old by then."""
    waits = Waits()
    web.put(HOOK, say(b"", status=500), hang_up, say(b""))

    assert await post(web, waits)

    assert [2, 15] == waits.pauses
    sent = [visit.headers["x-parley-signature"] for visit in web.visits]
    assert [signature(SECRET, BODY, NOON + timedelta(seconds=s)) for s in (0, 2, 17)] == sent


async def test_after_the_last_try_it_is_given_up(web: WideWeb) -> None:
    waits = Waits()
    web.put(HOOK, say(b"", status=503))

    assert not await post(web, waits)

    assert 3 == len(web.visits)
    assert [2, 15] == waits.pauses


async def test_without_pauses_there_is_one_try(web: WideWeb) -> None:
    web.put(HOOK, say(b"", status=503), say(b""))

    assert not await post(web, Waits(), pauses=())


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 410, 429])
async def test_a_refusal_is_final(web: WideWeb, status: int) -> None:
    waits = Waits()
    web.put(HOOK, say(b"", status=status), say(b""))

    assert not await post(web, waits)

    assert 1 == len(web.visits)
    assert [] == waits.pauses


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(web: WideWeb, status: int) -> None:
    """Not even to the same host: a body goes nowhere but where it was meant to go."""
    web.put(HOOK, move("/elsewhere", status))
    web.put("https://hooks.example.com/elsewhere", say(b""))

    assert not await post(web, Waits())
    assert ["/parley?token=hoo"] == [visit.path for visit in web.visits]


async def test_who_takes_too_long_is_tried_again(web: WideWeb) -> None:
    """The limit is for a whole try, and a new try has all of it."""
    waits = Waits()
    web.put(HOOK, late(say(b""), 5))

    assert not await post(web, waits, pauses=(2,), total=1)
    assert [2] == waits.pauses


async def test_what_is_answered_is_not_read(web: WideWeb) -> None:
    """A status is enough: who sends a page with it cannot keep us."""
    web.put(HOOK, drip(b"x" * 1_000, every=0.1))

    assert await post(web, Waits(), pauses=())


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_nothing_is_posted_inside(web: WideWeb, address: str) -> None:
    """Nor is it tried again: such an address is no accident."""
    waits = Waits()
    web.lead("hooks.example.com", [address])
    outside = replace(web.outside, allowed=is_public)

    assert not await Poster(outside, waits.now, (2, 15), sleep=waits.sleep).post(HOOK, BODY, SECRET)

    assert 0 == web.connections
    assert [] == waits.pauses


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "https://10.0.0.1/", "https://me@hooks.example.com/", "x"]
)
async def test_nothing_is_posted_to_what_is_no_address(web: WideWeb, url: str) -> None:
    waits = Waits()

    assert not await Poster(web.outside, waits.now, (2, 15), sleep=waits.sleep).post(url, BODY, SECRET)

    assert [] == web.asked
    assert [] == waits.pauses


async def test_a_name_that_is_not_found_is_tried_again(web: WideWeb) -> None:
    """Name servers have bad minutes too."""
    waits = Waits()

    url = "https://nobody.example.net/"
    assert not await Poster(web.outside, waits.now, (2, 15), sleep=waits.sleep).post(url, BODY, SECRET)

    assert [2, 15] == waits.pauses


async def test_the_log_says_why_and_keeps_what_is_secret(web: WideWeb, caplog: pytest.LogCaptureFixture) -> None:
    """An address of a callback often is a password in itself."""
    caplog.set_level(logging.INFO, "adapters.fetch")
    web.put(HOOK, say(b"", status=503), hang_up, say(b"", status=410))

    await post(web, Waits())

    assert [
        "callback: hooks.example.com: status 503",
        "callback: hooks.example.com: ServerDisconnectedError",
        "callback: hooks.example.com: status 410",
    ] == caplog.messages

"""adapters.upstream.openai through a proxy of its account: a real SOCKS5 server, and one of HTTP, on loopback."""

import asyncio
import base64
import contextlib
import re
import struct
import traceback
from collections.abc import AsyncIterator

import aiohttp_socks
import pytest
import pytest_asyncio

from adapters.upstream.errors import PROXY_TROUBLE
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from bot.errors import BotError, ModelDown, ModelSilent
from bot.tasks import end
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.socks import Socks
from tests.adapters.upstream.test_openai import QUICK, request

LOGIN = ("owl", "hoo hoo/@:%")
NOBODY = "127.0.0.1:9"

PATIENT = Timeouts(connect=10, first_token=30, gap=30)
"""A busy machine answers too."""


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI(otherwise=say("Because of scattering.")) as server:
        yield server


@contextlib.asynccontextmanager
async def account(
    provider: OpenAI, proxy: str = "", host: str = "127.0.0.1", timeouts: Timeouts = PATIENT
) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel(provider.base_url.replace("127.0.0.1", host), provider.api_key, timeouts, proxy)
    try:
        yield model
    finally:
        await model.close()


async def answer(model: OpenAIModel) -> str:
    return "".join([chunk.text async for chunk in model.stream(request())])


async def trouble(model: OpenAIModel) -> BotError:
    with pytest.raises(BotError) as failed:
        await answer(model)
    return failed.value


def told(error: BaseException) -> str:
    """All that a log would have of an error, its causes included."""
    return "".join(traceback.format_exception(error))


@contextlib.asynccontextmanager
async def http_proxy(answer: bytes = b"200 Go ahead") -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP proxy that gives every CONNECT that answer; and what it was asked."""
    asked: list[bytes] = []
    ways: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + answer + b"\r\n\r\n")
        if answer.startswith(b"200"):
            host, _, port = asked[-1].split()[1].decode().partition(":")
            there, back = await asyncio.open_connection(host, int(port))
            ways.extend(asyncio.ensure_future(way) for way in (_carry(reader, back), _carry(there, writer)))
        else:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    server.close()
    await end(*ways)


@contextlib.asynccontextmanager
async def mute() -> AsyncIterator[str]:
    """Somebody who takes connections and says nothing."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in held:
        writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer):
        while piece := await reader.read(1024):
            writer.write(piece)


async def test_socks_carries_the_traffic_of_one_account_and_only_that(provider: OpenAI) -> None:
    """Each account has its own way out; what is not told to take one goes straight."""
    async with Socks() as ours, Socks(LOGIN) as theirs:
        async with account(provider, ours.url) as proxied, account(provider) as straight:
            assert "Because of scattering." == await answer(proxied)
            carried = ours.sent, ours.received
            assert "Because of scattering." == await answer(straight)
        async with account(provider, theirs.url) as other:
            assert "Because of scattering." == await answer(other)

        assert carried == (ours.sent, ours.received)
        assert min(carried) > 100
        assert [("127.0.0.1", provider.port)] == ours.destinations == theirs.destinations


async def test_a_connection_through_socks_serves_again(provider: OpenAI) -> None:
    """A handshake with the proxy for every question would be felt."""
    async with Socks() as socks, account(provider, socks.url) as model:
        for _ in range(3):
            await answer(model)

        assert 1 == len(socks.destinations)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_the_proxy_finds_out_the_address(provider: OpenAI, scheme: str) -> None:
    """The provider's name may be known only where the proxy is."""
    async with Socks() as socks:
        async with account(provider, socks.url.replace("socks5", scheme), "localhost") as model:
            assert "Because of scattering." == await answer(model)
        assert [("localhost", provider.port)] == socks.destinations


async def test_http_carries_the_traffic_too(provider: OpenAI) -> None:
    async with http_proxy() as (address, asked):
        async with account(provider, f"http://owl:hoo@{address}") as model:
            assert "Because of scattering." == await answer(model)
        assert 1 == len(asked)
        assert asked[0].startswith(f"CONNECT 127.0.0.1:{provider.port} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic " + base64.b64encode(b"owl:hoo") in asked[0]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
async def test_the_environment_has_no_say(provider: OpenAI, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It was set for something else: an account's key would go where nobody sent it."""
    monkeypatch.setenv(name, f"http://{NOBODY}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with Socks() as socks:
        for proxy in ("", socks.url):
            async with account(provider, proxy) as model:
                assert "Because of scattering." == await answer(model)


@pytest.mark.parametrize("login", ["owl:wr0ng-w0rd@", ""])
async def test_a_wrong_login_is_told_as_the_proxys(provider: OpenAI, login: str) -> None:
    """The operator looks at the right place, and nobody at the password."""
    async with Socks(LOGIN) as socks, account(provider, f"socks5://{login}127.0.0.1:{socks.port}") as model:
        error = await trouble(model)

        assert 1 == socks.refused
    assert ModelDown is type(error)
    assert str(error).startswith("the proxy: ")
    assert "wr0ng-w0rd" not in told(error)
    assert "w0rd" not in error.for_user


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_dead_proxy_is_told_as_such(provider: OpenAI, scheme: str) -> None:
    async with account(provider, f"{scheme}://owl:s3cret-w0rd@{NOBODY}") as model:
        error = await trouble(model)
        with pytest.raises(ModelDown, match=r"^the proxy: ") as failed:
            await model.models()

    for each in (error, failed.value):
        assert ModelDown is type(each)
        assert str(each).startswith("the proxy: ")
        assert "s3cret" not in told(each)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_says_nothing_is_told_as_such(provider: OpenAI, scheme: str) -> None:
    """It is not the model that is silent."""
    async with mute() as nobody, account(provider, f"{scheme}://owl:s3cret-w0rd@{nobody}", timeouts=QUICK) as model:
        error = await trouble(model)

    assert ModelDown is type(error)
    assert str(error).startswith("the proxy: ")
    assert "s3cret" not in told(error)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_hangs_up_is_told_as_such(provider: OpenAI, scheme: str) -> None:
    """Its port may be some other server's."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with account(provider, f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}") as model:
        error = await trouble(model)
    server.close()

    assert ModelDown is type(error)
    assert str(error).startswith("the proxy: ")


async def test_tls_that_fails_behind_a_proxy_is_a_model_that_is_down(provider: OpenAI) -> None:
    """A wrong certificate, or no TLS at all."""
    async with Socks() as socks:
        model = OpenAIModel(provider.base_url.replace("http:", "https:"), provider.api_key, QUICK, socks.url)
        error = await trouble(model)
        await model.close()

    assert ModelDown is type(error)
    assert "SSL" in str(error)


async def test_a_proxy_that_finds_nobody_says_so() -> None:
    """The way to the proxy is fine; what it says of the rest is in the log."""
    async with Socks() as socks:
        nobody = OpenAIModel(f"http://{NOBODY}/v1", "key", QUICK, socks.url)
        error = await trouble(nobody)
        await nobody.close()

    assert "the proxy: Connection refused by destination host" == str(error)


async def test_an_http_proxy_that_refuses_says_why(provider: OpenAI) -> None:
    """And its answer is not taken for the provider's."""
    async with (
        http_proxy(b"407 Login Required") as (address, _),
        account(provider, f"http://owl:s3cret-w0rd@{address}") as model,
    ):
        error = await trouble(model)

    assert "the proxy: 407 Login Required" == str(error)
    assert ModelDown is type(error)
    assert "s3cret" not in told(error)


async def test_a_provider_that_is_silent_behind_a_proxy_is_still_silent() -> None:
    async with mute() as nobody, Socks() as socks:
        model = OpenAIModel(f"http://{nobody}/v1", "key", QUICK, socks.url)
        error = await trouble(model)
        await model.close()

    assert ModelSilent is type(error)


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://owl:hoo/hoo@127.0.0.1:1080",
        "http://o%3Awl:hoo@127.0.0.1",
        "socks5://owl:höö@127.0.0.1",
        f"socks5://owl:{256 * 'o'}@127.0.0.1",
    ],
)
def test_a_socks_proxy_that_cannot_be_is_told_without_its_password(proxy: str) -> None:
    with pytest.raises(ValueError, match="proxy") as failed:
        OpenAIModel("http://127.0.0.1:9/v1", "key", QUICK, proxy)

    assert "hoo" not in told(failed.value).partition("ValueError")[2]


def test_every_error_of_a_proxy_is_in_the_table() -> None:
    """A new release of the library may bring a new one."""
    errors = {getattr(aiohttp_socks, name) for name in vars(aiohttp_socks) if re.fullmatch("Proxy.*Error", name)}

    assert errors == {*PROXY_TROUBLE} - {asyncio.IncompleteReadError}
    assert len(errors) == 3


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b""),
        (b"\x05\x01\x02", b"\x05\xff"),
        (b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x09", b"\x05\x00\x05\x07\x00\x01" + bytes(6)),
        (b"\x05\x01\x00\x05\x01\x00\x02", b"\x05\x00\x05\x08\x00\x01" + bytes(6)),
        (b"\x05\x01\x00\x05\x01\x01\x01", b"\x05\x00\x05\x01\x00\x01" + bytes(6)),
        (
            b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01" + struct.pack(">H", 9),
            b"\x05\x00\x05\x05\x00\x01" + bytes(6),
        ),
        (b"\x05\x01\x00\x05\x01\x00\x03\x07a.inval" + b"\x00\x50", b"\x05\x00\x05\x04\x00\x01" + bytes(6)),
    ],
    ids=["SOCKS4", "no method", "BIND", "no address", "not reserved", "nobody there", "no such name"],
)
async def test_the_sandbox_refuses_what_a_socks_server_would(said: bytes, answered: bytes) -> None:
    """Each with the reply of RFC 1928, and then the connection is closed."""
    async with Socks() as socks:
        reader, writer = await asyncio.open_connection("127.0.0.1", socks.port)
        writer.write(said)
        async with asyncio.timeout(10):
            assert answered == await reader.read()
        writer.close()

    assert (1, []) == (socks.refused, socks.destinations)

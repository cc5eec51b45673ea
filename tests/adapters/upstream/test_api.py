"""adapters.upstream.api: a provider account as programs use it, whatever the provider does."""

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from adapters.upstream.api import LARGE, LARGEST_ERROR, ApiAccount
from adapters.upstream.heard import Timeouts
from bot.catalogue import ModelSpec
from bot.errors import (
    AccountLocked,
    BotError,
    ContextFull,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
)
from bot.ports import ApiRequest
from sandbox.listening import listening
from sandbox.openai import errors
from sandbox.openai.errors import Refusal, refusal
from sandbox.openai.script import Answer, Ending, Raw, Wire, page, say
from sandbox.openai.server import OpenAI
from sandbox.socks import Socks
from tests.adapters.upstream.test_proxy import http_proxy

BOUND = 15.0

PATIENT = Timeouts(connect=10, first_token=30, gap=30)
"""A busy machine answers too."""

HASTY = Timeouts(connect=1, first_token=1, gap=1)
"""For what never answers."""

SPEC = ModelSpec("demo", "parley-demo")
FIELDS: dict[str, Any] = {"model": "parley-demo", "messages": [{"role": "user", "content": "Why?"}]}
STREAM = {**FIELDS, "stream": True}

WORDS = b'data: {"choices": [{"delta": {"content": "Hoo."}}]}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
ERROR = b'data: {"error": {"message": "We fell over.", "code": "server_error"}}'


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI(otherwise=say("Because of scattering.")) as server:
        yield server


@contextlib.asynccontextmanager
async def account(
    provider: OpenAI, timeouts: Timeouts = PATIENT, key: str = "", proxy: str = ""
) -> AsyncIterator[ApiAccount]:
    made = ApiAccount(provider.base_url, key or provider.api_key, timeouts, proxy)
    try:
        yield made
    finally:
        await made.close()


async def called(account: ApiAccount, fields: dict[str, Any] = FIELDS, limit: int = 0) -> tuple[int, bytes]:
    """The status and all of the body. Raises what reading it raises."""
    request = ApiRequest(SPEC, "chat/completions", fields, limit=limit)
    async with asyncio.timeout(BOUND), account.call(request) as response:
        return response.status, b"".join([block async for block in response.body])


async def trouble(account: ApiAccount, fields: dict[str, Any] = FIELDS) -> BotError:
    with pytest.raises(BotError) as failed:
        await called(account, fields)
    return failed.value


async def test_an_answer_comes_byte_by_byte_as_the_provider_sent_it(provider: OpenAI) -> None:
    """Odd spaces, fields that nobody knows, half a character at the end of a block."""
    body = 'data:  {"choices":[ ], "odd" : "🦉"}\r\n\r\n: a comment\n\ndata: [DONE]\n\n'.encode()
    provider.queue(page(body, "text/event-stream; charset=utf-8"))
    async with account(provider) as ours:
        assert (200, body) == await called(ours, STREAM)


CODED = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("type", [b"application/json", b"text/event-stream"])
async def test_an_answer_that_is_compressed_all_the_same_is_read(provider: OpenAI, type: bytes) -> None:
    """We ask for none. A program is told nothing of it, and could not read it."""
    said = WORDS * 1_000
    provider.queue(Raw(CODED % type + gzip.compress(said)))
    async with account(provider) as ours:
        assert (200, said) == await called(ours, STREAM)


async def test_an_error_that_is_compressed_is_read_too(provider: OpenAI) -> None:
    told = gzip.compress(errors.out_of_quota().body.encode())
    provider.queue(Raw(CODED.replace(b"200 OK", b"429 No") % b"application/json" + told))
    async with account(provider) as ours:
        assert AccountLocked is type(await trouble(ours))


async def test_what_is_no_gzip_though_it_says_so_is_trouble_of_the_providers(provider: OpenAI) -> None:
    provider.queue(Raw(CODED % b"application/json" + b"{}"))
    async with account(provider) as ours:
        assert isinstance(await trouble(ours), ModelDown)


async def test_a_large_request_is_sent_piece_by_piece_and_once_more_where_it_has_to_be(provider: OpenAI) -> None:
    """In one go it would be copied, and hold others up; aiohttp warns of that, and here a warning is an error."""
    provider.queue(errors.unsupported_parameter("max_tokens"))
    long = "owl " * (LARGE // 2)
    async with account(provider) as ours:
        status, _ = await called(ours, {**FIELDS, "user": long}, limit=9)

    assert 200 == status
    assert [long] * 2 == [request["user"] for request in provider.books.requests]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (errors.context_exceeded(8_000, 9_000, 500), 400),
        (errors.bad_request("No.", "temperature", "invalid_value"), 400),
        (errors.bad_request("No.", code="content_policy_violation"), 400),
        (Refusal(404, "<html>nothing here</html>", content_type="text/html"), 404),
        (refusal(405, "Not like that."), 405),
        (errors.conflict(), 409),
        (errors.too_large(1), 413),
        (refusal(415, "No form."), 415),
        (errors.unprocessable(), 422),
    ],
)
async def test_a_programs_own_mistake_is_passed_on_to_it(provider: OpenAI, answer: Refusal, status: int) -> None:
    """It is no error of the account's: else one program could have it rest for all."""
    provider.queue(answer)
    async with account(provider) as ours:
        assert (status, answer.body.encode()) == await called(ours)
    assert 1 == provider.books.calls


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (errors.wrong_key("sk-x"), AccountLocked),
        (refusal(402, "Pay first."), AccountLocked),
        (errors.forbidden(), AccountLocked),
        (errors.no_such_model("gpt-9"), ModelMisconfigured),
        (errors.rate_limited(3), ModelBusy),
        (errors.rate_limited(3, in_milliseconds=True), ModelBusy),
        (errors.out_of_quota(), AccountLocked),
        (refusal(400, "Your limit is reached.", code="billing_hard_limit_reached"), AccountLocked),
        (errors.server_error(), ModelDown),
        (errors.bad_gateway(), ModelDown),
        (errors.overloaded(), ModelBusy),
        (refusal(529, "Overloaded."), ModelBusy),
        (refusal(418, "A teapot."), ModelDown),
        (Refusal(204, ""), ModelDown),
        (Refusal(301, "", {"Location": "https://elsewhere.example/v1/chat/completions"}), ModelDown),
        (page(b"<html>Please log in.</html>", "text/html; charset=utf-8"), ModelMisconfigured),
        (page(ERROR + b"\n\n"), ModelDown),
        (page(ERROR.replace(b"server_error", b"insufficient_quota") + b"\r\n\r\n"), AccountLocked),
        (page(ERROR.replace(b"server_error", b"context_length_exceeded") + b"\n\n"), ContextFull),
        (page(ERROR), ModelDown),
        (Raw(ending=Ending.CUT), ModelDown),
        (Raw(), ModelDown),
        (Raw(b"SSH-2.0-owl\r\n\r\n"), ModelDown),
        (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), ModelDown),
    ],
)
async def test_the_providers_trouble_gets_our_name_before_an_answer_has_begun(
    provider: OpenAI, answer: Answer, expected: type[BotError]
) -> None:
    """So another account can be asked."""
    provider.queue(answer)
    async with account(provider) as ours:
        failed = await trouble(ours, STREAM)

    assert expected is type(failed)
    assert 1 == provider.books.calls
    if isinstance(failed, ModelBusy) and "rate" in str(failed).lower():
        assert 3 == pytest.approx(failed.retry_after, abs=0.1)


async def test_an_error_in_the_first_event_is_found_however_it_is_torn() -> None:
    async with torn(ERROR + b"\n\n") as url:
        ours = ApiAccount(url, "key", PATIENT)
        with pytest.raises(ModelDown, match="We fell over"):
            await called(ours, STREAM)
        await ours.close()


@contextlib.asynccontextmanager
async def torn(events: bytes) -> AsyncIterator[str]:
    """A provider that sends a stream byte by byte, each in a packet that has been read before the next leaves."""
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for byte in events:
            writer.write(bytes((byte,)))
            for _ in range(20):
                await asyncio.sleep(0)
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with asyncio.timeout(BOUND):
            await gone.wait()


async def test_a_redirect_is_not_followed(provider: OpenAI) -> None:
    """The key would go along."""
    async with OpenAI() as elsewhere:
        provider.queue(Refusal(307, "", {"Location": f"{elsewhere.base_url}/chat/completions"}))
        async with account(provider) as ours:
            assert ModelDown is type(await trouble(ours))
        assert 0 == elsewhere.books.calls


async def test_nobody_at_the_address() -> None:
    ours = ApiAccount("http://127.0.0.1:9/v1", "key", PATIENT)
    assert ModelDown is type(await trouble(ours))
    await ours.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Raw(ending=Ending.HANG), ModelSilent),
        (page(b"", ending=Ending.HANG), ModelSilent),
        (page(WORDS, ending=Ending.HANG), ModelCut),
        (Raw(b"HTTP/1.1 400 No\r\nContent-Length: 99\r\n\r\n{", ending=Ending.HANG), ModelSilent),
    ],
    ids=["before the head", "before the body", "within the body", "within a refusal"],
)
async def test_who_says_nothing_more_is_not_waited_for(provider: OpenAI, answer: Raw, expected: type[BotError]) -> None:
    provider.queue(answer)
    async with account(provider, HASTY) as ours:
        assert expected is type(await trouble(ours, STREAM))


async def test_an_answer_without_end_has_one(provider: OpenAI) -> None:
    """A slow drip keeps every gap short."""
    provider.queue(say("owl " * 1_000, rate=20))
    async with account(provider, Timeouts(connect=1, first_token=30, gap=30, total=2)) as ours:
        assert ModelCut is type(await trouble(ours, STREAM))


@pytest.mark.parametrize("answer", [Raw(HEAD + WORDS, ending=Ending.CUT), Raw(HEAD + WORDS), say("Hoo.", Ending.CUT)])
async def test_what_breaks_off_was_cut_and_what_had_come_is_passed_on(provider: OpenAI, answer: Answer) -> None:
    """Whoever reads a body learns that it is not all there."""
    provider.queue(answer)
    said: list[bytes] = []
    async with account(provider) as ours:
        with pytest.raises(ModelCut):
            await listened(ours, said)

    assert b"oo" in b"".join(said)


async def listened(account: ApiAccount, said: list[bytes]) -> None:
    async with asyncio.timeout(BOUND), account.call(ApiRequest(SPEC, "chat/completions", STREAM)) as response:
        async for block in response.body:
            said.append(block)  # noqa: PERF401  # an error must not lose what came before


async def test_leaving_the_block_ends_the_call(provider: OpenAI) -> None:
    provider.queue(say("owl " * 200, rate=100))
    async with account(provider) as ours, asyncio.timeout(BOUND):
        async with ours.call(ApiRequest(SPEC, "chat/completions", STREAM)) as response:
            await anext(response.body)
        while provider.books.open:
            await asyncio.sleep(0.01)
    assert 1 == provider.books.cancelled


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_our_key_is_in_no_error(provider: OpenAI, status: int) -> None:
    """Some send it back: neither a program nor the log may have it."""
    provider.queue(refusal(status, f"Your key {provider.api_key} is no good."))
    async with account(provider) as ours:
        told = (await called(ours))[1] if status == 400 else str(await trouble(ours)).encode()

    assert provider.api_key.encode() not in told
    assert b"is no good" in told


async def test_our_key_is_in_no_error_that_comes_as_an_event(provider: OpenAI) -> None:
    provider.queue(page(ERROR.replace(b"We", provider.api_key.encode()) + b"\n\n"))
    async with account(provider) as ours:
        failed = str(await trouble(ours, STREAM))

    assert provider.api_key not in failed
    assert "fell over" in failed


async def test_an_endless_error_is_read_to_some_length(provider: OpenAI) -> None:
    provider.queue(Raw(b"HTTP/1.1 400 No\r\nConnection: close\r\n\r\n" + b"x" * (8 << 20)))
    async with account(provider) as ours:
        status, body = await called(ours)

    assert 400 == status
    assert LARGEST_ERROR <= len(body) < 8 * LARGEST_ERROR


async def test_what_a_provider_calls_the_limit_is_found_out_once(provider: OpenAI) -> None:
    """OpenAI's newer models take max_completion_tokens alone, many other servers max_tokens alone."""
    provider.queue(errors.unsupported_parameter("max_tokens"))
    async with account(provider) as ours:
        outcomes = [await called(ours, limit=300) for _ in range(2)]

    assert [200, 200] == [status for status, _ in outcomes]
    assert 3 == provider.books.calls
    newest = provider.books.requests[-1]
    assert 300 == newest["max_completion_tokens"]
    assert "max_tokens" not in newest


async def test_a_provider_that_likes_neither_name_is_asked_twice(provider: OpenAI) -> None:
    """It dislikes the limit itself, and says so for as long as it is asked."""
    for name in ("max_tokens", "max_completion_tokens") * 5:
        provider.queue(errors.bad_request(f"{name} is too large.", name, "invalid_value"))
    async with account(provider) as ours:
        status, body = await called(ours, limit=300)

    assert 400 == status
    assert b"is too large" in body
    assert 2 == provider.books.calls


async def test_a_limit_that_the_program_named_is_its_own_mistake(provider: OpenAI) -> None:
    provider.queue(errors.unsupported_parameter("max_tokens"))
    async with account(provider) as ours:
        status, _ = await called(ours, {**FIELDS, "max_tokens": 9})

    assert 400 == status
    assert 1 == provider.books.calls


async def test_a_socks_proxy_carries_it(provider: OpenAI) -> None:
    async with Socks(("owl", "hoo:@/%")) as proxy, account(provider, proxy=proxy.url) as ours:
        status, body = await called(ours)

    assert 200 == status
    assert "Because of scattering." == json.loads(body)["choices"][0]["message"]["content"]
    assert [("127.0.0.1", provider.port)] == proxy.destinations
    assert proxy.received > len(body)


async def test_an_http_proxy_carries_it(provider: OpenAI) -> None:
    async with http_proxy() as (proxy, asked), account(provider, proxy=f"http://{proxy}") as ours:
        status, _ = await called(ours)

    assert 200 == status
    assert asked[0].startswith(b"CONNECT 127.0.0.1:")


async def test_a_proxy_that_is_not_there_is_a_model_that_is_down(provider: OpenAI) -> None:
    async with account(provider, proxy="socks5://owl:secret@127.0.0.1:9") as ours:
        failed = await trouble(ours)

    assert ModelDown is type(failed)
    assert "secret" not in str(failed)
    assert 0 == provider.books.calls


async def test_connections_are_used_again_and_closed_with_the_account() -> None:
    opened: list[asyncio.StreamReader] = []
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(reader)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        closed.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        ours = ApiAccount(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", "key", PATIENT)
        for _ in range(3):
            assert (200, b"{}") == await called(ours)
        assert 1 == len(opened)
        assert not closed.is_set()
        await ours.close()
        async with asyncio.timeout(BOUND):
            await closed.wait()


async def test_what_is_no_chunk_cuts_an_answer() -> None:
    """However slowly it is read: aiohttp has closed the connection by then."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nTo wi\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"4\r\nt, t\r\nno chunk\r\n")
        await reader.read()
        writer.close()

    async with listening(serve) as port:
        ours = ApiAccount(f"http://127.0.0.1:{port}/v1", "key", PATIENT)
        async with asyncio.timeout(BOUND), ours.call(ApiRequest(SPEC, "chat/completions")) as response:
            await anext(response.body)
            await asyncio.sleep(0.2)
            with pytest.raises(ModelCut):
                _ = [block async for block in response.body]
        await ours.close()


async def test_an_account_that_was_never_asked_can_be_closed() -> None:
    await ApiAccount("http://127.0.0.1:9/v1", "key").close()


async def test_a_stream_that_is_torn_anywhere_arrives_whole(provider: OpenAI) -> None:
    provider.queue(say("Grüße, 世界 🦉!", wire=Wire(split=1)))
    async with account(provider) as ours:
        _, body = await called(ours, STREAM)

    events = [json.loads(line[5:]) for line in body.split(b"\n") if line.startswith(b"data: {")]
    assert "Grüße, 世界 🦉!" == "".join(event["choices"][0]["delta"].get("content", "") for event in events)

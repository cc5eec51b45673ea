"""Answers that do not end well: what the SDK makes of each is what the adapter has to cope with."""

import asyncio
import json
from collections.abc import AsyncIterator

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import errors
from sandbox.openai.script import Ending, Script, Wire, paced, say
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.conftest import HURRY
from tests.sandbox.openai.listen import Heard, listen, listen_into, whole

WORDS = "Before the end there were words. 🦉"


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """Not judged: these answers are wrong on purpose."""
    async with OpenAI(hurry=HURRY) as provider:
        yield provider


async def _heard_before(error: type[Exception], client: AsyncOpenAI) -> str:
    heard = Heard([])
    with pytest.raises(error):
        await listen_into(heard, client)
    return heard.text


async def test_a_cut_connection_is_a_connection_error(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What came before it was heard, and is worth showing."""
    provider.queue(say(WORDS, Ending.CUT))

    assert await _heard_before(openai.APIConnectionError, client) == WORDS


async def test_a_clean_end_without_a_reason_raises_nothing(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The trap: it looks like success unless one asks for the reason."""
    provider.queue(say(WORDS, Ending.EOF))

    heard = await listen(client)

    assert (WORDS, None, None) == (heard.text, heard.reason, heard.usage)


async def test_a_stream_that_hangs_times_out_in_the_client(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Only the reader's own clock ends it, and then the provider is rid of it, too."""
    provider.queue(say(WORDS, Ending.HANG))

    assert await _heard_before(openai.APITimeoutError, _impatient(client)) == WORDS
    await _until_closed(provider)
    assert 1 == provider.books.cancelled


async def test_comments_keep_a_hanging_stream_from_timing_out(provider: OpenAI, client: AsyncOpenAI) -> None:
    """A read timeout does not see that no word comes: one needs a clock between words."""
    provider.queue(say(WORDS, Ending.HANG, wire=Wire(keep_alive=0.02 * HURRY)))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await listen(_impatient(client))
    await _until_closed(provider)


async def test_half_an_event_is_no_error_of_openai(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The SDK lets the JSON decoder's error through."""
    provider.queue(say(WORDS, Ending.GARBAGE))

    assert await _heard_before(json.JSONDecodeError, client) == WORDS


async def test_an_error_can_come_inside_a_stream(provider: OpenAI, client: AsyncOpenAI) -> None:
    """With status 200 long sent, it arrives as an event."""
    provider.queue(say(WORDS, Ending.ERROR))

    assert await _heard_before(openai.APIError, client) == WORDS


async def test_an_error_inside_a_stream_has_its_code(provider: OpenAI, client: AsyncOpenAI) -> None:
    """A rate limit noticed late is still a rate limit."""
    provider.queue(Script(paced(WORDS), Ending.ERROR, error=errors.rate_limited(2)))

    with pytest.raises(openai.APIError) as caught:
        await listen(client)

    assert "rate_limit_exceeded" == caught.value.code


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        (Ending.CUT, openai.APIConnectionError),
        (Ending.HANG, openai.APITimeoutError),
        (Ending.GARBAGE, json.JSONDecodeError),
        (Ending.EOF, json.JSONDecodeError),
        (Ending.ERROR, openai.InternalServerError),
    ],
)
async def test_a_whole_answer_breaks_in_the_nearest_way(
    provider: OpenAI, client: AsyncOpenAI, ending: Ending, error: type[Exception]
) -> None:
    """Callers without streams meet the same troubles."""
    provider.queue(say(WORDS, ending))

    with pytest.raises(error):
        await whole(_impatient(client) if ending is Ending.HANG else client)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_torn_characters_arrive_whole(provider: OpenAI, client: AsyncOpenAI, line_end: str) -> None:
    """Three bytes to a write tear the owl's four, its event's lines, and CRLF itself."""
    provider.queue(say(WORDS, wire=Wire(line_end=line_end, split=3)))

    heard = await listen(client)

    assert (WORDS, "stop") == (heard.text, heard.reason)


async def test_a_slow_drip_with_comments_is_a_good_stream(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Bytes that come one by one, and lines that mean nothing, are all within the standard."""
    provider.queue(say("Hoo, hoo.", rate=0.05, wire=Wire(split=40, drip=0.5, keep_alive=6)))

    assert "Hoo, hoo." == (await listen(client)).text


def _impatient(client: AsyncOpenAI) -> AsyncOpenAI:
    """A client that soon gives up on words, but not on the connection: machines are busy at times."""
    return client.with_options(timeout=openai.Timeout(5, read=0.2))


async def _until_closed(provider: OpenAI) -> None:
    async with asyncio.timeout(2):
        while provider.books.open:
            await asyncio.sleep(0.005)

"""adapters.upstream.openai on a wire where anything may come: what has ended stays whole, what is lost has a name."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.upstream.openai import OpenAIModel
from bot.errors import ModelDown, ModelMisconfigured, ModelSilent
from bot.ports import Chunk
from sandbox.openai.script import Ending, Raw, page
from sandbox.openai.server import OpenAI
from tests.adapters.upstream.test_openai import QUICK, request

WORDS = b'data: {"choices": [{"delta": {"content": "Hoo."}, "finish_reason": null}]}\n\n'
STOP = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI() as server:
        yield server


@pytest_asyncio.fixture
async def model(provider: OpenAI) -> AsyncIterator[OpenAIModel]:
    account = OpenAIModel(provider.base_url, provider.api_key, QUICK)
    yield account
    await account.close()


async def heard(model: OpenAIModel) -> list[Chunk]:
    return [chunk async for chunk in model.stream(request())]


@pytest.mark.parametrize(
    "answer",
    [
        page(WORDS + STOP),
        page(WORDS + STOP, ending=Ending.CUT),
        page(WORDS + STOP, ending=Ending.HANG),
        page(WORDS + STOP + b"data: {]\n\n"),
        page(WORDS + STOP + b'data: {"error": "late"}\n\n'),
    ],
    ids=["no mark of the end", "cut", "silence", "garbage", "an error"],
)
async def test_what_comes_after_the_end_harms_nothing(provider: OpenAI, model: OpenAIModel, answer: Raw) -> None:
    """The answer would be thrown away, and asked and paid for once more."""
    provider.queue(answer)
    chunks = await heard(model)

    assert "Hoo." == "".join(chunk.text for chunk in chunks)
    assert "stop" == chunks[-1].finish


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b"SSH-2.0-owl\r\n\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\n\x00\x01\r\n\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + WORDS),
        Raw(),
        Raw(ending=Ending.CUT),
    ],
    ids=["no HTTP", "no header", "no chunk", "no gzip", "closed", "reset"],
)
async def test_what_is_no_response_is_a_model_that_is_down(provider: OpenAI, model: OpenAIModel, answer: Raw) -> None:
    """The library below the SDK has errors of its own, and calls a lost connection a timeout."""
    provider.queue(answer)
    with pytest.raises(ModelDown) as failed:
        await heard(model)

    assert not isinstance(failed.value, ModelSilent | ModelMisconfigured)


async def test_nobody_at_the_address_is_not_called_slow() -> None:
    """The operator reads why."""
    nobody = OpenAIModel("http://127.0.0.1:9/v1", "key", QUICK)
    with pytest.raises(ModelDown, match="Cannot connect") as failed:
        await heard(nobody)
    await nobody.close()

    assert ModelDown is type(failed.value)


@pytest.mark.parametrize(
    "answer",
    [
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + WORDS),
        page(b"data: Hoo.\n\n"),
        page(b'data: ["Hoo."]\n\n'),
        page(b"<html>Hoo.</html>"),
    ],
    ids=["no chunk", "no JSON", "no event", "a page"],
)
async def test_what_the_log_is_told_has_no_word_of_an_answer(provider: OpenAI, model: OpenAIModel, answer: Raw) -> None:
    provider.queue(answer)
    with pytest.raises(ModelDown) as trouble:
        await heard(model)

    assert "Hoo" not in str(trouble.value)


async def test_a_page_is_some_other_server(provider: OpenAI, model: OpenAIModel) -> None:
    """A wrong base_url, a proxy's login: for the operator to mend."""
    provider.queue(page(b"<html>Please log in.</html>", content_type="text/html; charset=utf-8"))
    with pytest.raises(ModelMisconfigured, match="text/html"):
        await heard(model)

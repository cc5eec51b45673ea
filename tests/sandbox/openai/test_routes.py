"""What holds on every route that costs something: keys, faults, cues, books, and models that can do something else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.faults import Fault
from sandbox.openai import errors, routes, sounds
from sandbox.openai.script import Ending, Script, page, say
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import whole
from tests.sandbox.pictures import png

Ask = Callable[..., Awaitable[Any]]


def _chat(client: AsyncOpenAI, model: str = "parley-demo") -> Awaitable[Any]:
    return whole(client, "joke", model=model)


def _respond(client: AsyncOpenAI, model: str = "parley-demo") -> Awaitable[Any]:
    return client.responses.create(model=model, input="joke")


def _embed(client: AsyncOpenAI, model: str = "parley-demo-embedding") -> Awaitable[Any]:
    return client.embeddings.create(model=model, input="joke")


def _draw(client: AsyncOpenAI, model: str = "parley-demo-picture") -> Awaitable[Any]:
    return client.images.generate(model=model, prompt="joke")


def _edit(client: AsyncOpenAI, model: str = "parley-demo-picture") -> Awaitable[Any]:
    return client.images.edit(model=model, prompt="joke", image=("owl.png", png(8, 8)))


def _speak(client: AsyncOpenAI, model: str = "parley-demo-speech") -> Awaitable[Any]:
    return client.audio.speech.create(model=model, input="joke", voice="alloy")


def _hear(client: AsyncOpenAI, model: str = "parley-demo-transcription") -> Awaitable[Any]:
    return client.audio.transcriptions.create(model=model, file=("owl.wav", sounds.wav(0.5)))


ASKS: dict[str, Ask] = {
    routes.CHAT: _chat,
    routes.RESPONSES: _respond,
    routes.EMBEDDINGS: _embed,
    routes.IMAGES: _draw,
    routes.IMAGE_EDITS: _edit,
    routes.SPEECH: _speak,
    routes.TRANSCRIPTIONS: _hear,
}

every = pytest.mark.parametrize(("route", "ask"), ASKS.items(), ids=ASKS.keys())
each = pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS.keys())


def test_every_route_is_tried_here() -> None:
    """Whoever adds one adds it above."""
    assert routes.PAID == ASKS.keys()


@every
async def test_a_call_is_counted_and_billed(provider: OpenAI, client: AsyncOpenAI, route: str, ask: Ask) -> None:
    """Tests hold their own accounts against these."""
    await ask(client)

    books = provider.books
    assert (1, 1, 0, 0) == (books.calls, len(books.requests), books.open, books.cancelled)
    (bill,) = books.invoice
    assert route == bill.route
    assert 0 < bill.total + bill.images + bill.seconds


@every
async def test_a_fault_strikes_by_the_name_of_the_route(
    provider: OpenAI, client: AsyncOpenAI, route: str, ask: Ask
) -> None:
    """Such a call was made, but there is nothing to pay."""
    provider.faults.plan(Fault(route, status=503, body={"error": {"message": "x", "type": "y"}}))

    with pytest.raises(openai.InternalServerError):
        await ask(client)

    assert (1, []) == (provider.books.calls, provider.books.invoice)


@every
async def test_a_refusal_can_be_ordered(provider: OpenAI, client: AsyncOpenAI, route: str, ask: Ask) -> None:
    """By a rule that goes by the route."""
    provider.when(lambda asked: asked.route == route, errors.rate_limited(7))

    with pytest.raises(openai.RateLimitError) as caught:
        await ask(client)

    assert "7" == caught.value.response.headers["retry-after"]
    assert [] == provider.books.invoice


@each
async def test_a_wrong_key_opens_nothing(client: AsyncOpenAI, ask: Ask) -> None:
    """Not one of them."""
    with pytest.raises(openai.AuthenticationError):
        await ask(client.with_options(api_key="sk-wrong"))


@each
async def test_the_limits_of_the_account_are_told(client: AsyncOpenAI, ask: Ask) -> None:
    """On good answers; whoever passes answers on has them to pass on."""
    heads: list[Any] = []

    async def keep(response: Any) -> None:
        heads.append(response.headers)

    client._client.event_hooks = {"response": [keep]}
    await ask(client)

    assert "10000" == heads[0]["x-ratelimit-limit-requests"]
    assert heads[0]["x-request-id"].startswith("req_")


@each
async def test_an_answer_breaks_where_the_script_breaks(provider: OpenAI, client: AsyncOpenAI, ask: Ask) -> None:
    """Cut, or an error in place of an answer: the same endings everywhere."""
    provider.queue(say("Hoo.", Ending.CUT), say("Hoo.", Ending.ERROR))

    with pytest.raises(openai.APIConnectionError):
        await ask(client)
    with pytest.raises(openai.InternalServerError):
        await ask(client)


@each
async def test_a_client_that_leaves_is_noticed(provider: OpenAI, client: AsyncOpenAI, ask: Ask) -> None:
    """The provider stops working for it, and what was not made is not paid."""
    provider.queue(Script(ending=Ending.HANG))

    asking = asyncio.ensure_future(ask(client))
    async with asyncio.timeout(5):
        while not provider.books.open:
            await asyncio.sleep(0.005)
        asking.cancel()
        while provider.books.open:
            await asyncio.sleep(0.005)

    assert (1, True) == (provider.books.cancelled, provider.books.invoice[0].cancelled)


async def test_bytes_can_be_put_on_any_wire(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What comes from a proxy is not what was asked for."""
    provider.traffic.listeners.clear()
    provider.queue(page(b"<html>", "text/html"))

    answer = await client.embeddings.with_raw_response.create(model="parley-demo-embedding", input="owl")

    assert "text/html" == answer.headers["content-type"]


WRONG: dict[str, tuple[Ask, str, int, str | None]] = {
    "a picture model in a chat": (_chat, "parley-demo-picture", 404, None),
    "a speech model as a response": (_respond, "parley-demo-speech", 400, "unsupported_model"),
    "a chat model for vectors": (_embed, "parley-demo", 403, None),
    "a chat model for pictures": (_draw, "parley-demo", 400, "invalid_value"),
    "a chat model for edits": (_edit, "parley-demo", 400, "invalid_value"),
    "a chat model for speech": (_speak, "parley-demo", 400, "invalid_value"),
    "a speech model for transcripts": (_hear, "parley-demo-speech", 400, "invalid_value"),
}


@pytest.mark.parametrize(("ask", "model", "status", "code"), WRONG.values(), ids=WRONG.keys())
async def test_a_model_refuses_what_it_cannot_do(
    client: AsyncOpenAI, ask: Ask, model: str, status: int, code: str | None
) -> None:
    """A wrong line in the configuration looks like this."""
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(client, model)

    assert (status, code) == (caught.value.status_code, caught.value.code)


@each
async def test_an_unknown_model_is_not_found(client: AsyncOpenAI, ask: Ask) -> None:
    """A typing error looks like this."""
    with pytest.raises(openai.NotFoundError, match="`gpt-owl` does not exist") as caught:
        await ask(client, "gpt-owl")

    assert "model_not_found" == caught.value.code

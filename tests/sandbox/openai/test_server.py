"""The server around the answers: keys, routes, models, headers, faults, books."""

import asyncio

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.faults import Fault
from sandbox.openai import tokens
from sandbox.openai.models import ALL
from sandbox.openai.script import say, steady
from sandbox.openai.server import API_KEY, LARGEST, OpenAI
from tests.sandbox.openai.listen import listen, whole


async def test_a_wrong_key_is_refused_and_not_repeated(client: AsyncOpenAI) -> None:
    """The body shows enough of the key to find it, never all of it."""
    with pytest.raises(openai.AuthenticationError) as caught:
        await listen(client.with_options(api_key="sk-wrong-key-of-somebody-1234"))

    assert "invalid_api_key" == caught.value.code
    assert "sk-wrong*****************1234" in str(caught.value)


@pytest.mark.parametrize("header", ["", "Basic c2s=", "Bearer"])
async def test_a_call_without_a_key_is_refused(client: AsyncOpenAI, header: str) -> None:
    """Every route needs one."""
    with pytest.raises(openai.AuthenticationError, match="didn't provide an API key"):
        await client.get("/models", cast_to=object, options={"headers": {"Authorization": header}})


async def test_the_models_are_listed(client: AsyncOpenAI) -> None:
    """A pool learns from this what an account offers."""
    assert [model.id for model in ALL] == [model.id async for model in client.models.list()]
    assert "parley-demo-mini" == (await client.models.retrieve("parley-demo-mini")).id


async def test_an_unknown_model_has_no_page(client: AsyncOpenAI) -> None:
    """A check of the configuration asks here before anybody else does."""
    with pytest.raises(openai.NotFoundError) as caught:
        await client.models.retrieve("gpt-owl")

    assert ("model", "model_not_found") == (caught.value.param, caught.value.code)


async def test_a_wrong_address_answers_in_the_form_of_openai(client: AsyncOpenAI) -> None:
    """A base URL without /v1 is the commonest mistake of all."""
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(POST /v1/chat\)"):
        await client.post("/chat", cast_to=object)
    with pytest.raises(openai.APIStatusError, match="Not allowed to GET on /v1/chat/completions") as caught:
        await client.get("/chat/completions", cast_to=object)

    assert 405 == caught.value.status_code


async def test_a_body_of_more_than_the_largest_size_is_refused(client: AsyncOpenAI) -> None:
    """Pictures in a prompt get there sooner than one thinks."""
    with pytest.raises(openai.APIStatusError) as caught:
        await client.post("/chat/completions", content=b" " * (LARGEST + 1), cast_to=object)

    assert 413 == caught.value.status_code


async def test_an_answer_says_who_it_is_and_what_is_left(client: AsyncOpenAI) -> None:
    """Operators quote the request id; a pool may read the limits."""
    answer = await client.chat.completions.with_raw_response.create(
        model="parley-demo", messages=[{"role": "user", "content": "joke"}]
    )

    assert answer.headers["x-request-id"].startswith("req_")
    assert 0 <= int(answer.headers["openai-processing-ms"])
    assert "10000" == answer.headers["x-ratelimit-limit-requests"]


async def test_a_fault_strikes_the_call_that_it_names(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The same faults as in the other simulators, by the names of OpenAI's own clients."""
    provider.faults.plan(Fault("models.*", status=500, body={"error": {"message": "x", "type": "y"}}))

    assert "stop" == (await listen(client, "joke")).reason
    with pytest.raises(openai.InternalServerError):
        await client.models.list()
    assert len(ALL) == len([model async for model in client.models.list()])


async def test_a_lost_reply_was_still_billed(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The provider worked and wants its money, whether or not we heard the answer."""
    provider.faults.plan(Fault("chat.completions", lose_reply=True))
    provider.queue(say("Hoo."))

    with pytest.raises(openai.APIConnectionError):
        await whole(client)

    assert tokens.count("Hoo.") == provider.books.tokens


async def test_a_client_that_leaves_stops_the_answer(provider: OpenAI, client: AsyncOpenAI) -> None:
    """The stop button saves money only if the provider notices, and bills what was said until then."""
    provider.queue(steady(100_000, seconds=1_000_000))

    stream = await client.chat.completions.create(
        model="parley-demo", messages=[{"role": "user", "content": "?"}], stream=True
    )
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    assert 1 == provider.books.open
    await stream.close()
    async with asyncio.timeout(2):
        while provider.books.open:
            await asyncio.sleep(0.001)

    assert 1 == provider.books.cancelled
    (bill,) = provider.books.invoice
    assert bill.cancelled
    assert 1 <= bill.completion < 100


async def test_the_books_tell_what_was_asked_and_what_it_cost(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Tests of the bot judge its prompts and its own accounts by these."""
    provider.queue(say("Hoo."), say("Hoo, hoo."))

    first = await listen(client, {"role": "system", "content": "Be an owl."}, "Who?")
    second = await listen(client)

    assert first.usage is not None
    assert second.usage is not None
    books = provider.books
    assert (2, 0, 0) == (books.calls, books.open, books.cancelled)
    assert "Be an owl." == books.requests[0]["messages"][0]["content"]
    assert [first.usage.total_tokens, second.usage.total_tokens] == [bill.total for bill in books.invoice]
    assert first.usage.completion_tokens + second.usage.completion_tokens == books.tokens


async def test_rules_answer_what_they_match_and_the_queue_goes_first(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Journeys run many conversations at once; a rule finds its own among them."""
    provider.when(lambda asked: "owl" in asked.text, say("Hoo."), times=1)
    provider.when(lambda asked: asked.lines("system") == ["brief"], lambda asked: say(asked.text[:3]))
    provider.otherwise(say("Nothing."))
    provider.queue(say("First."))

    said = [(await listen(client, text)).text for text in ("owl", "an owl", "an owl")]

    assert ["First.", "Hoo.", "Nothing."] == said
    assert "cat" == (await listen(client, {"role": "system", "content": "brief"}, "catalogue")).text


async def test_a_server_comes_back_where_it_was() -> None:
    """Tests of a provider's outage stop and start it under the same address."""
    provider = OpenAI(otherwise=say("Here."))
    await provider.start()
    address = provider.base_url
    async with AsyncOpenAI(base_url=address, api_key=API_KEY, max_retries=0) as client:
        await provider.stop()
        with pytest.raises(openai.APIConnectionError):
            await listen(client)
        await provider.start()

        assert ("Here.", address) == ((await listen(client)).text, provider.base_url)
    await provider.stop()


async def test_fifty_answers_run_at_once(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What the benchmarks ask of it: all of them whole."""
    provider.traffic.listeners.clear()  # judging ten thousand events takes longer than serving them
    provider.otherwise(steady(200, seconds=200))

    answers = await asyncio.gather(*(listen(client) for _ in range(50)))

    assert {" owl" * 200} == {heard.text for heard in answers}
    assert 10_000 == provider.books.tokens

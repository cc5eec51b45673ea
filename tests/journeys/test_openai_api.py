"""Programs ask with OpenAI's own client, by a key of ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio
from aiohttp import ClientSession, FormData
from openai import AsyncOpenAI

from adapters import service
from adapters.http import bodies, connection
from adapters.http.auth import FRESH
from adapters.http.bounds import BESIDE
from adapters.wiring import utc_now
from bot import tasks
from bot.amounts import parse_limit
from bot.keyring import KeyScope, revoke
from bot.people import EVERYWHERE, decide
from sandbox.openai import errors as refusals
from sandbox.openai.errors import Refusal
from sandbox.openai.script import Ending, Script, paced, page, say, steady
from sandbox.openai.sounds import wav
from tests.journeys.programs import Programs, on_programs
from tests.journeys.thirty_calls import CHAT, EAR, PICTURE, QUESTION, WORDS, thirty_calls


@pytest_asyncio.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    async with on_programs(tmp_path) as running:
        running.provider.otherwise(say(WORDS))
        yield running
    assert [] == running.judge.violations


async def test_thirty_calls_end_as_they_do_at_the_provider(programs: Programs) -> None:
    """Streams, tools, pictures, sound, embeddings, errors: the client cannot tell us from the provider."""
    async with programs.sdk(None) as straight:
        expected = await thirty_calls(programs.provider, straight)
    async with programs.sdk(await programs.key()) as client:
        actual = await thirty_calls(programs.provider, client)

    assert 30 == len(expected)
    for number, (there, here) in enumerate(zip(expected, actual, strict=True)):
        assert there == here, number


async def test_a_burst_admits_what_the_quota_allows_and_tells_the_rest_not_to_try_again(programs: Programs) -> None:
    """Sixty at once on a quota of five: 5 answers, 55 refusals, and the client's own retries stay away."""
    key = await programs.key(limits=[parse_limit("5 questions per day")])

    async with programs.sdk(key) as client:
        outcomes = await asyncio.gather(*(_ask(client) for _ in range(60)), return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, openai.RateLimitError)]
    assert (5, 55) == (outcomes.count(WORDS), len(refused))
    assert {"insufficient_quota"} == {error.code for error in refused}
    assert {"false"} == {error.response.headers["x-should-retry"] for error in refused}
    assert all(int(error.response.headers["retry-after"]) > 0 for error in refused)
    assert 5 == programs.provider.books.calls
    assert 60 == programs.reached


async def test_too_many_in_a_minute_is_a_reason_to_wait(programs: Programs) -> None:
    key = await programs.key(limits=[parse_limit("1 question per minute")])

    async with programs.sdk(key, max_retries=0) as client:
        await _ask(client)
        with pytest.raises(openai.RateLimitError) as caught:
            await _ask(client)

    assert "rate_limit_exceeded" == caught.value.code
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60
    assert "x-should-retry" not in caught.value.response.headers


async def test_what_is_charged_is_what_the_provider_takes(programs: Programs) -> None:
    """Whole or as a stream, with a usage that was asked for or not: to the token, and to the millionth of a dollar."""
    async with programs.sdk(await programs.key()) as client:
        await thirty_calls(programs.provider, client)

    spendings = await programs.spendings()
    bills = programs.provider.books.invoice
    answered = [bill for bill in bills if bill.model == CHAT]
    demo = next(each for each in spendings if each.model == "demo")
    assert sum(bill.prompt for bill in answered) == demo.input
    assert sum(bill.completion for bill in answered) == demo.output
    assert len(answered) + 1 == demo.requests  # and one that the provider refused, which was asked all the same
    art = next(each for each in spendings if each.model == "art")
    assert (3, 3 * 40_000) == (art.images, art.micro_usd)
    ear = next(each for each in spendings if each.model == "ear")
    assert (6, 6 * 100) == (ear.audio_seconds, ear.micro_usd)
    assert await programs.held() == 0


async def test_whoever_leaves_ends_it_upstream_and_pays_for_what_had_come(programs: Programs) -> None:
    """A client that closes a stream: the provider is rid of it at once, and nothing stays held."""
    programs.provider.queue(steady(200, 3_000.0))

    async with programs.sdk(await programs.key()) as client:
        stream = await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True)
        heard = ""
        async for chunk in stream:
            heard += chunk.choices[0].delta.content or ""
            if len(heard) > 20:
                break
        await stream.close()
        await programs.until(lambda: programs.provider.books.open == 0)

    assert 1 == programs.provider.books.cancelled
    await programs.until_async(lambda: programs.spendings())
    spent = (await programs.spendings())[0]
    assert 0 < spent.output < 200
    assert spent.input > 0
    assert await programs.held() == 0


async def test_whoever_leaves_before_a_whole_answer_ends_it_upstream_and_pays_for_the_question(
    programs: Programs,
) -> None:
    """The provider has read it by then: questions that are sent and dropped would cost the operator alone."""
    programs.provider.queue(say(WORDS, Ending.HANG))

    async with programs.sdk(await programs.key()) as client:
        asking = asyncio.ensure_future(_ask(client))
        await programs.until(lambda: programs.provider.books.open == 1)
        asking.cancel()
        await programs.until(lambda: programs.provider.books.open == 0)

    await programs.until_async(lambda: programs.nothing_held())
    spent = (await programs.spendings())[0]
    assert spent.input > 0
    assert 0 == spent.output


async def test_whoever_does_not_read_gives_up_the_place(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few clients that open streams and read nothing would hold every place on the operator's account."""
    monkeypatch.setattr(connection, "STALLED", 0.3)
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    programs.provider.queue(steady(4_000, 0.0))
    key = await programs.key()
    much = {"n": 8, "logprobs": True, "top_logprobs": 20}  # more than any buffer on the way takes
    asked = json.dumps({"model": CHAT, "messages": QUESTION, "stream": True, **much}).encode()

    _, writer = await asyncio.open_connection("127.0.0.1", programs.port, limit=1024)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key.reveal()}\r\n"
    writer.write(f"{head}Content-Length: {len(asked)}\r\n\r\n".encode() + asked)
    await programs.until(lambda: programs.provider.books.open == 1)
    await programs.until(lambda: programs.provider.books.open == 0)

    assert 1 == programs.provider.books.cancelled
    await programs.until_async(lambda: programs.nothing_held())
    writer.transport.abort()


async def test_a_service_that_is_told_to_end_charges_what_was_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than it is told to end once, and told again: a stream is broken off after its grace, and paid for."""
    monkeypatch.setattr(tasks, "AGAIN", 0.2)
    monkeypatch.setattr(service, "end", partial(tasks.end, again=0.2))
    async with on_programs(tmp_path) as programs:
        programs.provider.queue(steady(400, 400_000.0))
        async with programs.sdk(await programs.key(), max_retries=0) as client:
            heard: list[str] = []
            listening = asyncio.ensure_future(_listen(client, heard))
            await programs.until(lambda: len(heard) > 3)
            await programs.stop()
            with pytest.raises(openai.APIError):
                await listening
    async with on_programs(tmp_path) as later:
        spent = (await later.spendings())[0]
        assert 0 < spent.output < 400
        assert await later.nothing_held()


async def test_what_the_provider_refuses_counts_as_a_question(programs: Programs) -> None:
    """Refusals use up the operator's rate limit: a key has so many of them, too."""
    key = await programs.key(limits=[parse_limit("5 questions per day")])

    async with programs.sdk(key, max_retries=0) as client:
        outcomes = [await asyncio.gather(_ask(client, temperature=9), return_exceptions=True) for _ in range(8)]

    kinds = [type(outcome[0]) for outcome in outcomes]
    assert [openai.BadRequestError] * 5 + [openai.RateLimitError] * 3 == kinds
    assert 5 == programs.provider.books.calls


async def test_a_providers_words_of_an_error_are_not_passed_on(programs: Programs) -> None:
    """They may hold its key, or an address in the operator's network."""
    told = refusals.refusal(500, "Bad key sk-operator at http://10.0.0.5", "server_error")
    programs.provider.queue(Script(paced(WORDS), Ending.ERROR, error=told))

    async with programs.sdk(await programs.key()) as client:
        with pytest.raises(openai.APIError) as caught:
            await _listen(client, [])

    assert "sk-operator" not in str(caught.value.body)
    assert "10.0.0.5" not in str(caught.value)
    assert "upstream_unavailable" == caught.value.code


async def test_a_response_that_is_continued_is_held_with_all_before_it(programs: Programs) -> None:
    """The model reads it again: with little left there is no way on, however short the question."""
    key = await programs.key(limits=[parse_limit("1200 tokens per day")])
    programs.provider.otherwise(steady(300, 0.0))

    async with programs.sdk(key, max_retries=0) as client:
        first = await client.responses.create(model=CHAT, input="owl " * 200)
        with pytest.raises(openai.RateLimitError):
            await client.responses.create(model=CHAT, input="And?", previous_response_id=first.id)

    assert 1 == programs.provider.books.calls


@pytest.mark.parametrize(
    "field", [{"models": ["o1-pro"]}, {"api_base": "http://10.0.0.5"}, {"plugins": [{"id": "web"}]}]
)
async def test_nobody_chooses_another_server_or_model_past_the_price(programs: Programs, field: dict[str, Any]) -> None:
    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.BadRequestError):
            await _ask(client, extra_body=field)

    assert 0 == programs.provider.books.calls


async def test_a_field_that_comes_twice_is_refused(programs: Programs) -> None:
    """Ten pictures would be made where one was counted."""
    key = await programs.key()
    form = FormData()
    for name, value in (("model", PICTURE), ("prompt", "An owl"), ("n", "10"), ("n", "1")):
        form.add_field(name, value)
    form.add_field("image", b"...", filename="owl.png", content_type="image/png")

    async with (
        ClientSession() as session,
        session.post(
            f"{programs.url}/v1/images/edits", data=form, headers={"Authorization": f"Bearer {key.reveal()}"}
        ) as answer,
    ):
        told = await answer.json()

    assert (400, "n") == (answer.status, told["error"]["param"])
    assert 0 == programs.provider.books.calls


async def test_a_strange_address_of_a_proxy_is_no_trouble(programs: Programs) -> None:
    key = await programs.key()

    async with programs.sdk(key, default_headers={"X-Forwarded-For": "nobody knows"}) as client:
        assert WORDS == await _ask(client)


async def test_every_refusal_has_a_name_for_the_log(programs: Programs) -> None:
    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            await client.chat.completions.create(model="no-such-model", messages=QUESTION)

    assert caught.value.request_id is not None
    assert caught.value.request_id.startswith("req_")


async def test_a_usage_that_was_not_asked_for_is_not_told(programs: Programs) -> None:
    async with programs.sdk(await programs.key()) as client:
        quiet = [
            chunk async for chunk in await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True)
        ]

    assert all(chunk.choices for chunk in quiet)
    assert {None} == {chunk.usage for chunk in quiet}
    assert True is programs.provider.books.requests[-1]["stream_options"]["include_usage"]


async def test_an_answer_that_breaks_off_says_so_and_costs_what_had_come(programs: Programs) -> None:
    """The SDK raises its own error for an event that tells of one."""
    programs.provider.queue(say(WORDS, Ending.CUT))
    heard: list[str] = []

    async with programs.sdk(await programs.key()) as client:
        with pytest.raises(openai.APIError) as caught:
            await _listen(client, heard)

    assert WORDS == "".join(heard)
    assert "upstream_unavailable" == caught.value.code
    assert 0 < (await programs.spendings())[0].output
    assert await programs.held() == 0


@pytest.mark.parametrize(
    "trouble",
    [refusals.wrong_key("sk-operator"), refusals.rate_limited(7), refusals.out_of_quota(), refusals.server_error()],
)
async def test_the_providers_trouble_with_us_is_never_the_callers(programs: Programs, trouble: Refusal) -> None:
    """A wrong key, no money, too many: 503, with no word of the account."""
    programs.provider.queue(trouble)

    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            await _ask(client)

    assert 503 == caught.value.status_code
    assert "sk-" not in caught.value.response.text
    assert "quota" not in caught.value.response.text
    assert [] == await programs.spendings()
    assert await programs.held() == 0


def _event(content: str, usage: object = None) -> bytes:
    said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": CHAT, "usage": usage}
    return b"data: " + json.dumps({**said, "choices": [{"index": 0, "delta": {"content": content}}]}).encode() + b"\n\n"


async def test_a_stream_that_has_no_end_is_cut_off_and_costs_no_more_than_was_granted(programs: Programs) -> None:
    """A provider gone mad would fill our memory, and a member's quota."""
    programs.provider.queue(page(_event("Hoo. " * 200) * 2_000))
    heard: list[str] = []

    async with programs.sdk(await programs.key()) as client:
        with pytest.raises(openai.APIError):
            await _listen(client, heard, max_tokens=50)

    assert BESIDE // 4 < len("".join(heard)) < 2 * BESIDE
    assert 50 == (await programs.spendings())[0].output
    assert await programs.held() == 0


async def test_a_whole_answer_that_has_no_end_is_not_read_to_it(programs: Programs) -> None:
    message = {"role": "assistant", "content": "Hoo. " * 1_000_000}
    said = {"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    programs.provider.queue(page(json.dumps(said).encode(), "application/json"))

    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await _ask(client, max_tokens=50)

    assert "answer_too_large" == caught.value.code
    assert 1 == (await programs.spendings())[0].requests


@pytest.mark.parametrize("stream", [False, True])
async def test_a_usage_that_cannot_be_is_not_charged(programs: Programs, stream: bool) -> None:
    """What a provider says comes out of a member's month."""
    usage = {"prompt_tokens": 1 << 39, "completion_tokens": 1 << 39, "total_tokens": 1 << 40}
    message = {"role": "assistant", "content": "Hoo."}
    said = {"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": message}], "usage": usage}
    events, whole = page(_event("Hoo.", usage)), page(json.dumps(said).encode(), "application/json")
    programs.provider.queue(events if stream else whole)

    async with programs.sdk(await programs.key()) as client:
        await (_listen(client, [], max_tokens=50) if stream else _ask(client, max_tokens=50))

    spent = (await programs.spendings())[0]
    assert 50 == spent.output
    assert 0 < spent.input < 10_000


@pytest.mark.parametrize("seconds", [-7, -0.5, 1e12, True, "7", None])
async def test_seconds_that_cannot_be_are_not_charged(programs: Programs, seconds: object) -> None:
    """Below nothing they would give a member more than they had."""
    said = {"text": "Hoo.", "usage": {"type": "duration", "seconds": seconds}}
    programs.provider.queue(page(json.dumps(said).encode(), "application/json"))

    async with programs.sdk(await programs.key()) as client:
        await client.audio.transcriptions.create(model=EAR, file=("hoo.wav", wav(2.5)))

    spent = (await programs.spendings())[0]
    assert (3, 3 * 100) == (spent.audio_seconds, spent.micro_usd)


async def test_large_requests_wait_for_those_that_are_under_way(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred of 32 MB are more than we have memory; whoever has none under way is served meanwhile."""
    monkeypatch.setattr(bodies, "OF_ONE", 300_000)
    programs.provider.queue(say(WORDS, Ending.HANG))
    large: list[Any] = [{"role": "user", "content": "owl " * 50_000}]

    async with (
        programs.sdk(await programs.key(), max_retries=0) as ada,
        programs.sdk(await programs.key("discord:43"), max_retries=0) as bob,
    ):
        asking = asyncio.ensure_future(ada.chat.completions.create(model=CHAT, messages=large))
        await programs.until(lambda: programs.provider.books.open == 1)
        with pytest.raises(openai.RateLimitError) as caught:
            await ada.chat.completions.create(model=CHAT, messages=large)
        assert ("too_many_bytes", "5") == (caught.value.code, caught.value.response.headers["retry-after"])
        assert WORDS == await _ask(ada)
        await bob.chat.completions.create(model=CHAT, messages=large)
        asking.cancel()
        await programs.until_async(lambda: _succeeds(ada.chat.completions.create(model=CHAT, messages=large)))


async def test_a_request_that_is_sent_twice_is_answered_once(programs: Programs) -> None:
    """The same Idempotency-Key: the same answer, one call, one charge; with another body, a conflict."""
    key = await programs.key()
    again = {"Idempotency-Key": "order-7"}

    async with programs.sdk(key) as client:
        first = await client.chat.completions.create(model=CHAT, messages=QUESTION, extra_headers=again)
        second = await client.chat.completions.create(model=CHAT, messages=QUESTION, extra_headers=again)
        with pytest.raises(openai.ConflictError):
            await client.with_options(max_retries=0).chat.completions.create(
                model=CHAT, messages=QUESTION, seed=1, extra_headers=again
            )
    async with programs.sdk(await programs.key("discord:43")) as other:
        third = await other.chat.completions.create(model=CHAT, messages=QUESTION, extra_headers=again)

    assert first == second
    assert first.id != third.id
    assert 2 == programs.provider.books.calls
    assert 1 == (await programs.spendings())[0].requests


async def test_a_stream_that_is_asked_for_twice_flows_twice(programs: Programs) -> None:
    again = {"Idempotency-Key": "order-8"}

    async with programs.sdk(await programs.key()) as client:
        heard = [
            [
                chunk
                async for chunk in await client.chat.completions.create(
                    model=CHAT, messages=QUESTION, stream=True, extra_headers=again
                )
            ]
            for _ in range(2)
        ]

    assert heard[0] == heard[1]
    assert 1 == programs.provider.books.calls


async def test_an_answer_that_broke_off_is_not_kept(programs: Programs) -> None:
    programs.provider.queue(say(WORDS, Ending.CUT))
    again = {"Idempotency-Key": "order-9"}

    async with programs.sdk(await programs.key(), max_retries=0) as client:
        with pytest.raises(openai.APIError):
            await _listen(client, [], extra_headers=again)
        await programs.until_async(lambda: _succeeds(_listen(client, [], extra_headers=again)))

    assert 2 == programs.provider.books.calls


async def test_nobody_goes_on_from_somebody_elses_response(programs: Programs) -> None:
    """The provider has them all in one account: whose a response is, only we know."""
    async with (
        programs.sdk(await programs.key("discord:42")) as ada,
        programs.sdk(await programs.key("discord:43")) as bob,
    ):
        first = await ada.responses.create(model=CHAT, input="My name is Ada.")
        await ada.responses.create(model=CHAT, input="Who am I?", previous_response_id=first.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await bob.responses.create(model=CHAT, input="Who am I?", previous_response_id=first.id)

    assert "previous_response_not_found" == caught.value.code
    assert 2 == programs.provider.books.calls


async def test_a_revoked_key_is_dead_within_a_second(programs: Programs) -> None:
    """Though it was used a moment ago."""
    key = await programs.key()
    async with programs.sdk(key, max_retries=0) as client:
        await _ask(client)
        await revoke(programs.store.records, key.id, utc_now())
        await programs.until_async(lambda: _refused(client, openai.AuthenticationError))

    assert FRESH < 1


async def test_a_key_opens_what_it_is_for(programs: Programs) -> None:
    """Not chat with a key for pictures; not another model; nothing at all with a key for chat alone."""
    pictures = await programs.key(scopes=frozenset({KeyScope.IMAGES, KeyScope.API}))
    mini = await programs.key(models=("mini",))
    talk = await programs.key(scopes=frozenset({KeyScope.CHAT}))

    for key in (pictures, mini, talk):
        async with programs.sdk(key, max_retries=0) as client:
            with pytest.raises(openai.PermissionDeniedError):
                await _ask(client)
    async with programs.sdk(mini) as client:
        assert ["mini"] == [model.id async for model in await client.models.list()]

    assert 0 == programs.provider.books.calls


async def test_an_answer_is_no_longer_than_there_is_enough_left_for(programs: Programs) -> None:
    """A quota of 600 tokens: the provider is told to stop before it is overdrawn."""
    key = await programs.key(limits=[parse_limit("600 tokens per day")])

    async with programs.sdk(key) as client:
        await client.chat.completions.create(model=CHAT, messages=QUESTION, max_tokens=5_000)
        await client.chat.completions.create(model=CHAT, messages=QUESTION)

    named, unnamed = programs.provider.books.requests
    assert 256 <= named["max_tokens"] < 600
    assert 256 <= unnamed["max_tokens"] < 600


async def test_a_banned_member_is_told_so(programs: Programs) -> None:
    key = await programs.key("discord:66")
    await decide(programs.store.records, EVERYWHERE, "discord:66", banned=True)

    async with programs.sdk(key, max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await _ask(client)

    assert "banned" == caught.value.code


async def _ask(client: AsyncOpenAI, **options: Any) -> str | None:
    answer = await client.chat.completions.create(model=CHAT, messages=QUESTION, **options)
    words: str | None = answer.choices[0].message.content
    return words


async def _listen(client: AsyncOpenAI, heard: list[str], **options: Any) -> None:
    async for chunk in await client.chat.completions.create(model=CHAT, messages=QUESTION, stream=True, **options):
        heard.append(chunk.choices[0].delta.content or "")  # noqa: PERF401  # an error must not lose what came before


async def _succeeds(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except openai.APIError:
        return False
    return True


async def _refused(client: AsyncOpenAI, kind: type[Exception]) -> bool:
    try:
        await _ask(client)
    except kind:
        return True
    return False

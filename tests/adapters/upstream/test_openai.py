"""adapters.upstream: the real SDK against the loopback provider, and every way in which that can fail."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import httpx2
import openai
import pytest
import pytest_asyncio

from adapters.upstream.errors import hush, renamed
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from adapters.upstream.tokens import REMEMBERED, counter, parts, tokenizer_of
from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.errors import (
    AccountLocked,
    BotError,
    Broken,
    ContextFull,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
    Refused,
)
from bot.ports import Chunk, Request
from sandbox.openai import errors
from sandbox.openai.errors import Refusal
from sandbox.openai.script import Ending, Script, Wire, page, say
from sandbox.openai.server import OpenAI

SPEC = ModelSpec("demo", "parley-demo", 8_000, 500)
QUICK = Timeouts(connect=1.0, first_token=1.0, gap=1.0, total=3.0)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI() as server:
        yield server


@pytest_asyncio.fixture
async def model(provider: OpenAI) -> AsyncIterator[OpenAIModel]:
    account = OpenAIModel(provider.base_url, provider.api_key, QUICK)
    yield account
    await account.close()


def request(text: str = "Why?") -> Request:
    return Request(SPEC, (Message("", "", "system", "Be brief."), Message("q", "root", "user", text)), "s", 500)


async def heard(model: OpenAIModel) -> list[Chunk]:
    return [chunk async for chunk in model.stream(request())]


async def test_an_answer_streams_with_its_usage(provider: OpenAI, model: OpenAIModel) -> None:
    """Text as it comes, why it ended, and what it cost."""
    provider.queue(say("Because of scattering."))
    chunks = await heard(model)

    assert "Because of scattering." == "".join(chunk.text for chunk in chunks)
    assert "stop" == next(chunk.finish for chunk in chunks if chunk.finish)
    usage = chunks[-1].usage
    assert usage is not None
    assert (provider.books.invoice[0].prompt, provider.books.invoice[0].completion) == (usage.input, usage.output)
    assert not usage.counted


async def test_a_provider_that_never_ends_is_cut_off(provider: OpenAI, model: OpenAIModel) -> None:
    """It would be shown, kept and paid for until its time is over."""
    event = b'data: {"choices": [{"delta": {"content": "%b"}}]}\n\n' % (b"Hoo. " * 1_000)
    provider.queue(page(event * 1_000))
    with pytest.raises(ModelCut, match="more than an answer"):
        await heard(model)


async def test_the_length_of_an_answer_is_limited_upstream(provider: OpenAI, model: OpenAIModel) -> None:
    """What is reserved must not be exceeded."""
    provider.queue(say("Yes."))
    await heard(model)

    body = provider.books.requests[-1]
    assert 500 == body.get("max_tokens", body.get("max_completion_tokens"))


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (errors.wrong_key("sk-x"), AccountLocked),
        (errors.forbidden(), AccountLocked),
        (errors.no_such_model("gpt-9"), ModelMisconfigured),
        (errors.out_of_quota(), AccountLocked),
        (errors.context_exceeded(8000, 9000, 500), ContextFull),
        (errors.bad_request("That was refused.", code="content_policy_violation"), Filtered),
        (errors.rate_limited(3), ModelBusy),
        (errors.rate_limited(3, in_milliseconds=True), ModelBusy),
        (errors.overloaded(), ModelBusy),
        (errors.server_error(), ModelDown),
        (errors.bad_gateway(), ModelDown),
        (errors.conflict(), ModelDown),
    ],
)
async def test_a_refusal_gets_our_name(
    provider: OpenAI, model: OpenAIModel, refusal: Refusal, expected: type[BotError]
) -> None:
    """The asker reads our words; what the provider said is for the log."""
    provider.queue(refusal)
    with pytest.raises(BotError) as failed:
        await heard(model)

    assert expected is type(failed.value)
    assert 1 == provider.books.calls
    if isinstance(failed.value, ModelBusy) and "rate" in str(failed.value).lower():
        assert 3 == pytest.approx(failed.value.retry_after, abs=0.1)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (say("Half an ans", Ending.CUT), ModelCut),
        (say("Half an ans", Ending.EOF), ModelCut),
        (say("Half an ans", Ending.GARBAGE), ModelCut),
        (say("Half an ans", Ending.ERROR), ModelCut),
        (say("Half an ans", Ending.HANG), ModelCut),
        (say("", Ending.CUT), ModelDown),
        (say("", Ending.EOF), ModelCut),
        (say("", Ending.ERROR), ModelDown),
        (say("", Ending.HANG), ModelSilent),
        (say("Half an ans", Ending.HANG, wire=Wire(keep_alive=0.05)), ModelCut),
    ],
)
async def test_a_broken_stream_is_told_from_a_whole_one(
    provider: OpenAI, model: OpenAIModel, script: Script, expected: type[BotError]
) -> None:
    """An answer that ends without saying why was cut, whatever the connection pretends."""
    provider.queue(script)
    with pytest.raises(expected):
        await heard(model)


async def test_an_endless_answer_has_an_end(provider: OpenAI, model: OpenAIModel) -> None:
    """A slow drip keeps every gap short, and must not go on for ever."""
    provider.queue(say("owl " * 100, rate=20))
    with pytest.raises(ModelSilent, match="not done"):
        await heard(model)


async def test_a_filtered_and_a_long_answer_say_so(provider: OpenAI, model: OpenAIModel) -> None:
    """Each needs its own note below the answer."""
    provider.queue(say("Well", Ending.FILTER), say("One, two,", Ending.LENGTH))

    assert "filter" in [chunk.finish for chunk in await heard(model)]
    assert "length" in [chunk.finish for chunk in await heard(model)]


async def test_closing_the_stream_ends_the_call(provider: OpenAI, model: OpenAIModel) -> None:
    """Stop must stop the meter."""
    provider.queue(say("owl " * 200, rate=100))
    stream = model.stream(request())
    async for chunk in stream:
        if chunk.text:
            break
    await stream.aclose()
    while provider.books.open:
        await asyncio.sleep(0.01)

    assert 1 == provider.books.cancelled


@pytest.mark.parametrize("wire", [Wire(split=1), Wire(line_end="\r\n"), Wire(drip=0.0001, split=40)])
async def test_the_wire_may_cut_anywhere(provider: OpenAI, model: OpenAIModel, wire: Wire) -> None:
    """Proxies split events, and characters, where they like."""
    provider.queue(say("Grüße, 世界 🦉!", wire=wire))

    assert "Grüße, 世界 🦉!" == "".join(chunk.text for chunk in await heard(model))


async def test_the_models_of_an_account_can_be_read(model: OpenAIModel) -> None:
    """`parley check` compares them with the configuration."""
    assert "parley-demo" in await model.models()


async def test_nobody_at_the_address_is_told_as_down() -> None:
    """A wrong base_url is the commonest mistake."""
    nobody = OpenAIModel("http://127.0.0.1:9/v1", "key", QUICK)
    with pytest.raises(ModelDown):
        await heard(nobody)
    await nobody.close()


def every_error() -> Iterator[openai.OpenAIError]:
    """One of each kind that the SDK has, without going through constructors that differ."""
    kinds = {kind for kind in list(vars(openai).values()) if isinstance(kind, type)}
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        if issubclass(kind, openai.OpenAIError):
            error = kind.__new__(kind, "secret words")
            error.message, error.code, error.status_code = "secret words", None, getattr(kind, "status_code", 500)  # type: ignore[attr-defined]
            error.response = httpx2.Response(500)  # type: ignore[attr-defined]
            yield error


def test_every_error_of_the_sdk_has_our_name() -> None:
    """A new release may bring a new one; no chat may ever read it."""
    errors = list(every_error())
    for error in errors:
        for begun in (False, True):
            ours = renamed(error, begun=begun)
            assert isinstance(ours, Refused | Broken)
            assert "secret" not in ours.for_user
    assert len(errors) > 10


@pytest.mark.parametrize(
    ("model", "expected"),
    [("gpt-4o-mini", "o200k_base"), ("gpt-4", "cl100k_base"), ("openai/gpt-4o", "o200k_base"), ("llama3.2", "")],
)
def test_the_tokenizer_is_known_by_the_models_name(model: str, expected: str) -> None:
    """Exact counts where they are possible."""
    assert expected == tokenizer_of(model)


def test_a_long_text_is_counted_and_not_kept() -> None:
    """What is remembered is short: each program's conversation would fill our memory."""
    exact = counter(ModelSpec("x", "gpt-4o", tokenizer="o200k_base"))
    exact("Hoo.")
    tracemalloc.start()
    for number in range(60):
        exact(f"{number} owls. " * (REMEMBERED // 4))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 30 * REMEMBERED


def test_tokens_are_counted_exactly_where_the_tokenizer_is_known() -> None:
    """Figures of OpenAI's own tokenizer page."""
    exact = counter(ModelSpec("x", "gpt-4o", tokenizer="o200k_base"))

    assert 6 == exact("tiktoken is great!")
    assert 0 == exact("")
    assert exact("<|endoftext|>") > 1


def test_a_run_without_a_break_is_counted_in_no_time() -> None:
    """The tokenizer's time grows with the square of it: anybody could hold the service up with one message."""
    exact = counter(ModelSpec("x", "gpt-4o", tokenizer="o200k_base"))
    runs = "字" * 20_000

    assert runs == "".join(parts(runs))
    assert max(map(len, parts(runs))) <= 128
    assert exact(runs) > 1_000


@pytest.mark.parametrize(
    ("told", "text", "left"),
    [
        ("400 bad: cannot read “Nightingales whisper”", "Do nightingales\nwhisper?", "400 bad: its words quote"),
        ("400 bad: no such model: owl", "Do nightingales whisper?", "400 bad: no such model: owl"),
        ("400 bad: input was sesame!", "Sesame", "400 bad: its words quote"),
        ("500 : this is odd", "Hi", "500 : this is odd"),
    ],
)
def test_an_error_quotes_nobody(told: str, text: str, left: str) -> None:
    """A provider's words may hold the question or the answer, and the log is to have neither."""
    error = ModelDown(told)
    hush(error, [text])

    assert str(error).startswith(left)

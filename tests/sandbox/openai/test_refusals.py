"""Statuses in place of an answer: those a test orders, and those a bad request earns."""

import base64
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import errors
from sandbox.openai.errors import Refusal
from sandbox.openai.models import Model
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import listen, user, whole
from tests.sandbox.pictures import png

ORDERED: list[tuple[Refusal, type[openai.APIStatusError], str | None]] = [
    (errors.bad_request("No."), openai.BadRequestError, None),
    (errors.wrong_key("sk-1"), openai.AuthenticationError, "invalid_api_key"),
    (errors.forbidden(), openai.PermissionDeniedError, "unsupported_country_region_territory"),
    (errors.no_such_model("gone"), openai.NotFoundError, "model_not_found"),
    (errors.conflict(), openai.ConflictError, "resource_conflict"),
    (errors.unprocessable(), openai.UnprocessableEntityError, "unprocessable_entity"),
    (errors.rate_limited(2), openai.RateLimitError, "rate_limit_exceeded"),
    (errors.out_of_quota(), openai.RateLimitError, "insufficient_quota"),
    (errors.server_error(), openai.InternalServerError, None),
    (errors.bad_gateway(), openai.InternalServerError, None),
    (errors.overloaded(), openai.InternalServerError, None),
]


@pytest.mark.parametrize(("refusal", "error", "code"), ORDERED, ids=lambda value: getattr(value, "status", ""))
async def test_a_refusal_is_the_error_that_the_sdk_knows(
    provider: OpenAI, client: AsyncOpenAI, refusal: Refusal, error: type[openai.APIStatusError], code: str | None
) -> None:
    """The adapter tells them apart by class, status and code, so all three must be right."""
    provider.queue(refusal)

    with pytest.raises(error) as caught:
        await listen(client)

    assert refusal.status == caught.value.status_code
    assert code == caught.value.code
    assert caught.value.request_id is not None


@pytest.mark.parametrize(
    ("refusal", "header", "value"),
    [
        (errors.rate_limited(7), "retry-after", "7"),
        (errors.rate_limited(0.25, in_milliseconds=True), "retry-after-ms", "250"),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    provider: OpenAI, client: AsyncOpenAI, refusal: Refusal, header: str, value: str
) -> None:
    """Both spellings are in use; a pool cools down for exactly that long."""
    provider.queue(refusal)

    with pytest.raises(openai.RateLimitError) as caught:
        await listen(client)

    assert value == caught.value.response.headers[header]
    assert "0" == caught.value.response.headers["x-ratelimit-remaining-requests"]


async def test_a_bad_gateway_answers_in_html(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What reads every error as JSON breaks here."""
    provider.queue(errors.bad_gateway())

    with pytest.raises(openai.InternalServerError) as caught:
        await listen(client)

    assert caught.value.response.text.startswith("<html>")
    assert isinstance(caught.value.body, str | None)


def _bare(**more: Any) -> dict[str, Any]:
    return {"model": "parley-demo", "messages": [user("hello")], **more}


def _saying(*messages: Any) -> dict[str, Any]:
    return _bare(messages=list(messages))


PICTURE = "data:image/png;base64," + base64.b64encode(png(2, 2)).decode()

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}

BAD: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "no model": ({"messages": []}, None, None),
    "no messages": ({"model": "parley-demo"}, "messages", "missing_required_parameter"),
    "empty messages": (_saying(), "messages", "empty_array"),
    "messages as text": (_bare(messages="hello"), "messages", "invalid_type"),
    "messages as null": (_bare(messages=None), "messages", "invalid_type"),
    "a message as text": (_saying("hello"), "messages[0]", "invalid_type"),
    "no role": (_saying({"content": "hello"}), "messages[0].role", "missing_required_parameter"),
    "a wrong role": (_saying({"role": "owl", "content": "hoo"}), "messages[0].role", "invalid_value"),
    "no content": (_saying({"role": "user"}), "messages[0].content", None),
    "null for content": (_saying(user("a"), {"role": "assistant", "content": None}), "messages[1].content", None),
    "a number for content": (_saying({"role": "user", "content": 7}), "messages[0].content", "invalid_type"),
    "no parts": (_saying({"role": "user", "content": []}), "messages[0].content", "empty_array"),
    "a picture from the assistant": (
        _saying({"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}),
        "messages[0].content[0].type",
        "invalid_value",
    ),
    "a part without text": (
        _saying({"role": "user", "content": [{"type": "text"}]}),
        "messages[0].content[0].text",
        "missing_required_parameter",
    ),
    "a picture without address": (
        _saying({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}),
        "messages[0].content[0].image_url.url",
        "missing_required_parameter",
    ),
    "a name with a space": (_saying({**user("hi"), "name": "Alice B."}), "messages[0].name", "invalid_value"),
    "an unknown field": (_saying({**user("hi"), "author": "Alice"}), "messages[0].author", "unknown_parameter"),
    "an answer to no call": (
        _saying(user("a"), {"role": "tool", "content": "b", "tool_call_id": "call_1"}),
        "messages[1].role",
        None,
    ),
    "a call without answer": (
        _saying(user("a"), {"role": "assistant", "content": None, "tool_calls": [CALL]}, user("b")),
        "messages[2].role",
        None,
    ),
    "a call at the end": (
        _saying(user("a"), {"role": "assistant", "content": None, "tool_calls": [CALL]}),
        "messages.[2].role",
        None,
    ),
    "model as number": (_bare(model=4), "model", "invalid_type"),
    "temperature as text": (_bare(temperature="hot"), "temperature", "invalid_type"),
    "temperature as truth": (_bare(temperature=True), "temperature", "invalid_type"),
    "temperature too high": (_bare(temperature=2.1), "temperature", "decimal_above_max_value"),
    "temperature too low": (_bare(temperature=-0.1), "temperature", "decimal_below_min_value"),
    "top_p too high": (_bare(top_p=1.1), "top_p", "decimal_above_max_value"),
    "no tokens": (_bare(max_tokens=0), "max_tokens", "integer_below_min_value"),
    "tokens in parts": (_bare(max_completion_tokens=1.5), "max_completion_tokens", "invalid_type"),
    "more than the model says": (_bare(max_tokens=20_000), "max_tokens", "invalid_value"),
    "both limits": (_bare(max_tokens=5, max_completion_tokens=5), "max_tokens", "invalid_parameter_combination"),
    "no choices": (_bare(n=0), "n", "integer_below_min_value"),
    "too many choices": (_bare(n=129), "n", "integer_above_max_value"),
    "stop as number": (_bare(stop=4), "stop", "invalid_type"),
    "five stops": (_bare(stop=list("abcde")), "stop", "array_above_max_length"),
    "no stops": (_bare(stop=[]), "stop", "empty_array"),
    "a stop as number": (_bare(stop=["a", 4]), "stop[1]", "invalid_type"),
    "stream as text": (_bare(stream="yes"), "stream", "invalid_type"),
    "stream options alone": (_bare(stream_options={"include_usage": True}), "stream_options", None),
    "unknown stream option": (_bare(stream=True, stream_options={"a": 1}), "stream_options.a", "unknown_parameter"),
    "metadata as list": (_bare(metadata=[]), "metadata", "invalid_type"),
    "an unknown effort": (_bare(reasoning_effort="huge"), "reasoning_effort", "invalid_value"),
    "an unknown parameter": (_bare(persona="owl"), "persona", "unknown_parameter"),
    "what the models cannot do": (_bare(functions=[]), "functions", "unsupported_parameter"),
}


@pytest.mark.parametrize(("body", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_request_is_refused_as_openai_does(
    client: AsyncOpenAI, body: dict[str, Any], param: str | None, code: str | None
) -> None:
    """What slips through here would fail in front of a user."""
    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/chat/completions", body=body, cast_to=object)

    assert (param, code, "invalid_request_error") == (caught.value.param, caught.value.code, caught.value.type)


@pytest.mark.parametrize("body", [b"hello", b"[]", b"", b"\xff", rb'{"model":"parley-demo","messages":"\ud83e"}'[:20]])
async def test_a_body_that_is_no_json_is_refused(client: AsyncOpenAI, body: bytes) -> None:
    """Whatever a program sends, it gets an answer in OpenAI's form."""
    with pytest.raises(openai.BadRequestError, match="could not parse the JSON body"):
        await client.post("/chat/completions", content=body, cast_to=object)


async def test_half_a_character_is_refused(client: AsyncOpenAI) -> None:
    """JSON can carry one half of a surrogate pair; a tokenizer cannot."""
    half = rb'{"model": "parley-demo", "messages": [{"role": "user", "content": "\ud83e"}]}'

    with pytest.raises(openai.BadRequestError, match="could not parse the JSON body"):
        await client.post("/chat/completions", content=half, cast_to=object)


async def test_an_unknown_model_is_not_found(client: AsyncOpenAI) -> None:
    """A typing error in the configuration looks like this."""
    with pytest.raises(openai.NotFoundError, match="`gpt-owl` does not exist") as caught:
        await whole(client, model="gpt-owl")

    assert "model_not_found" == caught.value.code


@pytest.mark.parametrize(("words", "most", "says"), [(100, None, "resulted in 107"), (90, 10, "requested 107")])
async def test_a_conversation_may_not_be_longer_than_the_model_takes(words: int, most: int | None, says: str) -> None:
    """With OpenAI's code, by which the adapter tells people to start afresh; prompt and limit count together."""
    async with (
        OpenAI(models=[Model("small", context=100)]) as provider,
        AsyncOpenAI(base_url=provider.base_url, api_key=provider.api_key, max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError, match=says) as caught:
            await whole(client, " owl" * words, model="small", max_tokens=most)

    assert "context_length_exceeded" == caught.value.code
    assert "maximum context length is 100 tokens" in str(caught.value)


async def test_a_long_prompt_leaves_less_room_for_the_answer(client: AsyncOpenAI) -> None:
    """The model's window holds both, and an answer that fills it ends for its length."""
    async with (
        OpenAI(models=[Model("parley-demo", context=100)], hurry=1000) as provider,
        AsyncOpenAI(base_url=provider.base_url, api_key=provider.api_key, max_retries=0) as client,
    ):
        heard = await listen(client, "long" + " owl" * 79)

    assert "length" == heard.reason
    assert heard.usage is not None
    assert 100 == heard.usage.total_tokens


async def test_messages_of_every_role_are_taken(client: AsyncOpenAI) -> None:
    """Strict is not the same as narrow: all that is well formed passes."""
    messages: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}], "name": "house"},
        {**user("hello"), "name": "Alice"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "an owl", "tool_call_id": "call_1"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a table"},
                {"type": "image_url", "image_url": {"url": PICTURE}},
            ],
        },
    ]

    assert "Tyto alba" in (await listen(client, *messages)).text

"""Choices, forms of an answer, how sure the model is, pictures and sounds: the rest of a chat completion."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import sounds, tokens
from sandbox.openai.models import Model
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from tests.sandbox.openai.listen import user, whole
from tests.sandbox.pictures import png

PICTURE = "data:image/png;base64," + base64.b64encode(png(2, 2)).decode()
SOUND = {"data": base64.b64encode(sounds.wav(0.2)).decode(), "format": "wav"}


async def test_choices_are_streamed_side_by_side(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Chunks of all choices are mixed; only the index tells whose a chunk is."""
    provider.queue(say("The owl hears."))

    stream: Any = await client.chat.completions.create(
        model="parley-demo",
        messages=[{"role": "user", "content": "?"}],
        n=3,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert [0, 1, 2, 0, 1, 2] == [choice.index for choice in choices[:6]]
    texts = ["".join(each.delta.content or "" for each in choices if each.index == index) for index in range(3)]
    assert ["The owl hears."] * 3 == texts
    assert [(0, "stop"), (1, "stop"), (2, "stop")] == [(each.index, each.finish_reason) for each in choices[-3:]]
    assert 3 * tokens.count("The owl hears.") == chunks[-1].usage.completion_tokens == provider.books.tokens


@pytest.mark.parametrize("top", [None, 2])
async def test_a_model_says_how_sure_it_is(provider: OpenAI, client: AsyncOpenAI, top: int | None) -> None:
    """Token by token, whole and in pieces alike."""
    provider.queue(say("Hoo 🦉"), say("Hoo 🦉"))
    options: dict[str, Any] = {"logprobs": True, **({"top_logprobs": top} if top else {})}

    answer = await whole(client, **options)
    chunks: Any = await client.chat.completions.create(
        model="parley-demo", messages=[{"role": "user", "content": "?"}], stream=True, **options
    )
    streamed = [choice.logprobs async for chunk in chunks for choice in chunk.choices if choice.logprobs]

    logs = answer.choices[0].logprobs
    assert logs is not None
    assert "Hoo 🦉".encode() == b"".join(bytes(one.bytes or []) for one in logs.content or [])
    assert [one.token for one in logs.content or []] == [one.token for log in streamed for one in log.content]
    assert bool(top) == bool((logs.content or [])[0].top_logprobs)


@pytest.mark.parametrize(
    "form",
    [
        {"type": "text"},
        {"type": "json_object"},
        {
            "type": "json_schema",
            "json_schema": {"name": "owl", "strict": True, "schema": {"type": "object", "additionalProperties": False}},
        },
    ],
)
async def test_forms_of_an_answer_are_taken(provider: OpenAI, client: AsyncOpenAI, form: Any) -> None:
    """The script decides what comes; the request is checked as OpenAI checks it."""
    provider.queue(say("{}"))

    answer = await whole(client, "Write json.", response_format=form, seed=7, user="u-1", metadata={"a": "b"})

    assert "{}" == answer.choices[0].message.content


@pytest.mark.parametrize("url", ["https://example.org/owl.png", PICTURE])
async def test_pictures_are_looked_at(client: AsyncOpenAI, url: str) -> None:
    """By their address, or in the request."""
    answer = await whole(client, _showing({"type": "image_url", "image_url": {"url": url, "detail": "low"}}))

    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert tokens.PER_PICTURE < answer.usage.prompt_tokens


def _showing(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}


@pytest.fixture
async def hearing() -> AsyncIterator[AsyncOpenAI]:
    """A client of a provider whose model hears."""
    async with (
        OpenAI(models=[Model("parley-demo", hears=True)], hurry=1000) as provider,
        AsyncOpenAI(base_url=provider.base_url, api_key=provider.api_key, max_retries=0) as client,
    ):
        yield client


async def test_a_model_that_hears_takes_sounds(hearing: AsyncOpenAI) -> None:
    """And answers in words."""
    answer = await whole(hearing, _showing({"type": "input_audio", "input_audio": SOUND}))

    assert answer.choices[0].message.content


async def test_a_model_that_does_not_hear_refuses_sounds(client: AsyncOpenAI) -> None:
    """Nobody gets an answer to what was never heard."""
    with pytest.raises(openai.BadRequestError, match="input_audio is only supported by certain models") as caught:
        await whole(client, _showing({"type": "input_audio", "input_audio": SOUND}))

    assert "messages.[0].content.[1].type" == caught.value.param


def _picture(url: Any) -> dict[str, Any]:
    return {"messages": [_showing({"type": "image_url", "image_url": {"url": url}})]}


URL = "messages[0].content[1].image_url.url"
SCHEMA = {"type": "json_schema", "json_schema": {"name": "owl", "strict": True, "schema": {"type": "object"}}}

BAD: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "a picture's address as number": (_picture(7), URL, "invalid_type"),
    "no address": (_picture("owl.png"), URL, "invalid_value"),
    "a picture of another kind": (_picture("data:image/tiff;base64,QUJD"), URL, "invalid_image_format"),
    "no base64": (_picture("data:image/png;base64,???"), URL, "invalid_base64"),
    "an empty picture": (_picture("data:image/png;base64,"), URL, "invalid_base64"),
    "top without logprobs": ({"top_logprobs": 2}, "top_logprobs", None),
    "too many at the top": ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "integer_above_max_value"),
    "logprobs as number": ({"logprobs": 1}, "logprobs", "invalid_type"),
    "a form as text": ({"response_format": "json"}, "response_format", "invalid_type"),
    "an unknown form": ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
    "json that nobody asked for": ({"response_format": {"type": "json_object"}}, "messages", None),
    "no schema": (
        {"response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "missing_required_parameter",
    ),
    "a schema without a name": (
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        "response_format.json_schema.name",
        "missing_required_parameter",
    ),
    "a strict schema that is open": ({"response_format": SCHEMA}, "response_format", None),
    "too much metadata": ({"metadata": {f"{n}": "" for n in range(17)}}, "metadata", "object_above_max_properties"),
    "a number in metadata": ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_bad_options_are_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    body = {"model": "parley-demo", "messages": [user("?")], **options}

    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/chat/completions", body=body, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)

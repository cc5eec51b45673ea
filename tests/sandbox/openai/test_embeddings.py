"""Vectors of texts."""

import base64
import math
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import embeddings, tokens
from sandbox.openai.models import Model, Skill
from sandbox.openai.server import OpenAI

MODEL = "parley-demo-embedding"


async def embed(client: AsyncOpenAI, texts: Any, **options: Any) -> Any:
    return await client.embeddings.create(model=MODEL, input=texts, **options)


async def test_a_text_has_a_vector(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Of length 1, and paid for by what was read."""
    answer = await embed(client, "The owl hears.")

    (one,) = answer.data
    assert (1536, 0) == (len(one.embedding), one.index)
    assert 1.0 == pytest.approx(math.hypot(*one.embedding), abs=1e-5)
    assert tokens.count("The owl hears.") == answer.usage.prompt_tokens == answer.usage.total_tokens
    (bill,) = provider.books.invoice
    assert ("embeddings", MODEL, answer.usage.total_tokens, 0) == (bill.route, bill.model, bill.prompt, bill.completion)


async def test_the_sdk_asks_for_base64_and_numbers_say_the_same(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Two spellings of one vector; in base64, numbers are four bytes each."""
    packed = await embed(client, "owl")
    plain = await embed(client, "owl", encoding_format="float")
    raw = await embed(client, "owl", encoding_format="base64")

    assert "base64" == provider.books.requests[0]["encoding_format"]
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert 4 * 1536 == len(base64.b64decode(raw.data[0].embedding))


async def test_the_same_text_has_the_same_vector(client: AsyncOpenAI) -> None:
    """Alone, in a list, or as tokens; another text has another."""
    numbers = tokens.encoded("an owl")

    (alone,) = (await embed(client, "an owl")).data
    first, second = (await embed(client, ["an owl", "a bat"])).data
    (coded,) = (await embed(client, numbers)).data
    answer = await embed(client, [[1, 2], numbers])
    *_, last = answer.data

    assert 2 + len(numbers) == answer.usage.prompt_tokens
    assert alone.embedding == first.embedding == coded.embedding == last.embedding
    assert 0.2 > sum(one * other for one, other in zip(first.embedding, second.embedding, strict=True))
    assert [0, 1] == [first.index, second.index]


async def test_a_vector_can_be_shorter(client: AsyncOpenAI) -> None:
    """Still of length 1."""
    (one,) = (await embed(client, "owl", dimensions=8)).data

    assert 8 == len(one.embedding)
    assert 1.0 == pytest.approx(math.hypot(*one.embedding), abs=1e-5)


BAD: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "no input": ({"input": None}, "input", "invalid_type"),
    "an empty text": ({"input": ""}, "input", None),
    "no texts": ({"input": []}, "input", "empty_array"),
    "an empty text among others": ({"input": ["a", ""]}, "input[1]", None),
    "texts and tokens": ({"input": ["a", 1]}, "input[1]", "invalid_type"),
    "a list too many": ({"input": [[[1]]]}, "input[0]", "invalid_type"),
    "too many texts": ({"input": ["a"] * 2049}, "input", "array_above_max_length"),
    "no such token": ({"input": [10**9]}, "input", None),
    "a token below zero": ({"input": [-1]}, "input", None),
    "too long a text": ({"input": " owl" * 8193}, None, None),
    "too much in all": ({"input": [" owl" * 8000] * 38}, None, "max_tokens_per_request"),
    "an unknown encoding": ({"encoding_format": "hex"}, "encoding_format", "invalid_value"),
    "no dimensions": ({"dimensions": 0}, "dimensions", "integer_below_min_value"),
    "too many dimensions": ({"dimensions": 1537}, "dimensions", None),
    "an unknown parameter": ({"owl": 1}, "owl", "unknown_parameter"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_request_is_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str | None, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/embeddings", body={"model": MODEL, "input": "owl", **options}, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)


def test_a_vector_is_as_long_as_its_model_has_it() -> None:
    """And a shorter one points the same way as far as it goes."""
    model = Model("m", skill=Skill.EMBEDDINGS, dimensions=16)
    long, short = (embeddings.vector("owl", size, model.dimensions) for size in (16, 4))

    assert (16, 4) == (len(long), len(short))
    assert 1.0 == pytest.approx(
        sum(one * other for one, other in zip(long, short, strict=False)) / math.hypot(*long[:4])
    )

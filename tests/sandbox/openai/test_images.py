"""Pictures: new ones, edited ones, in the answer or behind a link."""

import base64
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from sandbox import pictures
from sandbox.openai import tokens
from sandbox.openai.server import OpenAI
from tests.sandbox.pictures import png

MODEL = "parley-demo-picture"
SKETCH = "parley-demo-sketch"


def _sizes(answer: Any) -> list[pictures.Size]:
    return [pictures.size_of(base64.b64decode(one.b64_json)) for one in answer.data]


FORM: Any = {"headers": {"Content-Type": "multipart/form-data"}}


async def test_a_picture_is_drawn(provider: OpenAI, client: AsyncOpenAI) -> None:
    """A real PNG of the size that was asked for, with its price in tokens."""
    answer = await client.images.generate(model=MODEL, prompt="An owl", size="1536x1024", quality="low", n=2)

    assert [(1536, 1024)] * 2 == _sizes(answer)
    assert ("1536x1024", "low", "png") == (answer.size, answer.quality, answer.output_format)
    assert answer.usage is not None
    assert (tokens.count("An owl"), 2 * 400) == (answer.usage.input_tokens, answer.usage.output_tokens)
    (bill,) = provider.books.invoice
    assert ("images.generate", 2, answer.usage.total_tokens) == (bill.route, bill.images, bill.total)


async def test_the_same_words_make_the_same_picture(client: AsyncOpenAI) -> None:
    """Other words another, and so does each of several."""
    first = await client.images.generate(model=MODEL, prompt="An owl", n=2)
    second = await client.images.generate(model=MODEL, prompt="An owl", n=2)
    other = await client.images.generate(model=MODEL, prompt="A bat")

    drawn = [one.b64_json for answer in (first, second, other) for one in answer.data or []]
    assert drawn[:2] == drawn[2:4]
    assert 3 == len(set(drawn))


async def test_a_sketch_is_behind_a_link(provider: OpenAI, client: AsyncOpenAI) -> None:
    """That anybody can follow who has it; it costs by the picture, not by tokens."""
    answer = await client.images.generate(model=SKETCH, prompt="An owl", size="256x256")

    (one,) = answer.data or []
    async with aiohttp.ClientSession() as browser, browser.get(one.url or "") as response:
        assert "image/png" == response.content_type
        assert (256, 256) == pictures.size_of(await response.read())
    async with aiohttp.ClientSession() as browser, browser.get(f"{one.url}x") as response:
        assert 404 == response.status
    assert answer.usage is None
    (bill,) = provider.books.invoice
    assert (1, 0) == (bill.images, bill.total)


async def test_a_sketch_can_be_in_the_answer(client: AsyncOpenAI) -> None:
    """For who asks for it."""
    answer = await client.images.generate(model=SKETCH, prompt="An owl", response_format="b64_json")

    assert [(1024, 1024)] == _sizes(answer)


async def test_pictures_are_edited(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Several at once, with a mask for the first; what is read is paid for, too."""
    answer = await client.images.edit(
        model=MODEL,
        image=[("owl.png", png(64, 64)), ("bat.png", png(32, 32))],
        mask=("mask.png", png(64, 64)),
        prompt="A hat",
        n=2,
        size="1024x1024",
        quality="high",
    )

    assert [(1024, 1024)] * 2 == _sizes(answer)
    assert answer.usage is not None
    assert answer.usage.input_tokens_details.text_tokens == tokens.count("A hat")
    assert 0 < answer.usage.input_tokens_details.image_tokens
    (bill,) = provider.books.invoice
    assert ("images.edit", 2, answer.usage.total_tokens) == (bill.route, bill.images, bill.total)
    asked = provider.books.requests[-1]
    assert ("A hat", ["owl.png", "bat.png"]) == (asked["prompt"], [file.name for file in asked["image"]])


async def test_one_picture_is_edited_by_who_names_no_model(client: AsyncOpenAI) -> None:
    """OpenAI has one that it takes then."""
    answer = await client.images.edit(image=("owl.png", png(64, 64)), prompt="A hat")

    assert [(1024, 1024)] == _sizes(answer)


BAD: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no prompt": ({"prompt": None}, "prompt", "invalid_type"),
    "an empty prompt": ({"prompt": ""}, "prompt", "string_below_min_length"),
    "too long a prompt": ({"prompt": "a" * 32_001}, "prompt", "string_above_max_length"),
    "too long a prompt for a sketch": (
        {"model": SKETCH, "prompt": "a" * 1001},
        "prompt",
        "string_above_max_length",
    ),
    "no pictures": ({"n": 0}, "n", "integer_below_min_value"),
    "too many pictures": ({"n": 11}, "n", "integer_above_max_value"),
    "an unknown size": ({"size": "1x1"}, "size", "invalid_value"),
    "a picture of a sketch's size": ({"size": "256x256"}, "size", "invalid_value"),
    "a sketch of a picture's quality": ({"model": SKETCH, "quality": "low"}, "quality", "invalid_value"),
    "a picture with a link": ({"response_format": "url"}, "response_format", "unknown_parameter"),
    "what the models cannot do": ({"stream": True}, "stream", "unsupported_parameter"),
    "a field of edits": ({"input_fidelity": "high"}, "input_fidelity", "unknown_parameter"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_request_is_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    body = {"model": MODEL, "prompt": "An owl", **options}

    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/images/generations", body=body, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)


OWL = ("owl.png", png(64, 64))

BAD_EDITS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no picture": ({"image": ("owl.txt", b"owl")}, "image", "invalid_image_file"),
    "half a picture": ({"image": ("owl.png", png(64, 64)[:-9])}, "image", "invalid_image_file"),
    "too many": ({"image": [OWL] * 17}, "image", "array_above_max_length"),
    "two to sketch": ({"image": [OWL] * 2, "model": SKETCH}, "image", "array_above_max_length"),
    "a mask of another size": ({"mask": ("m.png", png(8, 8))}, "mask", "invalid_mask_image_size"),
    "a mask that is none": ({"mask": ("m.png", b"m")}, "mask", "invalid_image_format"),
    "no number": ({"n": "two"}, "n", "invalid_type"),
    "a number without an end": ({"n": "9" * 5000}, "n", "invalid_type"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD_EDITS.values(), ids=BAD_EDITS.keys())
async def test_a_bad_edit_is_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str, code: str | None
) -> None:
    """A form is checked as strictly as JSON."""
    with pytest.raises(openai.BadRequestError) as caught:
        await client.images.edit(**{"model": MODEL, "image": OWL, "prompt": "A hat", **options})

    assert (param, code) == (caught.value.param, caught.value.code)


async def test_an_edit_needs_a_picture_and_a_form(client: AsyncOpenAI) -> None:
    """Neither goes without saying."""
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'image'"):
        await client.post("/images/edits", body={"prompt": "x"}, files={"mask": OWL}, cast_to=object, options=FORM)
    with pytest.raises(openai.BadRequestError, match="Unsupported content type 'application/json'"):
        await client.post("/images/edits", body={"prompt": "x"}, cast_to=object)

"""
POST /v1/embeddings. A text's vector is made from the text: the same for the same, and as long as the others.

Source: platform.openai.com/docs/api-reference/embeddings/create
"""

import base64
import math
import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.openai import bodies, errors, fields, models, routes, stage, tokens
from sandbox.openai.account import Account
from sandbox.openai.asked import prompted
from sandbox.openai.books import Bill
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.models import Model, Skill
from sandbox.openai.script import Script

MOST_TEXTS = 2048
MOST_TOKENS = 300_000
"""Of all texts of one request."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that passed every check. `packed` is whether the vectors are to be base64."""

    model: Model
    texts: Sequence[str]
    prompt_tokens: int
    dimensions: int
    packed: bool
    body: Mapping[str, Any]


def _input(path: str, value: Any) -> None:
    """A text, tokens, or a list of either."""
    if isinstance(value, str):
        _filled(path, value)
        return
    if not isinstance(value, list):
        raise fields.wrong_type(path, "one of a string or array", value)
    fields.array(path, value, of="strings or tokens", longest=None if _is_tokens(value) else MOST_TEXTS)
    for index, one in enumerate(() if _is_tokens(value) else value):
        here = f"{path}[{index}]"
        if isinstance(one, str):
            _filled(here, one)
        elif not isinstance(one, list) or not _is_tokens(one):
            raise fields.wrong_type(here, "one of a string or array of integers", one)


def _is_tokens(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, int) and not isinstance(one, bool) for one in value)


def _filled(path: str, text: str) -> None:
    if not text:
        raise ApiError(bad_request(f"Invalid '{path}': input cannot be an empty string.", path))


KNOWN: Mapping[str, fields.Check] = {
    "model": fields.string,
    "input": _input,
    "encoding_format": fields.choice("float", "base64"),
    "dimensions": fields.integer(1),
    "user": fields.string,
}


def parse(raw: bytes, offered: Mapping[str, Model]) -> Wanted:
    """
    Read the body of a request.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    body = bodies.as_object(raw)
    bodies.check(body, KNOWN, required=["model", "input"])
    model = models.named(offered, body["model"])
    if model.skill is not Skill.EMBEDDINGS:
        raise ApiError(errors.not_for_embeddings())
    inputs = body["input"] if isinstance(body["input"], list) and not _is_tokens(body["input"]) else [body["input"]]
    counted = [tokens.count(one) if isinstance(one, str) else len(one) for one in inputs]
    _check_size(counted, model)
    texts = [one if isinstance(one, str) else _decoded(one) for one in inputs]
    packed = body.get("encoding_format") == "base64"
    return Wanted(model, texts, sum(counted), _dimensions(body, model), packed, body)


def _decoded(numbers: list[int]) -> str:
    try:
        return tokens.decoded(numbers)
    except ValueError:
        raise ApiError(bad_request("Invalid 'input': a token is out of the vocabulary.", "input")) from None


def _check_size(counted: list[int], model: Model) -> None:
    if max(counted) > model.context:
        raise ApiError(errors.input_too_long(model.context, max(counted)))
    if sum(counted) > MOST_TOKENS:
        raise ApiError(errors.too_many_tokens(MOST_TOKENS, sum(counted)))


def _dimensions(body: Mapping[str, Any], model: Model) -> int:
    wanted = int(body.get("dimensions") or model.dimensions)
    if wanted > model.dimensions:
        sentence = f"Invalid value for 'dimensions' = {wanted}. Must be less than or equal to {model.dimensions}."
        raise ApiError(bad_request(sentence, "dimensions"))
    return wanted


def vector(text: str, dimensions: int, full: int) -> list[float]:
    """A shorter vector is the beginning of the full one. Of length 1 all the same, as OpenAI has it."""
    chance = random.Random(text)
    numbers = [chance.gauss(0, 1) for _ in range(full)][:dimensions]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def _embedded(text: str, wanted: Wanted) -> list[float] | str:
    numbers = vector(text, wanted.dimensions, wanted.model.dimensions)
    if not wanted.packed:
        return numbers
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _body(wanted: Wanted) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": index, "embedding": _embedded(text, wanted)}
        for index, text in enumerate(wanted.texts)
    ]
    usage = {"prompt_tokens": wanted.prompt_tokens, "total_tokens": wanted.prompt_tokens}
    return {"object": "list", "data": data, "model": wanted.model.id, "usage": usage}


class Embeddings:
    """The route. Of a script, only its time and its ending matter."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def create(self, request: web.Request) -> web.StreamResponse:
        wanted = parse(await request.read(), self._account.models)
        asked = prompted(routes.EMBEDDINGS, wanted.model.id, "\n".join(wanted.texts), wanted.prompt_tokens, wanted.body)

        async def perform(script: Script, _: Bill) -> web.StreamResponse:
            await stage.think(script, self._account.pace())
            return await stage.whole(script, bodies.as_bytes(_body(wanted)))

        return await self._account.answer(request, asked, perform)

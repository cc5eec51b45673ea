"""What a caller sent: a JSON object, a form, or a query; and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from adapters.http.forms import read_form
from adapters.http.refusals import Rejected
from adapters.http.serving import whole_body

LARGEST = 1 << 20
"""Bytes of a request that are read: more words than any model reads."""

MOST_FIELDS = 60
"""In one form."""

MOST_VALUES, MOST_GROUPS = 1_000_000, 300_000
"""
Commas, and opening brackets, of a JSON body. 30 MB of brackets would take 800 MB once they are read, and a second in
which nobody else is served. Pictures and sound have none; a million tokens of a program's source have fewer, and so
have the 300,000 tokens that OpenAI embeds at once.

Source: OpenAI's API reference, embeddings, `input`.
"""

Shape = TypeVar("Shape", bound=BaseModel)


async def body_fields(request: Request) -> dict[str, Any]:
    """The fields of a body; none where there is no body. Raises Rejected."""
    body = await whole_body(request, LARGEST)
    type = request.headers.get("Content-Type", "")
    kind = type.partition(";")[0].strip().lower()
    if not body:
        return {}
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return json_object(body)
    if kind == "application/x-www-form-urlencoded":
        return _form(body)
    if kind == "multipart/form-data":
        return dict((await read_form(type, body)).texts)
    raise Rejected("Send JSON, as Content-Type: application/json, or a form.", 415, "unsupported_media_type")


def parsed(shape: type[Shape], fields: Mapping[str, Any]) -> Shape:
    """
    The fields as they are wanted; an empty one is one that was left out.

    Raises Rejected: 400 when one is missing, 422 when it cannot be what it says.
    """
    given = {name: value for name, value in fields.items() if value is not None and value != ""}
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
    for each in wrong:
        if each["type"] == "missing":
            raise Rejected(f"{each['loc'][0]} is required", param=str(each["loc"][0]))
    name = str(wrong[0]["loc"][0]) if wrong[0]["loc"] else "The request"
    raise Rejected(f"{name} is not as it should be: {wrong[0]['msg'].lower()}.", 422, param=name)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is. Raises Rejected."""
    if body.count(b",") > MOST_VALUES or body.count(b"{") + body.count(b"[") > MOST_GROUPS:
        raise Rejected("There are too many values in this body.", 413, "request_too_large")
    try:
        fields = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise Rejected("The body is not JSON.", code="invalid_json") from None
    if not isinstance(fields, dict):
        raise Rejected("The body must be a JSON object.", code="invalid_json")
    return fields


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Rejected("The form cannot be read.", code="invalid_form") from None

"""A body is a JSON object, and one that can be held in memory."""

import json
from typing import Any

import pytest

from adapters.http.fields import MOST_GROUPS, MOST_VALUES, json_object
from adapters.http.refusals import Rejected


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": [' + b"{}," * MOST_GROUPS + b"{}]}",
        b'{"a": [' + b"[]," * MOST_GROUPS + b"[]]}",
        b'{"a": [' + b"1," * (MOST_VALUES + 1) + b"1]}",
    ],
    ids=["objects", "lists", "numbers"],
)
def test_what_would_be_many_times_as_large_once_it_is_read_is_not_read(body: bytes) -> None:
    with pytest.raises(Rejected, match="too many values") as refused:
        json_object(body)

    assert 413 == refused.value.status


@pytest.mark.parametrize(
    "fields",
    [
        {"input": [[7] * 1_000] * 300},
        {"image_url": "data:image/png;base64," + "iVBORw0KGgo/" * 2_000_000},
        {"content": "if (owls[0] != null) { hoot(owls[0], 2); }\n" * 60_000},
    ],
    ids=["tokens to embed", "a picture", "a program of 60,000 lines"],
)
def test_what_programs_send_is_read(fields: dict[str, Any]) -> None:
    assert fields == json_object(json.dumps(fields).encode())

"""Whatever a program sends, it is answered or refused: the server never trips over a request."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.openai import checks
from sandbox.openai.errors import ApiError
from sandbox.openai.models import DEMO

MODELS = {DEMO.id: DEMO}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 200),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)

kinds = st.sampled_from(["text", "refusal", "image_url", "input_audio", "file"])
parts = st.fixed_dictionaries(
    {"type": kinds | scalars}, optional={"text": scalars, "refusal": scalars, "image_url": anything, "file": anything}
)
calls = st.fixed_dictionaries({}, optional={"id": st.just("call_1") | scalars, "type": scalars})
roles = st.sampled_from(["system", "developer", "user", "assistant", "tool", "function", "owl"])
messages = st.fixed_dictionaries(
    {"role": roles | scalars},
    optional={
        "content": scalars | st.lists(parts, max_size=3),
        "name": scalars,
        "tool_calls": st.lists(calls, max_size=2) | anything,
        "tool_call_id": st.just("call_1") | scalars,
        "refusal": scalars,
    },
)
fields = st.dictionaries(st.sampled_from([*checks.KNOWN, "owl"]), anything, max_size=3)


def parse(raw: bytes) -> None:
    with contextlib.suppress(ApiError):
        checks.parse(raw, MODELS)


@given(fields, st.lists(messages, max_size=4))
def test_no_request_is_too_strange(more: dict[str, Any], talk: list[dict[str, Any]]) -> None:
    """Fields of every type in every place, and messages that are nearly right."""
    parse(json.dumps({"model": DEMO.id, "messages": talk, **more}).encode())


@given(st.binary(max_size=50))
def test_no_body_is_too_strange(raw: bytes) -> None:
    """Not even one that is no text."""
    parse(raw)


def test_a_body_may_be_as_deep_as_the_sea() -> None:
    """A parser that calls itself falls in."""
    parse(b"[" * 200_000)

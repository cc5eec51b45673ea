"""Whatever a program sends, it is answered or refused: the server never trips over a request."""

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.openai import checks, embeddings, image_checks, response_checks, sounds, speech, transcriptions
from sandbox.openai.bodies import File, Form
from sandbox.openai.errors import ApiError
from sandbox.openai.models import ALL, DEMO, DEMO_EMBEDDING, DEMO_PICTURE, DEMO_SPEECH, DEMO_TRANSCRIPTION

MODELS = {model.id: model for model in ALL}

patient = settings(deadline=None)
"""The first to count tokens has to load the encoding."""

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


@patient
@given(fields, st.lists(messages, max_size=4))
def test_no_request_is_too_strange(more: dict[str, Any], talk: list[dict[str, Any]]) -> None:
    """Fields of every type in every place, and messages that are nearly right."""
    parse(json.dumps({"model": DEMO.id, "messages": talk, **more}).encode())


kinds_of_items = st.sampled_from(["message", "function_call", "function_call_output", "reasoning", "owl"])
items = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds_of_items | scalars,
        "role": roles | scalars,
        "content": scalars | st.lists(parts, max_size=2),
        "call_id": st.just("call_1") | scalars,
        "name": st.just("look") | scalars,
        "arguments": scalars,
        "output": scalars | st.lists(parts, max_size=2),
    },
)
strange = st.one_of(anything, st.lists(items, max_size=3))
more_fields = st.dictionaries(st.sampled_from([*response_checks.KNOWN, "owl"]), strange, max_size=4)


@patient
@given(more_fields)
def test_no_response_is_too_strange(more: dict[str, Any]) -> None:
    """Items that are nearly right, and tools and formats that are not."""
    with contextlib.suppress(ApiError):
        body = json.dumps({"model": DEMO.id, "input": "hello", **more}).encode()
        response_checks.parse(body, MODELS, lambda _: None)


described = st.fixed_dictionaries(
    {}, optional={"name": st.just("look") | scalars, "parameters": anything, "schema": anything, "strict": scalars}
)
tool = st.fixed_dictionaries(
    {"type": st.just("function")}, optional={"function": described | anything, "name": st.just("look") | scalars}
)
form = st.fixed_dictionaries(
    {"type": st.sampled_from(["json_schema", "json_object"])}, optional={"json_schema": described | anything}
)


@patient
@given(st.lists(tool, max_size=2), tool | anything, form | anything)
def test_no_tool_is_too_strange(tools: list[Any], choice: Any, wanted: Any) -> None:
    """For both ways of describing them."""
    body = {"model": DEMO.id, "tools": tools, "tool_choice": choice}
    parse(json.dumps({**body, "messages": [{"role": "user", "content": ""}], "response_format": wanted}).encode())
    with contextlib.suppress(ApiError):
        raw = json.dumps({**body, "input": "", "text": {"format": wanted}}).encode()
        response_checks.parse(raw, MODELS, lambda _: None)


@patient
@given(
    st.dictionaries(st.sampled_from([*embeddings.KNOWN, *speech.KNOWN, "prompt", "n", "size"]), anything, max_size=4)
)
def test_no_other_request_is_too_strange(more: dict[str, Any]) -> None:
    """Whatever is in the fields, and whichever there are."""
    for model, read in (
        (DEMO_EMBEDDING, embeddings.parse),
        (DEMO_PICTURE, image_checks.new),
        (DEMO_SPEECH, speech.parse),
    ):
        with contextlib.suppress(ApiError):
            read(
                json.dumps({"model": model.id, "input": "a", "voice": "alloy", "prompt": "a", **more}).encode(), MODELS
            )


@patient
@given(
    st.dictionaries(
        st.sampled_from([*transcriptions.KNOWN, "n", "prompt"]), st.lists(st.text(), min_size=1), max_size=3
    ),
    st.text(max_size=8),
    st.binary(max_size=50) | st.binary(max_size=40).map(lambda more: sounds.wav(0.2)[:20] + more),
)
def test_no_form_is_too_strange(texts: dict[str, list[str]], name: str, data: bytes) -> None:
    """Recordings that are none, pictures that are none."""
    file = File(name, "", data)
    wav = File("owl.wav", "", data)
    for each in (file, wav):
        with contextlib.suppress(ApiError):
            transcriptions.parse(Form({"model": [DEMO_TRANSCRIPTION.id], **texts}, {"file": [each]}), MODELS)
    with contextlib.suppress(ApiError):
        image_checks.edited(Form({"prompt": ["a"], **texts}, {"image": [file], "mask": [wav]}), MODELS)


@patient
@given(st.binary(max_size=50))
def test_no_body_is_too_strange(raw: bytes) -> None:
    """Not even one that is no text."""
    parse(raw)


def test_a_body_may_be_as_deep_as_the_sea() -> None:
    """A parser that calls itself falls in."""
    parse(b"[" * 200_000)

"""adapters.http.calls: what is refused, what is clamped, and that no answer takes more than was held for it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http import calls
from adapters.http.asked import Asked
from adapters.http.calls import MOST_CHOICES, MOST_PICTURES
from adapters.http.offered import Read
from adapters.http.prompts import PICTURE
from adapters.http.refusals import Rejected
from bot.api import Took
from bot.billing import DOUBT
from bot.catalogue import ModelSpec, Price
from bot.quota import Unit
from bot.turn import Usage
from bot.window import PER_MESSAGE, PRIMING

PRICE = Price(input=3_000_000, cached=1_500_000, output=15_000_000)
SPEC = ModelSpec("owl", "owl-1", 8_000, 500, price=PRICE)
MESSAGES = [{"role": "user", "content": "Why do owls hoot?"}]
CHAT: dict[str, Any] = {"model": "owl", "messages": MESSAGES}
RESPONSE: dict[str, Any] = {"model": "owl", "input": "Why do owls hoot?"}
TOOL = {"type": "function", "function": {"name": "weather"}}


def chat(**fields: Any) -> Asked:
    return calls.chat({**CHAT, **fields}, SPEC, len)


SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,x"}}


@pytest.mark.parametrize(
    ("read", "fields", "param"),
    [
        (calls.chat, {"messages": None}, "messages"),
        (calls.chat, {"messages": []}, "messages"),
        (calls.chat, {"messages": "Why?"}, "messages"),
        (calls.chat, {"messages": ["Why?"]}, "messages"),
        (calls.chat, {"messages": [{"content": "Why?"}]}, "messages"),
        (calls.chat, {"messages": [{"role": 1, "content": "Why?"}]}, "messages"),
        (calls.chat, {"messages": [{"role": "user", "content": 7}]}, "messages"),
        (calls.chat, {"messages": [{"role": "user", "content": ["Why?"]}]}, "messages"),
        (calls.chat, {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages"),
        (calls.chat, {"messages": [{"role": "user", "content": [{"type": "file"}]}]}, "messages"),
        (calls.chat, {"audio": {"voice": "alloy"}}, "audio"),
        (calls.chat, {"modalities": ["text", "audio"]}, "modalities"),
        (calls.chat, {"prediction": {"type": "content", "content": "x"}}, "prediction"),
        (calls.chat, {"web_search_options": {"user_location": {}}}, "web_search_options"),
        (calls.chat, {"service_tier": "priority"}, "service_tier"),
        (calls.chat, {"tools": [{"type": "web_search"}]}, "tools"),
        (calls.chat, {"tools": ["weather"]}, "tools"),
        (calls.chat, {"tools": {"type": "function"}}, "tools"),
        (calls.chat, {"n": 0}, "n"),
        (calls.chat, {"n": MOST_CHOICES + 1}, "n"),
        (calls.chat, {"n": True}, "n"),
        (calls.chat, {"n": 2.0}, "n"),
        (calls.chat, {"max_tokens": 0}, "max_tokens"),
        (calls.chat, {"max_tokens": "9"}, "max_tokens"),
        (calls.chat, {"max_completion_tokens": -1}, "max_completion_tokens"),
        (calls.chat, {"stream": "yes"}, "stream"),
        (calls.responses, {"input": ""}, "input"),
        (calls.responses, {"input": 7}, "input"),
        (calls.responses, {"input": []}, "input"),
        (calls.responses, {"input": ["Why?"]}, "input"),
        (calls.responses, {"input": [{"type": "item_reference", "id": "x"}]}, "input"),
        (calls.responses, {"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input"),
        (calls.responses, {"background": True}, "background"),
        (calls.responses, {"conversation": "c"}, "conversation"),
        (calls.responses, {"prompt": {"id": "p"}}, "prompt"),
        (calls.responses, {"include": ["x"]}, "include"),
        (calls.responses, {"service_tier": "flex"}, "service_tier"),
        (calls.responses, {"tools": [{"type": "code_interpreter"}]}, "tools"),
        (calls.responses, {"instructions": ["x"]}, "instructions"),
        (calls.responses, {"max_output_tokens": 0}, "max_output_tokens"),
        (calls.responses, {"stream": 1}, "stream"),
        (calls.embeddings, {}, "input"),
        (calls.embeddings, {"input": []}, "input"),
        (calls.embeddings, {"input": {"text": "x"}}, "input"),
        (calls.embeddings, {"input": ["x", 7]}, "input"),
        (calls.embeddings, {"input": ["x", []]}, "input"),
        (calls.pictures, {}, "prompt"),
        (calls.pictures, {"prompt": ""}, "prompt"),
        (calls.pictures, {"prompt": "x", "n": 0}, "n"),
        (calls.pictures, {"prompt": "x", "n": MOST_PICTURES + 1}, "n"),
        (calls.pictures, {"prompt": "x", "stream": True, "callback_url": "https://a.example"}, "callback_url"),
        (calls.speech, {}, "input"),
        (calls.speech, {"input": ["x"]}, "input"),
        (calls.speech, {"input": "x" * 4_097}, "input"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_field_that_is_to_blame(
    read: Read, fields: dict[str, Any], param: str
) -> None:
    usual = CHAT if read is calls.chat else RESPONSE if read is calls.responses else {}
    with pytest.raises(Rejected) as refused:
        read({**usual, **fields}, SPEC, len)

    assert (400, param) == (refused.value.status, refused.value.param)
    assert refused.value.for_user.endswith(".")


@pytest.mark.parametrize(
    "fields",
    [
        {"service_tier": "auto"},
        {"modalities": ["text"]},
        {"modalities": None},
        {"tools": [TOOL]},
        {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
        {"n": None, "max_tokens": None, "stream": None, "tools": None},
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, SHOWN]}]},
    ],
)
def test_what_is_usual_is_not_refused_and_goes_on_as_it_is(fields: dict[str, Any]) -> None:
    assert {**CHAT, **fields, "model": "owl-1"} == chat(**fields).fields


def test_fields_that_nobody_here_knows_go_on() -> None:
    asked = chat(logit_bias={"50256": -100}, verbosity="low", seed=7)
    assert {**CHAT, "model": "owl-1", "logit_bias": {"50256": -100}, "verbosity": "low", "seed": 7} == asked.fields


@pytest.mark.parametrize(
    ("fields", "longest"),
    [
        ({}, 500),
        ({"max_tokens": 100}, 100),
        ({"max_tokens": 10**9}, 500),
        ({"max_tokens": 300, "max_completion_tokens": 200}, 200),
    ],
)
def test_an_answer_is_no_longer_than_the_program_or_the_model_allows(fields: dict[str, Any], longest: int) -> None:
    assert longest == chat(**fields).demand.most


def test_every_limit_that_a_program_names_is_lowered_to_what_is_granted() -> None:
    asked = chat(max_tokens=400, max_completion_tokens=10**9)
    assert ({**asked.fields, "max_tokens": 300, "max_completion_tokens": 300}, 0) == asked.granted(300)
    assert ({**CHAT, "model": "owl-1"}, 300) == chat().granted(300)


def test_the_usage_of_a_stream_is_always_asked_for_and_hidden_from_who_did_not() -> None:
    """It is what is charged. Options that are no object are the provider's to refuse, were we not in need of them."""
    for options in (None, {}, {"include_usage": False}, "x"):
        asked = chat(stream=True, stream_options=options)
        assert True is asked.fields["stream_options"]["include_usage"]
        assert asked.hides
    shown = chat(stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert {"include_usage": True, "include_obfuscation": False} == shown.fields["stream_options"]
    assert not shown.hides
    assert "stream_options" not in chat().fields


def test_all_that_a_model_reads_is_counted() -> None:
    """Names, tools, functions, the format of the answer: what is not counted is not held."""
    plain = chat().prompt
    long = "x" * 1_000
    for more in (
        {"tools": [{"type": "function", "function": {"name": "weather", "description": long}}]},
        {"functions": [{"name": long}]},
        {"response_format": {"type": "json_schema", "json_schema": {"name": long}}},
        {"messages": [{**MESSAGES[0], "name": long}]},
        {"messages": [*MESSAGES, {"role": "assistant", "function_call": {"name": "x", "arguments": long}}]},
        {"messages": [*MESSAGES, {"role": "assistant", "tool_calls": [{"function": {"arguments": long}}]}]},
        {"messages": [*MESSAGES, {"role": "assistant", "refusal": long}]},
        {"messages": [*MESSAGES, {"role": "assistant", "reasoning_content": long}]},
        {"messages": [*MESSAGES, {"role": "assistant", "content": [{"type": "refusal", "refusal": long}]}]},
        {"messages": [*MESSAGES, {"role": "tool", "content": [{"type": "text", "text": long}]}]},
    ):
        assert plain + len(long) <= chat(**more).prompt, more


def test_all_that_a_response_reads_is_counted() -> None:
    plain, long = calls.responses(RESPONSE, SPEC, len).prompt, "x" * 1_000
    for more in (
        {"instructions": long},
        {"tools": [{"type": "function", "name": long}]},
        {"text": {"format": {"name": long}}},
        {"input": [{"role": "user", "content": long}]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": long}]}]},
        {"input": [{"type": "function_call", "arguments": long}]},
        {"input": [{"type": "function_call_output", "output": long}]},
        {"input": [{"type": "reasoning", "summary": [{"text": long}]}]},
    ):
        assert len(long) <= calls.responses({**RESPONSE, **more}, SPEC, len).prompt, more
    assert PRIMING + PER_MESSAGE + len(RESPONSE["input"]) == plain


def test_a_picture_counts_as_the_most_that_one_can_take() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "x" * 90_000}}] * 2
    seen = chat(messages=[{"role": "user", "content": parts}])
    assert PRIMING + PER_MESSAGE + 2 * PICTURE == seen.prompt
    edited = calls.pictures({"prompt": "hat"}, SPEC, len, looked_at=2)
    assert 3 + 2 * PICTURE == edited.prompt


@pytest.mark.parametrize(
    ("given_input", "tokens"), [("owl", 3), (["owl", "hoo!"], 7), ([1, 2, 3, 4], 4), ([[1, 2], [3]], 3), ("", 0)]
)
def test_what_is_embedded_is_counted(given_input: Any, tokens: int) -> None:
    asked = calls.embeddings({"input": given_input}, SPEC, len)
    assert (tokens, 0) == (asked.prompt, asked.demand.most)


def test_a_callback_is_ours_and_not_passed_on() -> None:
    asked = calls.pictures({"prompt": "hat", "callback_url": "https://a.example"}, SPEC, len)
    assert "https://a.example" == asked.callback
    assert "callback_url" not in asked.fields


# Nothing takes more than is held for it.


def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.just(most) | st.integers(0, most)


def within(asked: Asked, spec: ModelSpec, output: int, took: Took) -> bool:
    held = {unit: cost.of(output) for unit, cost in asked.demand.costs.items()}
    return all(amount <= held.get(unit, 0) for unit, amount in took.spent(spec).items())


PRICES = st.builds(Price, *[st.integers(0, 10**8)] * 5).map(
    lambda price: Price(price.input, min(price.cached, price.input), price.output, price.image, price.audio_second)
)


@given(
    price=PRICES,
    texts=st.lists(st.text(max_size=50), min_size=1, max_size=4),
    choices=st.integers(1, MOST_CHOICES),
    limit=st.none() | st.integers(1, 2_000),
    granted=st.floats(0, 1),
    data=st.data(),
)
def test_no_chat_takes_more_than_is_held(
    price: Price, texts: list[str], choices: int, limit: int | None, granted: float, data: st.DataObject
) -> None:
    """Whatever is granted, and though the provider counts as much more as we think that it may."""
    spec = ModelSpec("owl", "owl-1", 8_000, 500, price=price)
    messages = [{"role": "user", "content": text} for text in texts]
    asked = calls.chat({"messages": messages, "n": choices, "max_tokens": limit}, spec, len)
    output = max(asked.demand.least, round(granted * asked.demand.most))
    read, written = data.draw(_up_to(asked.prompt * DOUBT // 100)), data.draw(_up_to(output * choices))
    cached = data.draw(st.integers(0, read))

    assert within(asked, spec, output, Took(Usage(read, written, cached=cached)))


@given(price=PRICES, number=st.integers(1, MOST_PICTURES), looked_at=st.integers(0, 16))
def test_no_pictures_take_more_than_is_held(price: Price, number: int, looked_at: int) -> None:
    """With a price of their own, or that of their tokens."""
    priced = Price(price.input, price.cached, 0, price.image) if price.image else price
    spec = ModelSpec("art", "art-1", 8_000, 500, price=priced)
    asked = calls.pictures({"prompt": "An owl", "n": number}, spec, len, looked_at)
    usage = Usage(asked.prompt, number * spec.max_output)

    assert within(asked, spec, 0, Took(usage, images=asked.images))


@given(price=PRICES, text=st.text(min_size=1, max_size=200))
def test_no_speech_takes_more_than_is_held(price: Price, text: str) -> None:
    spec = ModelSpec("voice", "voice-1", price=price)
    asked = calls.speech({"input": text}, spec, len)

    assert asked.seconds >= len(text) / calls.SPOKEN
    assert within(asked, spec, 0, Took(Usage(asked.prompt, 0), seconds=asked.seconds))


@pytest.mark.parametrize(("speed", "seconds"), [(0.25, 40), (None, 10), (1, 10), (4.0, 3)])
def test_who_speaks_slowly_speaks_longer(speed: float | None, seconds: int) -> None:
    asked = calls.speech({"input": "o" * 100, "speed": speed}, ModelSpec("voice", "voice-1"), len)

    assert seconds == asked.seconds


@pytest.mark.parametrize("speed", [0, 0.2, 4.1, True, "fast"])
def test_a_speed_that_nobody_speaks_at_is_refused(speed: object) -> None:
    with pytest.raises(Rejected, match=r"`speed` must be a number from 0\.25 to 4"):
        calls.speech({"input": "Hoo", "speed": speed}, ModelSpec("voice", "voice-1"), len)


@given(price=PRICES, seconds=st.integers(0, 100_000))
def test_no_recording_takes_more_than_is_held(price: Price, seconds: int) -> None:
    spec = ModelSpec("ear", "ear-1", price=price)
    asked = calls.transcription({"model": "ear"}, spec, seconds)

    assert within(asked, spec, 0, Took(Usage(0, 0), seconds=seconds))
    assert seconds == asked.demand.costs[Unit.AUDIO_SECONDS].fixed

"""adapters.http.bounds: no honest answer is cut off, and a flood is."""

import json
from typing import Any

import pytest

from adapters.http import calls
from adapters.http.asked import Asked
from adapters.http.bounds import BESIDE, LARGEST, largest
from bot.catalogue import ModelSpec

SPEC = ModelSpec("owl", "owl-1", 128_000, 4_096)
LETTERS = "\U0001f989" * 4
"""A token that is escaped to 48 bytes."""


def chat(**fields: Any) -> Asked:
    return calls.chat({"messages": [{"role": "user", "content": "Why?"}], **fields}, SPEC, len)


def event(likely: int) -> bytes:
    """What OpenAI sends for one token, and what its filters found, as others do."""
    one = {"token": LETTERS, "logprob": -0.123456789, "bytes": list(LETTERS.encode())}
    found = {kind: {"filtered": False, "severity": "safe"} for kind in ("hate", "self_harm", "sexual", "violence")}
    choice = {
        "index": 0,
        "delta": {"content": LETTERS},
        "finish_reason": None,
        "content_filter_results": found,
        "logprobs": {"content": [{**one, "top_logprobs": [one] * likely}], "refusal": None} if likely else None,
    }
    head = {"id": "chatcmpl-" + "x" * 30, "object": "chat.completion.chunk", "created": 1, "model": "owl-1"}
    told = {**head, "system_fingerprint": "fp_" + "x" * 10, "obfuscation": "x" * 32, "choices": [choice]}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


@pytest.mark.parametrize("likely", [0, 1, 20])
def test_every_token_may_have_an_event_of_its_own(likely: int) -> None:
    asked = chat(stream=True, **({"logprobs": True, "top_logprobs": likely} if likely else {}))
    assert 4_000 * len(event(likely)) < largest(asked, 4_000, stream=True)


def test_a_flood_is_cut_off_after_a_few_bytes_a_token() -> None:
    """It was 64 MB, and 4 KB a token."""
    assert largest(chat(stream=True), 100, stream=True) < 2 * BESIDE
    assert largest(chat(), 4_096, stream=False) < 4 * BESIDE
    huge = chat(stream=True, logprobs=True, top_logprobs=10**12)
    assert largest(huge, 100, stream=True) < 4 * BESIDE


def test_each_choice_may_be_as_long_as_one() -> None:
    asked = chat(n=8)
    assert 8 * 4_000 * len(json.dumps(LETTERS)) < largest(asked, asked.longest(4_000), stream=False)


def test_what_was_asked_may_come_back() -> None:
    """Three events of a response have its instructions and its tools in them."""
    tools = [{"type": "function", "name": "weather", "description": "x" * 500_000}]
    asked = calls.responses({"input": "Why?", "tools": tools, "stream": True}, SPEC, lambda text: len(text) // 16)
    assert 3 * len(json.dumps(tools)) + BESIDE // 2 < largest(asked, 100, stream=True)


def test_texts_pictures_and_sound_have_bounds_of_their_own() -> None:
    vectors = calls.embeddings({"input": ["owl"] * 100}, SPEC, len)
    assert 100 * 4_096 * len("-0.0123456789012345,") < largest(vectors, 0, stream=False) < LARGEST
    pictures = calls.pictures({"prompt": "An owl", "n": 2}, SPEC, len)
    assert 2 * (4 << 20) * 4 // 3 < largest(pictures, 0, stream=False) < LARGEST
    speech = calls.speech({"input": "Hoo. " * 100}, SPEC, len)
    assert 60 * 48_000 < largest(speech, 0, stream=True) < LARGEST
    heard = calls.transcription({}, SPEC, 3_600)
    assert 3_600 * 3 * 100 < largest(heard, 0, stream=False)

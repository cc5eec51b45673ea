"""adapters.http.sieve: events go through as they came, wherever the wire tears them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.sieve import LONGEST, BadEvent, Sieve, data_of, said_in
from bot.turn import Usage

TOLD = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
USAGE = {"choices": [], "usage": TOLD}
LAST = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": TOLD}
WORDS = {"choices": [{"delta": {"content": 'Hoo "usage": {} \n\n 🦉'}}], "usage": None}

ENDS = st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n\r\n"])
EVENTS = st.sampled_from([USAGE, LAST, WORDS]).map(lambda said: b"data: " + json.dumps(said).encode())
OTHERS = st.sampled_from([b"data: [DONE]", b": a comment", b"event: odd\ndata: {", b"data:{}", b"id: 7\r\ndata: 1"])


BLANK = st.just(b"\n")
"""A line that is none of an event: it may go with the one that follows."""


@st.composite
def streams(draw: st.DrawFn, others: st.SearchStrategy[bytes] = OTHERS) -> tuple[bytes, list[bytes]]:
    """A stream, and the blocks that it comes in. The last event may have no end."""
    parts = draw(st.lists(st.tuples(EVENTS | others, ENDS), max_size=6))
    stream = b"".join(event + end for event, end in parts) + draw(st.just(b"") | others)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return stream, [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def through(sieve: Sieve, blocks: list[bytes]) -> bytes:
    return b"".join(map(sieve.take, blocks)) + sieve.rest()


@given(streams(OTHERS | BLANK))
def test_whoever_sees_the_usage_gets_every_byte(made: tuple[bytes, list[bytes]]) -> None:
    stream, blocks = made
    sieve = Sieve(hides=False)

    assert stream == through(sieve, blocks)
    assert (Usage(12, 3, cached=5) if b'"prompt_tokens"' in stream else None) == sieve.usage
    assert stream == b"".join(sieve.passed)


@given(streams())
def test_whoever_does_not_gets_the_same_however_it_was_torn(made: tuple[bytes, list[bytes]]) -> None:
    stream, blocks = made
    whole, torn = Sieve(hides=True), Sieve(hides=True)
    expected = through(whole, [stream])

    assert expected == through(torn, blocks)
    assert whole.usage == torn.usage
    assert b"prompt_tokens" not in expected
    for kept in (b"[DONE]", b": a comment", b"Hoo", b'"stop"'):
        assert stream.count(kept) == expected.count(kept)


@given(streams())
def test_nothing_is_held_back_that_has_an_end(made: tuple[bytes, list[bytes]]) -> None:
    """Words are read as they come."""
    _, blocks = made
    sieve, came, gone = Sieve(hides=False), b"", b""
    for block in blocks:
        came += block
        gone += sieve.take(block)
        ended = max(came.rfind(b"\n\n"), came.rfind(b"\n\r\n"))
        assert len(gone) > ended or ended <= 0


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_a_usage_together_with_words_leaves_the_words(end: bytes) -> None:
    sieve = Sieve(hides=True)
    seen = sieve.take(b"data: " + json.dumps(LAST).encode() + end)

    assert {"choices": LAST["choices"]} == data_of(seen)
    assert Usage(12, 3, cached=5) == sieve.usage


def test_an_event_that_tells_the_usage_alone_is_not_seen() -> None:
    sieve = Sieve(hides=True)
    assert b"" == sieve.take(b"data: " + json.dumps(USAGE).encode() + b"\n\n")
    assert [] == sieve.passed


def test_a_usage_of_null_is_left_alone() -> None:
    """Byte by byte: OpenAI has one in every event."""
    sieve, event = Sieve(hides=True), b'data:  {"choices": [{"delta" :{}}], "usage" : null}\n\n'
    assert event == sieve.take(event)
    assert None is sieve.usage


def test_the_newest_usage_counts_and_one_that_is_none_does_not() -> None:
    """Some tell it in every event, as far as it has grown."""
    sieve = Sieve(hides=False)
    for answered in (1, 2, 3, -1):
        told = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": answered}}
        sieve.take(b"data: " + json.dumps(told).encode() + b"\n\n")
    assert Usage(1, 3) == sieve.usage


def test_the_events_of_a_response_tell_its_usage() -> None:
    sieve = Sieve(hides=False)
    told = {"input_tokens": 9, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 2}}
    said = {"type": "response.completed", "response": {"id": "resp_1", "usage": told}}
    stream = b'event: response.created\ndata: {"type": "response.created", "response": {"usage": null}}\n\n'
    stream += b"event: response.completed\ndata: " + json.dumps(said).encode() + b"\n\n"

    assert stream == sieve.take(stream)
    assert Usage(9, 4, cached=2) == sieve.usage
    assert ["response.created", "response.completed"] == [each["type"] for each in said_in(sieve.passed)]


def test_an_event_without_end_is_given_up() -> None:
    sieve = Sieve(hides=False)
    block = b"data: " + b"x" * (1 << 16)
    for _ in range(LONGEST // len(block) - 1):
        sieve.take(block)
    with pytest.raises(BadEvent):
        sieve.take(block + block)


def test_an_event_may_be_as_large_as_a_picture() -> None:
    event = b'data: {"b64_json": "' + b"x" * (3 << 20) + b'"}\n\n'
    sieve = Sieve(hides=False)
    half = len(event) // 2
    assert (b"", event) == (sieve.take(event[:half]), sieve.take(event[half:]))

"""adapters.upstream.events: the same events however they are torn, and nothing that a server sends can break us."""

import itertools
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.upstream.events import LONGEST, BadEvents, chunk, data, largest, parsed
from bot.ports import Chunk
from bot.turn import Usage
from tests.fuzz.amount import amount

many = settings(deadline=None, max_examples=amount(200, 20_000))

lines = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20).map(
        lambda text: f"data: {text.strip()}"
    ),
    st.sampled_from(["", ": comment", "event: x", "data:", "data:{}", "data: [DONE]", "id: 7", "dat", "🦉"]),
)
fields = st.sampled_from(
    ["choices", "delta", "content", "finish_reason", "usage", "prompt_tokens", "completion_tokens", "error", "x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)


async def in_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def heard(pieces: Iterable[bytes]) -> list[bytes]:
    return [event async for event in data(in_pieces(pieces))]


def torn(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


@many
@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n"]), st.lists(st.integers(0, 10**6), max_size=30))
async def test_any_tearing_gives_the_same_events(written: list[str], line_end: str, cuts: list[int]) -> None:
    """Proxies cut where they like: in a line's end, in a character."""
    stream = line_end.join(written).encode()
    whole = [line[5:].strip().encode() for line in written if line.startswith("data:")]

    assert whole == await heard(torn(stream, cuts))


async def test_a_line_without_an_end_is_not_waited_for() -> None:
    with pytest.raises(BadEvents, match="a line of more than"):
        await heard([b"data: x"] + [b"x" * 16_384] * (LONGEST // 16_384))


async def test_an_answer_without_an_end_is_not_listened_to() -> None:
    """Small events, each as it should be, and ever more of them."""
    event = b'data: {"choices": [{"delta": {"content": "Hoo. Hoo. Hoo."}}]}\n\n'
    with pytest.raises(BadEvents, match="more than an answer"):
        async for _ in data(in_pieces(itertools.repeat(event)), largest(500)):
            pass


@many
@given(st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()))
def test_no_event_breaks_us(line: bytes) -> None:
    """Whatever it is: an event of which we take what we know, or none."""
    try:
        found = chunk(parsed(line))
    except BadEvents:
        return
    found.text.encode()
    assert found.finish in ("", "stop", "length", "filter")


def test_what_is_nested_too_deep_is_no_event() -> None:
    """Python's JSON reader gives up with an error of another kind."""
    with pytest.raises(BadEvents):
        parsed(b'{"choices":' + b"[" * 100_000)


@pytest.mark.parametrize("figure", [-1, True, 1.5, "7", None, 10**30])
def test_figures_that_nobody_can_have_used_are_none(figure: Any) -> None:
    """They would be charged."""
    told = {"usage": {"prompt_tokens": figure, "completion_tokens": 5}}

    assert Chunk() == chunk(told)
    assert Usage(0, 5) == chunk({"usage": {"prompt_tokens": 0, "completion_tokens": 5}}).usage

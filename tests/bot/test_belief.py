"""bot.belief: what a provider says is taken from people's shares only as far as it can be true."""

import logging

import pytest

from bot.belief import BESIDE, TIMES, believed
from bot.catalogue import ModelSpec
from bot.turn import Usage

SPEC = ModelSpec("owl", "owl-1", 8_000, 500)


@pytest.mark.parametrize("told", [Usage(0, 0), Usage(120, 500, cached=100), Usage(BESIDE + TIMES * 100, 500)])
def test_what_can_be_is_believed_to_the_token(told: Usage) -> None:
    assert told is believed(told, SPEC, 100, 500)


def test_no_answer_was_longer_than_was_granted_and_no_prompt_than_the_model_reads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One answer would use up a member's month; whoever runs the service learns of it."""
    with caplog.at_level(logging.WARNING):
        assert Usage(8_000, 500, cached=8_000) == believed(Usage(1 << 40, 1 << 40, cached=1 << 39), SPEC, 3_000, 500)

    assert "owl" in caplog.text
    assert str(1 << 40) in caplog.text


def test_a_short_prompt_was_read_as_a_few_thousand_tokens_at_most() -> None:
    assert Usage(BESIDE + TIMES * 10, 1) == believed(Usage(8_000, 1), SPEC, 10, 500)


def test_what_we_count_ourselves_is_not_doubted() -> None:
    """An operator may say that a model reads less than it does."""
    assert Usage(12_000, 1) == believed(Usage(12_000, 1), SPEC, 10_000, 500)

"""The nouns of a chat."""

import pytest

from bot.chat import sendable


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["a\ud83e", "\udd89b"], "a🦉b"),
        (["\ud83e", "", "\udd89"], "🦉"),
        (["\ud83e", "x"], "\ufffdx"),
        (["\udd89x"], "\ufffdx"),
        (["🦉", "é"], "🦉é"),
    ],
)
def test_halves_of_a_character_are_put_together(pieces: list[str], whole: str) -> None:
    """Servers that count in UTF-16 may put the halves of a pair into two events; nothing could encode them."""
    assert whole == sendable("".join(pieces))

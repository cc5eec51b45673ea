"""A provider that turns a question down, with the status by which others turn an account away."""

import pytest

from adapters.upstream.errors import of_status
from bot.errors import AccountLocked, BotError, Filtered


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("Your chosen model requires moderation and your input was flagged", Filtered),
        ("This violates our content policy", Filtered),
        ("You are not allowed to use this model", AccountLocked),
        ("", AccountLocked),
    ],
)
def test_a_403_about_the_question_does_not_park_the_account(message: str, meaning: type[BotError]) -> None:
    """One member could otherwise end the answers of everybody."""
    assert meaning is type(of_status(403, None, message, {}))

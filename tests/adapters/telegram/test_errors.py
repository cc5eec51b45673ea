"""adapters.telegram.errors: the table is whole, and a creation that may have happened is not done again."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import telegram.error
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from adapters.telegram.errors import NAMES, maybe_created, renamed
from bot.errors import BotError, PartGone, PlatformBusy, PlatformDown, Undeliverable, Unsure


def every_kind() -> Iterator[type[TelegramError]]:
    for kind in vars(telegram.error).values():
        if isinstance(kind, type) and issubclass(kind, TelegramError):
            yield kind


def test_every_error_of_the_library_has_our_name() -> None:
    """A new release may bring a new one."""
    kinds = set(every_kind())

    assert kinds == set(NAMES)
    for kind in kinds - {RetryAfter}:
        error = kind.__new__(kind)
        TelegramError.__init__(error, "words of the library")
        assert isinstance(renamed(error), BotError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RetryAfter(timedelta(seconds=7)), PlatformBusy),
        (BadRequest("Message to edit not found"), PartGone),
        (BadRequest("Chat not found"), Undeliverable),
        (Forbidden("bot was blocked by the user"), Undeliverable),
        (TimedOut(), PlatformDown),
        (NetworkError("Bad Gateway"), PlatformDown),
    ],
)
def test_an_error_is_told_apart_by_what_to_do(error: TelegramError, expected: type[BotError]) -> None:
    """Wait, try again, skip this message, or give the chat up."""
    assert expected is type(renamed(error))


@pytest.mark.parametrize("error", [TimedOut(), NetworkError("Bad Gateway"), NetworkError("httpx.ReadError: ")])
def test_a_message_that_may_have_been_sent_is_unsure(error: TelegramError) -> None:
    """Telegram cannot tell that it has a message already: sending it again would show it twice."""
    assert isinstance(maybe_created(error), Unsure)


@pytest.mark.parametrize("cause", [httpx.ConnectError(""), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
def test_a_message_that_never_left_may_be_sent_again(cause: Exception) -> None:
    """No connection, no message."""
    error = NetworkError("no connection")
    error.__cause__ = cause

    assert PlatformDown is type(maybe_created(error))


@pytest.mark.parametrize("error", [RetryAfter(timedelta(seconds=7)), BadRequest("Chat not found"), Forbidden("no")])
def test_a_refused_message_was_not_sent(error: TelegramError) -> None:
    """Telegram answered, so there is no doubt."""
    assert not isinstance(maybe_created(error), Unsure)

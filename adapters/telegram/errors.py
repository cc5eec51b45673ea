"""What python-telegram-bot raises, by our names."""

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    PassportDecryptionError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.errors import BotError, PartGone, PlatformBusy, PlatformDown, Undeliverable, Unsure

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures of the connection before a request has left: it certainly had no effect."""

NAMES: dict[type[TelegramError], type[BotError]] = {
    BadRequest: Undeliverable,
    ChatMigrated: Undeliverable,
    Conflict: PlatformDown,
    EndPointNotFound: Undeliverable,
    Forbidden: Undeliverable,
    InvalidToken: PlatformDown,
    NetworkError: PlatformDown,
    PassportDecryptionError: Undeliverable,
    RetryAfter: PlatformBusy,
    TelegramError: PlatformDown,
    TimedOut: PlatformDown,
}
"""The nearest class above an error decides. Only a refusal that would come again is Undeliverable."""

UNCHANGED = "message is not modified"
GONE = ("message to edit not found", "message to delete not found", "message can't be deleted", "message_id_invalid")
BAD_MARKS = ("can't parse entities", "entity")


def renamed(error: TelegramError) -> BotError:
    """Our error for one of the library's."""
    if isinstance(error, RetryAfter):
        # The public attribute warns of its own future at every access (python-telegram-bot 22.2).
        return PlatformBusy(str(error), error._retry_after.total_seconds())
    said = str(error).lower()
    if isinstance(error, BadRequest) and any(words in said for words in GONE):
        return PartGone(str(error))
    nearest = next(kind for kind in type(error).__mro__ if kind in NAMES)
    return NAMES[nearest](f"{type(error).__name__}: {error}")


def maybe_created(error: TelegramError) -> BotError:
    """Our error for a call that puts a message up: unless it certainly failed, nobody knows whether it did."""
    refused = isinstance(error, (BadRequest, Forbidden, RetryAfter, ChatMigrated, InvalidToken, EndPointNotFound))
    if refused or isinstance(error.__cause__, NEVER_SENT):
        return renamed(error)
    return Unsure(f"{type(error).__name__}: {error}")

"""What python-telegram-bot raises, by our names."""

from datetime import timedelta

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

GONE = ("message to edit not found", "message to delete not found", "message can't be deleted", "message_id_invalid")


ABSENT = ("chat not found", "user not found", "member not found", "participant_id_invalid", "peer_id_invalid")


def renamed(error: TelegramError) -> BotError:
    """Our error for one of the library's."""
    if isinstance(error, RetryAfter):
        return PlatformBusy(str(error), _seconds(error.retry_after))
    if is_gone(error):
        return PartGone(str(error))
    nearest = next(kind for kind in type(error).__mro__ if kind in NAMES)
    return NAMES[nearest](f"{type(error).__name__}: {error}")


def _seconds(wait: int | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def is_unchanged(error: TelegramError) -> bool:
    """Whether an edit failed because there was nothing to change."""
    return "message is not modified" in str(error).lower()


def is_gone(error: TelegramError) -> bool:
    """Whether the message that was to be changed is no more."""
    return isinstance(error, BadRequest) and any(words in str(error).lower() for words in GONE)


def is_absent(error: TelegramError) -> bool:
    """Whether somebody, or a chat, is not there for us: unknown, deleted, left, or closed to us."""
    unknown = isinstance(error, BadRequest) and any(words in str(error).lower() for words in ABSENT)
    return unknown or isinstance(error, Forbidden)


def maybe_created(error: TelegramError) -> BotError:
    """Our error for a call that puts a message up: unless it certainly failed, nobody knows whether it did."""
    refused = isinstance(error, (BadRequest, Forbidden, RetryAfter, ChatMigrated, InvalidToken, EndPointNotFound))
    if refused or isinstance(error.__cause__, NEVER_SENT):
        return renamed(error)
    return Unsure(f"{type(error).__name__}: {error}")

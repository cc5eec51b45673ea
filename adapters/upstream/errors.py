"""A provider's errors by our names. What a provider says is for the log; a chat only ever sees our own words."""

import asyncio
import contextlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import aiohttp_socks
import httpx2
import openai

from adapters.upstream.events import BadEvents
from bot.errors import (
    AccountLocked,
    BotError,
    ContextFull,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
)

PROXY_TROUBLE = (
    aiohttp_socks.ProxyConnectionError,
    aiohttp_socks.ProxyTimeoutError,
    aiohttp_socks.ProxyError,
    asyncio.IncompleteReadError,
)
"""What the SDK passes on when a proxy fails; the last when it hangs up. None of them quotes its login."""

TROUBLE = (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, BadEvents, *PROXY_TROUBLE)
"""What a call of the SDK, or reading its response, may raise. What is no HTTP at all, it leaves to aiohttp to say."""

REFUSALS: Mapping[str, type[BotError]] = {
    "context_length_exceeded": ContextFull,
    "string_above_max_length": ContextFull,
    "content_filter": Filtered,
    "content_policy_violation": Filtered,
    "insufficient_quota": AccountLocked,
    "billing_hard_limit_reached": AccountLocked,
}
"""What a provider's error code means, whatever the status."""

STATUSES: Mapping[int, type[BotError]] = {
    400: ModelMisconfigured,
    401: AccountLocked,
    402: AccountLocked,
    403: AccountLocked,
    404: ModelMisconfigured,
    405: ModelMisconfigured,
    413: ContextFull,
    422: ModelMisconfigured,
}
"""What a status means when the code says nothing more. Any other is the provider's own trouble."""

BUSY = (429, 503, 529)

FLAGGED = re.compile(r"moderat|flagged|content policy", re.IGNORECASE)
"""
What a 403 says that is about the question and not about the account.

Source: openrouter.ai/docs/api-reference/errors, 403 ("requires moderation and your input was flagged").
"""

QUOTED = 12
"""Letters and digits in a row that an error and a conversation have in common when the one quotes the other."""


def renamed(error: Exception, *, begun: bool) -> BotError:
    """
    Our error for one of the SDK's.

    Args:
        begun: Whether the answer had begun: what fails then was cut.
    """
    if isinstance(error, PROXY_TROUBLE):
        return ModelDown(f"the proxy: {error}")
    if (lost := _lost(error)) is not None:
        return (ModelCut if begun else ModelDown)(f"{type(lost).__name__}: {lost}")
    if isinstance(error, openai.APITimeoutError):
        return ModelCut(str(error)) if begun else ModelSilent(str(error))
    if isinstance(error, openai.APIStatusError):
        return of_status(error.status_code, error.code, error.message, error.response.headers)
    if isinstance(error, aiohttp.ClientError):
        return (ModelCut if begun else ModelDown)(f"no HTTP: {type(error).__name__}")  # its text quotes the answer
    return (ModelCut if begun else ModelDown)(f"{type(error).__name__}: {error}".rstrip("."))


def renamed_event(error: Any, *, begun: bool) -> BotError:
    """Our error for an error that came as an event of the stream, where the status had said that all was well."""
    told = error if isinstance(error, dict) else {"message": error}
    code = told.get("code")  # its other fields may hold all that the model has said so far
    detail = f"{code or told.get('type') or 'error'}: {str(told.get('message'))[:500]}"
    if begun:
        return ModelCut(detail)
    return REFUSALS.get(str(code), ModelDown)(detail)


def hush(error: BotError, said: Iterable[str]) -> None:
    """Take the provider's words out of an error where they quote what was said: the log is to have none of it."""
    detail = str(error)
    if any(_quotes(detail, text) for text in said):
        error.args = (f"{detail.partition(':')[0]}: its words quote the conversation",)


def conceal(error: BotError, key: str) -> None:
    """Take an account's own key out of an error, where a provider sends it back to us: it is kept and shown."""
    if key in str(error):
        error.args = (str(error).replace(key, "…"),)


def _quotes(detail: str, text: str) -> bool:
    """Whether they have `QUOTED` letters in a row in common, or a shorter text whole."""
    told, text = _letters(detail), _letters(text)
    length = min(QUOTED, len(text))
    if length < QUOTED // 2:
        return False
    pieces = {told[at : at + length] for at in range(len(told) - length + 1)}
    return any(text[at : at + length] in pieces for at in range(len(text) - length + 1))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _lost(error: BaseException | None) -> aiohttp.ClientConnectionError | None:
    """The failure of a connection that is behind an error, and that the SDK's transport calls a timeout."""
    while error is not None:
        if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, TimeoutError):
            return error
        error = error.__cause__
    return None


def of_status(status: int, code: str | None, message: str, headers: Mapping[str, str]) -> BotError:
    """Our error for a response that is none of the 200s."""
    detail = f"{status} {code or ''}: {message}"
    if str(code) in REFUSALS:
        return REFUSALS[str(code)](detail)
    if status in BUSY:
        return ModelBusy(detail, _retry_after(headers))
    if status == 403 and FLAGGED.search(message):
        return Filtered(detail)
    return STATUSES.get(status, ModelDown)(detail)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the provider says them; None when it does not, or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(KeyError, ValueError):
            if math.isfinite(wait := float(headers[name]) * unit):
                return max(0.0, wait)
    return None

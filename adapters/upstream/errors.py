"""A provider's errors by our names. What a provider says is for the log; a chat only ever sees our own words."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx2
import openai

from adapters.upstream.events import BadEvents
from bot.errors import (
    BotError,
    ContextFull,
    Filtered,
    ModelBusy,
    ModelCut,
    ModelDown,
    ModelMisconfigured,
    ModelSilent,
)

TROUBLE = (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, BadEvents)
"""What a call of the SDK, or reading its response, may raise. What is no HTTP at all, it leaves to aiohttp to say."""

REFUSALS: Mapping[str, type[BotError]] = {
    "context_length_exceeded": ContextFull,
    "string_above_max_length": ContextFull,
    "content_filter": Filtered,
    "content_policy_violation": Filtered,
    "insufficient_quota": ModelMisconfigured,
    "billing_hard_limit_reached": ModelMisconfigured,
}
"""What a provider's error code means, whatever the status."""

STATUSES: Mapping[int, type[BotError]] = {
    400: ModelMisconfigured,
    401: ModelMisconfigured,
    402: ModelMisconfigured,
    403: ModelMisconfigured,
    404: ModelMisconfigured,
    405: ModelMisconfigured,
    413: ContextFull,
    422: ModelMisconfigured,
}
"""What a status means when the code says nothing more. Any other is the provider's own trouble."""

BUSY = (429, 503, 529)


def renamed(error: Exception, *, begun: bool) -> BotError:
    """
    Our error for one of the SDK's.

    Args:
        begun: Whether the answer had begun: what fails then was cut.
    """
    if (lost := _lost(error)) is not None:
        return (ModelCut if begun else ModelDown)(f"{type(lost).__name__}: {lost}")
    if isinstance(error, openai.APITimeoutError):
        return ModelCut(str(error)) if begun else ModelSilent(str(error))
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, aiohttp.ClientError):
        return (ModelCut if begun else ModelDown)(f"no HTTP: {type(error).__name__}")  # its text quotes the answer
    return (ModelCut if begun else ModelDown)(f"{type(error).__name__}: {error}".rstrip("."))


def renamed_event(error: Any, *, begun: bool) -> BotError:
    """Our error for an error that came as an event of the stream, where the status had said that all was well."""
    detail, code = str(error)[:500], error.get("code") if isinstance(error, dict) else None
    if begun:
        return ModelCut(detail)
    return REFUSALS.get(str(code), ModelDown)(detail)


def _lost(error: BaseException | None) -> aiohttp.ClientConnectionError | None:
    """The failure of a connection that is behind an error, and that the SDK's transport calls a timeout."""
    while error is not None:
        if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, TimeoutError):
            return error
        error = error.__cause__
    return None


def _of_status(error: openai.APIStatusError) -> BotError:
    detail = f"{error.status_code} {error.code or ''}: {error.message}"
    if str(error.code) in REFUSALS:
        return REFUSALS[str(error.code)](detail)
    if error.status_code in BUSY:
        return ModelBusy(detail, _retry_after(error.response.headers))
    return STATUSES.get(error.status_code, ModelDown)(detail)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the provider says them; None when it does not, or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(KeyError, ValueError):
            if math.isfinite(wait := float(headers[name]) * unit):
                return max(0.0, wait)
    return None

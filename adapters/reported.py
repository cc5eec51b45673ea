"""What a provider reports that an answer took, by whichever of OpenAI's routes it was asked."""

from typing import Any, TypeGuard

from bot.turn import Usage

MOST = 1 << 40
"""Tokens. What a provider says beyond that, or below nothing, is no figure."""


def usage_in(told: object) -> Usage | None:
    """A usage as any of the routes tells it; None for what is none."""
    if not isinstance(told, dict):
        return None
    asked = told.get("prompt_tokens", told.get("input_tokens"))
    answered = told.get("completion_tokens", told.get("output_tokens", 0))
    details = told.get("prompt_tokens_details") or told.get("input_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    if not _is_figure(asked) or not _is_figure(answered):
        return None
    return Usage(asked, answered, cached=min(asked, cached) if _is_figure(cached) else 0)


def _is_figure(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST

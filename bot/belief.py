"""What is believed of the tokens that a provider says an answer took: they come out of people's shares."""

import logging
from dataclasses import replace

from bot.catalogue import ModelSpec
from bot.turn import Usage

log = logging.getLogger(__name__)

TIMES = 4
"""How many times as many tokens as we count a prompt may have: pictures, and tokenizers that nobody knows, differ."""

BESIDE = 4_096
"""Tokens that a provider may put before every prompt."""


def believed(told: Usage, spec: ModelSpec, prompt: int, output: int) -> Usage:
    """
    What was told of an answer by that model, but no more of it than can be.

    Args:
        prompt: Its tokens as we count them; what we ourselves count beyond the model's context is not doubted.
        output: Tokens that all answers together may have.
    """
    most = max(2 * prompt, min(TIMES * prompt + BESIDE, spec.context))
    if told.input <= most and told.output <= output:
        return told
    log.warning("%s: %d + %d tokens were told, %d + %d can be", spec.alias, told.input, told.output, most, output)
    return replace(told, input=min(told.input, most), output=min(told.output, output), cached=min(told.cached, most))

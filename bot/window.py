"""Which part of a conversation is sent to the model: the newest that fits, never half a message."""

from collections.abc import Callable, Sequence

from bot.chat import Message
from bot.errors import TooLong

Count = Callable[[str], int]
"""Tokens in a text."""

PER_MESSAGE = 4
"""
Tokens that a chat format spends around each message, rounded up.

Source: OpenAI cookbook, "How to count tokens with tiktoken": 3 for each message, 1 for a name.
"""
PRIMING = 3
"""Tokens that open the answer (same source)."""


def cost(text: str, count: Count) -> int:
    """Tokens that one message takes in a prompt."""
    return count(text) + PER_MESSAGE


def fit(
    system: str, past: Sequence[Message], question: Message, budget: int, count: Count
) -> tuple[tuple[Message, ...], int]:
    """
    Choose what the model gets to read.

    Args:
        past: The branch that the question follows, oldest first.
        budget: The most tokens that the prompt may have.

    Returns:
        The prompt (system message, the newest messages that fit, the question) and its size in tokens.

    Raises:
        TooLong: The question alone is over the budget.
    """
    fixed = PRIMING + cost(system, count)
    spent = fixed + cost(question.text, count)
    if spent > budget:
        raise TooLong(spent - fixed, max(0, budget - fixed - PER_MESSAGE))
    kept: list[Message] = []
    for message in reversed(past):
        price = cost(message.text, count)
        if spent + price > budget:
            break
        kept.append(message)
        spent += price
    while kept and kept[-1].role == "assistant":
        spent -= cost(kept.pop().text, count)
    return (Message("", "", "system", system), *reversed(kept), question), spent

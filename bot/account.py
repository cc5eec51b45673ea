"""One account with a provider, as its operator describes it, and how it does."""

import hashlib
from dataclasses import dataclass

from bot.catalogue import Plus
from bot.health import Condition
from bot.tally import Tally


@dataclass(frozen=True, slots=True)
class Account:
    """
    One account with a provider, or an agent that has joined.

    Args:
        models: The names that the provider uses, "*" for any.
        plus: Whether only those with plus may use it.
        weight: Its part of the questions, among those of its priority.
        priority: The highest is asked first; others only when none of it can be.
        concurrency: Answers at once, of all processes together; 0 for any number.
        per_minute: Questions begun in a minute; 0 for any number.
        mark: Tells its settings from others: what is known of how it does holds for these alone.
    """

    name: str
    models: tuple[str, ...] = ("*",)
    plus: bool = False
    weight: int = 1
    priority: int = 0
    concurrency: int = 0
    per_minute: int = 0
    mark: str = ""

    @property
    def is_limited(self) -> bool:
        """Whether places on it are counted."""
        return bool(self.concurrency or self.per_minute)

    def suits(self, wanted: Plus) -> bool:
        return wanted is Plus.ANY or self.plus == (wanted is Plus.YES)


@dataclass(frozen=True, slots=True)
class Status:
    """How an account does: `places` are those that all processes have taken, `tally` today's figures."""

    account: Account
    condition: Condition
    places: int
    tally: Tally


def mark_of(*settings: str) -> str:
    """A mark that tells settings from others and does not betray them."""
    return hashlib.sha256("\0".join(settings).encode()).hexdigest()[:12]

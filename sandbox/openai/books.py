"""What the provider keeps of the calls it got: for the invoice, and for tests."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.openai import routes

KEPT = 1000
"""Requests kept, so that a sandbox may run for days."""


@dataclass(slots=True)
class Bill:
    """
    What one request is charged for. Grows while the answer is streamed, so a client that leaves pays for what was on
    its way.

    Args:
        prompt: Tokens that came in.
        completion: Tokens that went out, of all choices, those `thought` included.
        images: Pictures made.
        seconds: Of sound, made or listened to.
        characters: Of text, read aloud.
        route: Under the name that faults know, too.
    """

    model: str
    prompt: int
    completion: int = 0
    thought: int = 0
    cancelled: bool = False
    images: int = 0
    seconds: float = 0.0
    characters: int = 0
    route: str = routes.CHAT

    @property
    def total(self) -> int:
        return self.prompt + self.completion


@dataclass(slots=True)
class Books:
    """
    Counters since the start.

    Args:
        calls: Requests that would cost something, refused ones too.
        open: Answers being given right now.
        cancelled: Answers whose client left before their end.
        requests: The bodies of the last requests that were well formed, oldest first; of a form, its fields.
        invoice: One bill for each answer that was begun, in order.
    """

    calls: int = 0
    open: int = 0
    cancelled: int = 0
    requests: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    invoice: list[Bill] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Completion tokens served."""
        return sum(bill.completion for bill in self.invoice)

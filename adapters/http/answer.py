"""An answer on its way, to whomever it goes: a caller, an address, a place where it is kept."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Answer(Protocol):
    """What is told of an answer: a head, and blocks as they come."""

    @property
    def begun(self) -> bool:
        """Whether the head was told."""

    async def begin(self, status: int, type: str, length: int | None = None) -> None:
        """Tell the head. Without a length, there are blocks until `finish`."""

    async def block(self, data: bytes) -> None:
        """Waits while nobody takes it."""

    async def finish(self, data: bytes = b"") -> None:
        """Tell the last of it."""

    async def broken(self, data: bytes) -> None:
        """Tell the last of an answer that is not all there."""


Work = Callable[[Answer], Awaitable[None]]
"""What makes an answer. Raises BotError as long as none has begun."""


async def tell(answer: Answer, status: int, type: str, data: bytes) -> None:
    """Tell all of an answer."""
    await answer.begin(status, type, len(data))
    await answer.finish(data)

"""How far an answer has come, and how long its next piece is waited for; alike for accounts and for agents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.upstream.awake import awake_timeout
from bot.errors import ModelCut, ModelDown, ModelSilent
from bot.ports import Chunk

LAST = 5.0
"""Seconds to wait for the usage once the answer has ended."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: to connect, for the first word, between two words, and in all."""

    connect: float = 10
    first_token: float = 90
    gap: float = 45
    total: float = 900


@dataclass(slots=True)
class Heard:
    """What was said so far, and whether that was all."""

    pieces: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def begun(self) -> bool:
        return bool(self.pieces)

    def take(self, chunk: Chunk) -> None:
        """Note what one more chunk says."""
        if chunk.text:
            self.pieces.append(chunk.text)
        self.finished = self.finished or bool(chunk.finish)

    def failed(self, why: str) -> ModelDown:
        """Why there is no answer, or no more of it."""
        return (ModelCut if self.begun else ModelDown)(why)

    @asynccontextmanager
    async def patiently(self, timeouts: Timeouts) -> AsyncIterator[None]:
        """Around whatever waits for the next piece. Raises ModelCut or ModelSilent when it takes too long."""
        patience = timeouts.gap if self.begun else timeouts.first_token
        patience = min(patience, LAST) if self.finished else patience
        try:
            async with awake_timeout(patience):
                yield
        except TimeoutError as error:
            raise (ModelCut if self.begun else ModelSilent)(f"nothing for {patience:.0f} s") from error

"""Waiting for something to become true without looking again and again."""

import asyncio
from collections.abc import Callable


class Changes:
    """Wakes whoever waits each time that anything changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def notify(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    async def until(self, predicate: Callable[[], object], seconds: float) -> None:
        """
        Return once `predicate` is true.

        Raises:
            TimeoutError: it was not, within that many seconds.
        """
        async with asyncio.timeout(seconds):
            while not predicate():
                await self._next.wait()

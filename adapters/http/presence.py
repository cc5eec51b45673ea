"""A caller's presence: what is done for somebody on the other end of a connection ends when they leave."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

EXTENSION, PRESENCE = "parley", "presence"
"""Where `heads.Heads` puts it among the `extensions` of an ASGI scope."""


class Presence:
    """Of one connection, for all that is asked on it."""

    def __init__(self) -> None:
        self._serving: set[asyncio.Task[Any]] = set()
        self._left = False

    def leave(self) -> None:
        """Nobody is there any more."""
        self._left = True
        for task in self._serving:
            task.cancel()

    async def during(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something as long as they are there. Returns early when they leave."""
        task = asyncio.current_task()
        assert task is not None
        if self._left:
            return
        self._serving.add(task)
        try:
            await work()
        except asyncio.CancelledError:
            if not self._left or task.uncancel():
                raise
        finally:
            self._serving.discard(task)

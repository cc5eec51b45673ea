"""A caller's presence: what is done for somebody on the other end of a connection ends when they leave."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.types import Scope

EXTENSION, PRESENCE = "parley", "presence"
"""Where it stands among the `extensions` of an ASGI scope."""


class Presence:
    """Of one connection, for all that is asked on it. `whole` is whether all of the newest request has come."""

    def __init__(self) -> None:
        self.whole = False
        self._serving: set[asyncio.Task[Any]] = set()
        self._left = False

    def leave(self) -> None:
        """Nobody is there any more."""
        self._left = True
        for task in self._serving:
            task.cancel()

    def put_into(self, scope: MutableMapping[str, Any]) -> None:
        """Let it be found by whoever handles a request."""
        scope["extensions"] = {EXTENSION: {PRESENCE: self}}

    @staticmethod
    def of(scope: Scope) -> "Presence":
        """Of whoever sent a request."""
        presence: Presence = scope["extensions"][EXTENSION][PRESENCE]
        return presence

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

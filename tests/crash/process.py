"""One life of the service, which may end, or stand still, at any point where it touches the world."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    What befalls a life.

    Args:
        at: Which effect on the world it comes right before. That is also right after the one before.
        stall: Seconds that the process stands still; 0 kills it.
    """

    at: int
    stall: float = 0.0


READS = frozenset({"due", "get", "waiting", "path", "head", "find", "charged", "balances", "limits", "expire", "all"})
"""What leaves no trace: dying before it, or after it, is the same as dying before the next thing that does."""


class Dead(BaseException):
    """Raised wherever a dead process tries to touch the world, so that none of its cleaning up has an effect."""


class Process:
    """Everything that a life does to the world goes through `call`."""

    def __init__(self, trouble: Trouble | None) -> None:
        self.points = 0
        self.struck = asyncio.Event()
        self._trouble = trouble
        self._dead = False
        self._frozen_until = 0.0

    async def call(self, effect: Callable[[], Any]) -> Any:
        """Do something to the world, unless this life ends or stands still before it."""
        await self.go_on()
        self.points += 1
        if self._trouble is not None and self.points == self._trouble.at:
            self._strike(self._trouble)
            await self.go_on()
        outcome = effect()
        return await outcome if isinstance(outcome, Awaitable) else outcome

    async def go_on(self) -> None:
        """Wait while this life stands still; there is no going on when it has ended."""
        remaining = self._frozen_until - asyncio.get_running_loop().time()
        if remaining > 0:
            await asyncio.sleep(remaining)
        if self._dead:
            raise Dead

    def _strike(self, trouble: Trouble) -> None:
        self.struck.set()
        if trouble.stall:
            self._frozen_until = asyncio.get_running_loop().time() + trouble.stall
        else:
            self._dead = True

    def kill(self) -> None:
        """End this life from outside."""
        self._dead = True


def touching(port: T, process: "Process") -> T:
    """A port whose every method goes through a process."""
    return cast("T", _Touching(port, process))


class _Touching:
    def __init__(self, port: Any, process: Process) -> None:
        self._port = port
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method, process = getattr(self._port, name), self._process

        async def read(*args: Any, **kwargs: Any) -> Any:
            await process.go_on()
            return await method(*args, **kwargs)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await process.call(lambda: method(*args, **kwargs))

        found = read if name in READS else call
        setattr(self, name, found)
        return found

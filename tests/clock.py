"""An event loop whose time passes only when everybody waits, and then at once."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


OWN = 1
"""Descriptors that a loop watches for itself: the one by which other threads wake it."""


class _Leaper(selectors.SelectSelector):
    """Looks for what is ready; when nothing is, leaps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.leapt = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0) if len(self.get_map()) > OWN else []
        if not ready and timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        if not ready and timeout:
            self.leapt += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time. Only for code that waits for nothing outside the process."""

    def __init__(self) -> None:
        self._leaper = _Leaper()
        super().__init__(self._leaper)

    def time(self) -> float:
        return self._leaper.leapt


def now() -> datetime:
    """The virtual loop's time as a date."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


def run_virtually(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Let a test run on virtual time: what would take minutes is over at once."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_virtually(test(*args, **kwargs))

    return run

"""Ending what runs beside us, and what may not be ended half done."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN = 10.0
"""Seconds after which a task that goes on is told to end once more: longer than a call that it may bring to its end."""


async def end(*tasks: "asyncio.Future[Any]", again: float = AGAIN) -> None:
    """
    Cancel tasks, and return when they have ended.

    They may be told more than once: a network library that is closing a broken connection at that moment raises its own
    error in place of the cancellation, and whoever tries again after errors would go on for ever.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=again)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they raised was heard


def beside(call: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    """A task for whoever began it, who may be ended before they can hear what it raised: the log has none of that."""
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


async def to_its_end(call: Coroutine[Any, Any, None]) -> None:
    """Let a call end that has begun, even when we are cancelled: what it did has to be written down."""
    calling = asyncio.ensure_future(call)
    try:
        await asyncio.shield(calling)
    except asyncio.CancelledError:
        await asyncio.wait({calling})
        with contextlib.suppress(Exception):
            calling.result()
        raise


async def even_if_cancelled(call: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """As `to_its_end`, for what may be done twice: it is done again when we are cancelled, and needs no task before."""
    try:
        await call()
    except asyncio.CancelledError:
        await to_its_end(call())
        raise

"""Waiting for somebody else no longer than so long, of which the time in which we slept ourselves is no part."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ASLEEP = 0.5
"""Seconds by which a timer that rings late tells that this process was stopped, or had no processor."""


@asynccontextmanager
async def awake_timeout(seconds: float) -> AsyncIterator[None]:
    """
    An `asyncio.timeout` that begins anew when it rings late: what we waited for may have come meanwhile.

    Raises TimeoutError.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        due = loop.time() + seconds
        timer = loop.call_at(due, lambda: ring(due))

        def ring(due: float) -> None:
            nonlocal timer
            if loop.time() - due > ASLEEP:
                again = loop.time() + seconds
                timer = loop.call_at(again, ring, again)
            else:
                limit.reschedule(loop.time())

        try:
            yield
        finally:
            timer.cancel()

"""Trying again, ever more slowly, what cannot be done for now."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import StorageDown
from bot.ports import STORE_PAUSE

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSES = (1, 2, 4, 8, 16, 30)
"""Seconds between tries; the last one is kept up."""


async def patiently(what: str, call: Callable[[], Awaitable[T]], trouble: type[Exception]) -> T:
    """Do `call` until it no longer raises `trouble`; the log says what is waited for, and why."""
    failures = 0
    while True:
        try:
            return await call()
        except trouble as error:
            pause = STORE_PAUSE if isinstance(error, StorageDown) else PAUSES[min(failures, len(PAUSES) - 1)]
            failures += 1
            log.warning("%s: %s; trying again in %g s", what, error, pause)
            await asyncio.sleep(pause)

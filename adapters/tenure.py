"""An office that one process at a time holds, such as listening to a platform; another takes over when it dies."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import StorageDown
from bot.ports import Leases

log = logging.getLogger(__name__)

TERM = timedelta(seconds=15)
"""How long an office stays taken after its holder was last seen."""

ROUND = 4.0
"""Seconds between two looks at an office, by its holder and by who waits for it."""


@dataclass(frozen=True, slots=True)
class Office:
    """One process's candidacy. `name` is the same for all of them."""

    leases: Leases
    name: str
    now: Callable[[], datetime]
    token: str = field(default_factory=lambda: secrets.token_hex(16))

    async def serve(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do `job` whenever the office is ours; it is cancelled when it no longer is. Returns when the job does."""
        while True:
            await self._be_elected()
            try:
                if await self._while_held(job):
                    return
            finally:
                with contextlib.suppress(StorageDown):
                    await self.leases.release(self.name, self.token)

    async def _be_elected(self) -> None:
        waiting = False
        while not await self._hold():
            if not waiting:
                log.info("%s: another process does it; standing by", self.name)
            waiting = True
            await asyncio.sleep(ROUND)

    async def _while_held(self, job: Callable[[], Awaitable[None]]) -> bool:
        """Do the job until it is done or the office is lost. Returns whether it is done."""
        doing, holding = asyncio.ensure_future(job()), asyncio.ensure_future(self._keep())
        try:
            await asyncio.wait({doing, holding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = doing.done()
            doing.cancel()
            holding.cancel()
            await asyncio.wait({doing, holding})
        if ended:
            doing.result()
        else:
            log.warning("%s: another process may do it now", self.name)
        return ended

    async def _keep(self) -> None:
        """Hold on to the office; returns when it is lost, or may be for all we know."""
        held_until = self.now() + TERM
        while self.now() < held_until:
            await asyncio.sleep(ROUND)
            until = self.now() + TERM
            try:
                if not await self.leases.hold(self.name, self.token, self.now(), until):
                    return
                held_until = until
            except StorageDown as trouble:
                log.error("%s: not held on to: %s", self.name, trouble)

    async def _hold(self) -> bool:
        try:
            return await self.leases.hold(self.name, self.token, self.now(), self.now() + TERM)
        except StorageDown as trouble:
            log.error("%s: %s", self.name, trouble)
            return False

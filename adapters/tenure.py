"""An office that one process at a time holds, such as listening to a platform; another takes over when it dies."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from bot.errors import StorageDown
from bot.ports import Leases
from bot.tasks import end

log = logging.getLogger(__name__)

TERM = timedelta(seconds=15)
"""How long an office stays taken after its holder was last seen, where a change of hands is dear."""

ROUNDS = 4
"""Looks at an office in a term, by its holder and by who waits for it."""


class Office:
    """
    One process's candidacy for an office, or for any one of several alike.

    Args:
        names: What the offices are called, the same for all candidates.
        now: The time, UTC.
        standing_by: Called when others hold all of them and one begins to wait.
        term: How long an office stays taken after its holder was last seen.
    """

    def __init__(
        self,
        leases: Leases,
        names: Sequence[str],
        now: Callable[[], datetime],
        standing_by: Callable[[], None] = lambda: None,
        term: timedelta = TERM,
    ) -> None:
        self._leases = leases
        self._names = names
        self._now = now
        self._standing_by = standing_by
        self._term = term
        self._round = term.total_seconds() / ROUNDS
        self._token = secrets.token_hex(16)

    async def serve(self, job: Callable[[int], Awaitable[None]]) -> None:
        """
        Do `job` whenever an office is ours; it is cancelled when it no longer is. Returns when the job does.

        The job is told which office it is, counted from 0.
        """
        while True:
            number = await self._be_elected()
            try:
                if await self._while_held(self._names[number], job(number)):
                    return
            finally:
                with contextlib.suppress(StorageDown):
                    await self._leases.release(self._names[number], self._token)

    async def _be_elected(self) -> int:
        waiting = False
        while True:
            for number, name in enumerate(self._names):
                if await self._take(name):
                    return number
            if not waiting:
                log.info("%s: another process does it; standing by", self._names[0])
                self._standing_by()
            waiting = True
            await asyncio.sleep(self._round)

    async def _take(self, name: str) -> bool:
        try:
            return await self._leases.hold(name, self._token, self._now(), self._now() + self._term)
        except StorageDown as trouble:
            log.error("%s: %s", name, trouble)
            return False

    async def _while_held(self, name: str, job: Awaitable[None]) -> bool:
        """Do the job until it is done or the office is lost. Returns whether it is done."""
        doing, holding = asyncio.ensure_future(job), asyncio.ensure_future(self._keep(name))
        try:
            await asyncio.wait({doing, holding}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = doing.done()
            await end(doing, holding)
        if ended:
            doing.result()
        else:
            log.warning("%s: another process may do it now", name)
        return ended

    async def _keep(self, name: str) -> None:
        """Hold on to an office; returns when it is lost, or may be for all we know."""
        held_until = self._now() + self._term
        while self._now() < held_until:
            await asyncio.sleep(self._round)
            until = self._now() + self._term
            try:
                if not await self._leases.hold(name, self._token, self._now(), until):
                    return
                held_until = until
            except StorageDown as trouble:
                log.error("%s: not held on to: %s", name, trouble)

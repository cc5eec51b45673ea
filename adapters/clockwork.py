"""
Has everything done on time that is due at set times, by the one process that holds the office.

What is due is plain data in the store. APScheduler fires what is due next; whoever has the office looks for that again
and again, so what any process adds is seen, and another process goes on within `TERM` and a look when this one dies.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from adapters.tenure import Office
from bot.due import happen
from bot.errors import PlatformDown, StorageDown
from bot.ports import Leases, Ports
from bot.session import Sessions
from bot.upkeep import Chore, last_done, note_done

log = logging.getLogger(__name__)

TERM = timedelta(seconds=8)
"""How long the office stays taken after its holder was last seen; those who wait look four times in that."""

LOOK = 0.5
"""Seconds between two looks for what is due."""

AHEAD = timedelta(seconds=3)
"""What is due within this is handed to APScheduler: some looks may fail before it is too late."""

MOST = 5_000
"""Schedules that are handed over in one look."""

REST = 60.0
"""Seconds for which what could not be done is left alone."""

AT_ONCE = 50
"""Of those that are due at the same moment, so many are begun side by side."""


class Clockwork:
    """One process's candidacy for keeping time."""

    def __init__(self, ports: Ports, sessions: Sessions, leases: Leases, chores: Sequence[Chore] = ()) -> None:
        self._ports = ports
        self._sessions = sessions
        self._chores = chores
        self._office = Office(leases, ["clockwork"], ports.now, term=TERM)
        self._begun: set[str] = set()
        self._next: dict[str, datetime | None] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def serve(self) -> None:
        """Keep time whenever that is ours to do, until cancelled."""
        await self._office.serve(lambda _: self._keep_time())

    async def _keep_time(self) -> None:
        scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None},
            timezone=UTC,
        )
        scheduler.start()
        log.info("keeping time")
        self._begun.clear()
        self._next.clear()
        try:
            while True:
                await self._look(scheduler)
                await asyncio.sleep(LOOK)
        finally:
            scheduler.shutdown(wait=False)

    async def _look(self, scheduler: AsyncIOScheduler) -> None:
        """Hand over what is due soon, or was while nobody kept time."""
        until = self._ports.now() + AHEAD
        try:
            for schedule in await self._ports.schedules.due(until, MOST):
                assert schedule.waiting is not None
                self._hand(scheduler, schedule.id, schedule.waiting, partial(self._happen, schedule.id))
            for chore in self._chores:
                when = await self._time_of(chore)
                if when is not None and when <= until:
                    self._hand(scheduler, f"chore {chore.name}", when, partial(self._do, chore))
        except StorageDown as trouble:
            log.error("what is due is looked for again: %s", trouble)

    def _hand(self, scheduler: AsyncIOScheduler, name: str, when: datetime, do: Callable[[], Awaitable[None]]) -> None:
        """Have it done then, unless it is being done; a new time takes the place of an old one."""
        if name not in self._begun:
            scheduler.add_job(self._guarded, DateTrigger(when), (name, do), id=name, replace_existing=True)

    async def _guarded(self, name: str, do: Callable[[], Awaitable[None]]) -> None:
        """Do one thing. What could not be done stays due, and is tried again."""
        self._begun.add(name)
        rest = 0.0
        try:
            async with self._room:
                await do()
        except StorageDown as trouble:
            log.error("%s waits for the store: %s", name, trouble)
        except PlatformDown as trouble:
            log.warning("%s waits for its platform: %s", name, trouble)
            rest = REST
        except Exception:
            log.exception("%s could not be done", name)
            rest = REST
        asyncio.get_running_loop().call_later(rest, self._begun.discard, name)

    async def _happen(self, id: str) -> None:
        await happen(self._ports, self._sessions, id)

    async def _time_of(self, chore: Chore) -> datetime | None:
        """When a chore is to be done: at its next time after the last; one that was never done begins now."""
        if chore.name not in self._next:
            done = await last_done(self._ports.records, chore.name)
            if done is None:
                await note_done(self._ports.records, chore.name, done := self._ports.now())
            self._next[chore.name] = self._ports.planner.after(chore.recurrence, done)
        return self._next[chore.name]

    async def _do(self, chore: Chore) -> None:
        """Do a chore, and write down that it was done, also when it is broken: it is not worth doing again at once."""
        began = self._ports.now()
        try:
            await chore.do()
        except (StorageDown, PlatformDown):
            raise
        except Exception:
            log.exception("the chore %s is broken", chore.name)
        await note_done(self._ports.records, chore.name, began)
        self._next.pop(chore.name, None)

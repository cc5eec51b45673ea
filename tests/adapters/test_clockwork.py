"""What is due is done on time, by one process at a time, whatever clocks and stores do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from adapters import clockwork, tenure
from adapters.clockwork import Clockwork
from bot.errors import StorageDown
from bot.ports import Ports
from bot.schedule import Job, Recurrence, Schedule, changed
from bot.tasks import end
from bot.upkeep import Chore, last_done, note_done
from tests.bot.core import Core, core
from tests.make import key

PATIENCE = 10.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenure, "ROUNDS", 75)
    monkeypatch.setattr(clockwork, "LOOK", 0.05)


@dataclass
class Town:
    """A core whose people live today, and processes that would keep time for it."""

    core: Core
    ports: Ports
    running: list["asyncio.Task[None]"] = field(default_factory=list)

    def keep_time(self, *chores: Chore) -> "asyncio.Task[None]":
        """One more process."""
        served = Clockwork(self.ports, self.core.sessions, self.core.store.leases, chores)
        self.running.append(asyncio.ensure_future(served.serve()))
        return self.running[-1]

    async def remind(self, id: str, after: timedelta, recurrence: Recurrence | None = None) -> Schedule:
        at = utc_now() + after
        meant = recurrence or Recurrence("UTC", at=at)
        made = Schedule(id, 1, Job.REMIND, id, meant, key(), "Alice", key(), utc_now(), at)
        await self.core.store.schedules.write(made)
        return made

    def said(self, id: str) -> int:
        return sum(id in text for text in self.core.chat.texts)

    async def until(self, predicate: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not predicate():
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def town() -> AsyncIterator[Town]:
    async with core() as made:
        made.chat.page = 1_000
        place = Town(made, replace(made.ports, now=utc_now))
        try:
            yield place
        finally:
            await end(*place.running)


async def test_what_another_process_adds_is_seen() -> None:
    """It is due in a moment, and nobody told whoever keeps time."""
    async with town() as place:
        place.keep_time()
        await asyncio.sleep(0.2)
        await place.remind("owls", timedelta(seconds=0.3))
        await place.until(lambda: place.said("owls"))


async def test_nothing_is_done_too_early() -> None:
    async with town() as place:
        place.keep_time()
        due = (await place.remind("owls", timedelta(seconds=0.5))).next
        await place.until(lambda: place.said("owls"))
        assert due is not None
        assert utc_now() >= due


async def test_what_is_paused_or_deleted_at_the_last_moment_is_not_done() -> None:
    """It was handed to the scheduler already."""
    async with town() as place:
        place.keep_time()
        schedules = place.core.store.schedules
        paused = await place.remind("bats", timedelta(seconds=0.5))
        await place.remind("mice", timedelta(seconds=0.5))
        await place.remind("owls", timedelta(seconds=0.6))
        await asyncio.sleep(0.2)
        await schedules.write(changed(paused, paused="Hush."))
        await schedules.remove("mice")
        await place.until(lambda: place.said("owls"))

        assert (0, 0) == (place.said("bats"), place.said("mice"))


async def test_one_keeps_time_and_another_goes_on() -> None:
    async with town() as place:
        first = place.keep_time()
        await asyncio.sleep(0.1)
        place.keep_time()
        await place.remind("owls", timedelta(seconds=0.2))
        await place.until(lambda: place.said("owls"))
        await end(first)
        await place.remind("bats", timedelta(seconds=0.2))
        await place.until(lambda: place.said("bats"))

        assert (1, 1) == (place.said("owls"), place.said("bats"))


async def test_a_store_that_is_away_for_a_moment_makes_nothing_late_for_ever() -> None:
    async with town() as place:
        schedules, broken = place.core.store.schedules, [True]
        due = schedules.due

        async def sometimes(until: datetime, limit: int) -> object:
            if broken[0]:
                raise StorageDown("away")
            return await due(until, limit)

        schedules.due = sometimes  # type: ignore[method-assign, assignment]
        place.keep_time()
        await place.remind("owls", timedelta(seconds=0.1))
        await asyncio.sleep(0.4)
        assert 0 == place.said("owls")
        broken[0] = False
        await place.until(lambda: place.said("owls"))


async def test_one_that_is_broken_holds_up_no_other() -> None:
    """A platform that this process does not serve."""
    async with town() as place:
        place.keep_time()
        there = key(platform="elsewhere")
        await place.core.store.schedules.write(replace(await place.remind("bats", timedelta()), id="mice", place=there))
        await place.remind("owls", timedelta(seconds=0.2))
        await place.until(lambda: place.said("owls"))


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_that_is_put_forward_or_back_neither_skips_nor_repeats(jump: timedelta) -> None:
    """Someone sets the machine's clock by an hour; it is due by what the clock then shows."""
    begun = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    hourly = Recurrence("UTC", seconds=3_600, since=begun - timedelta(minutes=30))
    with time_machine.travel(begun, tick=True) as clock:
        async with town() as place:
            place.keep_time()
            await place.remind("owls", timedelta(minutes=30), hourly)
            clock.shift(timedelta(minutes=30))
            await place.until(lambda: place.said("owls"))
            clock.shift(jump)
            await place.remind("bats", timedelta(seconds=0.5))
            await place.until(lambda: place.said("bats"))
            assert (2 if jump > timedelta() else 1) == place.said("owls")

            clock.shift(timedelta(hours=1) - jump)
            await place.remind("mice", timedelta(seconds=0.5))
            await place.until(lambda: place.said("mice"))
            assert 2 == place.said("owls")


# Chores.


def chore(do: Callable[[], Awaitable[None]]) -> Chore:
    """One that is done every hour, next in half of one."""
    return Chore("dusting", Recurrence("UTC", seconds=3_600, since=utc_now() - timedelta(hours=72.5)), do)


async def test_a_chore_is_done_once_by_whoever_keeps_time() -> None:
    """Who takes over knows when it was last done."""
    async with town() as place:
        done: list[datetime] = []

        async def do() -> None:
            done.append(utc_now())

        records = place.core.store.records
        await note_done(records, "dusting", utc_now() - timedelta(hours=2))
        first = place.keep_time(chore(do))
        place.keep_time(chore(do))
        await place.until(lambda: done)
        await end(first)
        await place.remind("owls", timedelta(seconds=0.3))
        await place.until(lambda: place.said("owls"))

        assert 1 == len(done)
        last = await last_done(records, "dusting")
        assert last is not None
        assert utc_now() - last < timedelta(minutes=1)


async def test_a_chore_that_was_never_done_waits_for_its_time() -> None:
    """The first start is no reason to send everybody a report."""
    async with town() as place:

        async def do() -> None:
            raise AssertionError("it was not time")

        place.keep_time(chore(do))
        await place.remind("owls", timedelta(seconds=0.3))
        await place.until(lambda: place.said("owls"))
        assert await last_done(place.core.store.records, "dusting")


async def test_a_broken_chore_is_left_until_its_next_time() -> None:
    async with town() as place:
        tries: list[int] = []

        async def do() -> None:
            tries.append(1)
            raise ValueError("dust")

        await note_done(place.core.store.records, "dusting", utc_now() - timedelta(hours=2))
        place.keep_time(chore(do))
        await place.remind("owls", timedelta(seconds=0.5))
        await place.until(lambda: place.said("owls"))
        assert 1 == len(tries)

"""One process at a time holds an office."""

import asyncio
from datetime import datetime

import pytest

from adapters.tenure import ROUNDS, TERM, Office
from bot.errors import StorageDown
from storage.memory.leases import MemoryLeases
from tests.clock import now, virtual

TERM_SECONDS = TERM.total_seconds()
ROUND = TERM_SECONDS / ROUNDS


class Log:
    """Who does the job, in the order in which it was begun and ended."""

    def __init__(self, leases: MemoryLeases) -> None:
        self.events: list[str] = []
        self._leases = leases

    def candidate(self, name: str) -> "asyncio.Task[None]":
        async def job(number: int) -> None:
            del number
            self.events.append(f"{name} begins")
            try:
                await asyncio.Event().wait()
            finally:
                self.events.append(f"{name} ends")

        return asyncio.ensure_future(Office(self._leases, ["ear"], now).serve(job))


class Trying(MemoryLeases):
    """Leases that cannot be had while `down`."""

    down = False

    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        if self.down:
            raise StorageDown("gone")
        return await super().hold(office, token, now, until)

    async def release(self, office: str, token: str) -> None:
        if self.down:
            raise StorageDown("gone")
        await super().release(office, token)


async def ended(*candidates: "asyncio.Task[None]") -> None:
    for candidate in candidates:
        candidate.cancel()
    await asyncio.gather(*candidates, return_exceptions=True)


@virtual
async def test_the_second_waits_for_the_first() -> None:
    log = Log(MemoryLeases())
    first = log.candidate("first")
    await asyncio.sleep(1)
    second = log.candidate("second")
    await asyncio.sleep(10 * TERM_SECONDS)
    assert ["first begins"] == log.events

    await ended(first)
    await asyncio.sleep(2 * ROUND)
    assert ["first begins", "first ends", "second begins"] == log.events
    await ended(second)


@virtual
async def test_whoever_cannot_hold_on_stops_before_another_begins() -> None:
    """A store that one of them cannot reach, for longer than the term."""
    leases = Trying()
    log = Log(leases)
    first = log.candidate("first")
    await asyncio.sleep(1)
    leases.down = True
    await asyncio.sleep(2 * TERM_SECONDS)
    assert ["first begins", "first ends"] == log.events

    leases.down = False
    await asyncio.sleep(2 * ROUND)
    assert "first begins" == log.events[-1]
    await ended(first)


@virtual
async def test_an_office_that_another_has_taken_is_given_up() -> None:
    """As after standing still for longer than the term."""
    leases = MemoryLeases()
    log = Log(leases)
    first = log.candidate("first")
    await asyncio.sleep(1)
    leases._held["ear"] = ("another", now() + 100 * TERM)
    await asyncio.sleep(2 * ROUND)
    assert ["first begins", "first ends"] == log.events
    await ended(first)


@virtual
async def test_a_job_that_ends_or_fails_ends_the_office() -> None:
    async def done(number: int) -> None:
        assert 0 == number
        return

    async def fails(number: int) -> None:
        del number
        raise ValueError("no")

    leases = MemoryLeases()
    await Office(leases, ["ear"], now).serve(done)
    with pytest.raises(ValueError, match="no"):
        await Office(leases, ["ear"], now).serve(fails)
    assert await leases.hold("ear", "anybody", now(), now() + TERM)


@virtual
async def test_of_several_offices_each_has_one_holder() -> None:
    """As shards are divided: the third process stands by, and takes over what becomes free."""
    leases, held = MemoryLeases(), list[int]()

    async def job(number: int) -> None:
        held.append(number)
        await asyncio.Event().wait()

    candidates = [asyncio.ensure_future(Office(leases, ["left", "right"], now).serve(job)) for _ in range(3)]
    await asyncio.sleep(10 * TERM_SECONDS)
    assert [0, 1] == held

    await ended(candidates[1])
    await asyncio.sleep(2 * ROUND)
    assert [0, 1, 1] == held
    await ended(*candidates)

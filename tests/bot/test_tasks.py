"""Ending what runs beside us."""

import asyncio
import gc

import pytest

from bot.tasks import beside, end
from tests.clock import virtual


@virtual
async def test_who_does_not_hear_the_first_time_is_told_again() -> None:
    """A library raised an error of its own in place of the cancellation."""

    async def stubborn() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)

    task = asyncio.ensure_future(stubborn())
    await asyncio.sleep(0)
    await end(task)

    assert task.cancelled()


@virtual
async def test_who_has_something_to_finish_is_let_finish() -> None:
    finished = []

    async def careful() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(8)
            finished.append(True)

    task = asyncio.ensure_future(careful())
    await asyncio.sleep(0)
    await end(task)

    assert finished


@virtual
async def test_what_nobody_could_hear_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError

    beside(fail())
    await asyncio.sleep(1)
    gc.collect()

    assert not caplog.records

"""adapters.pace: within the limits, urgent first."""

import asyncio

import pytest

from adapters.pace import Pace, Paces, Rule
from tests.clock import virtual


async def make(pace: Pace, *, urgent: bool) -> None:
    """Make a call that takes no time."""
    async with pace.turn(urgent=urgent):
        pass


@virtual
async def test_calls_keep_their_distance() -> None:
    """Telegram takes about one message a second in a chat."""
    pace, times = Pace([Rule(1, 1.0)]), []
    for _ in range(3):
        async with pace.turn(urgent=True):
            times.append(asyncio.get_running_loop().time())

    assert [0.0, 1.0, 2.0] == pytest.approx([time - times[0] for time in times])


@virtual
async def test_what_is_urgent_goes_first() -> None:
    """The end of an answer must not wait behind edits that only show it growing."""
    pace, went = Pace([Rule(1, 1.0)]), []

    async def go(name: str, urgent: bool) -> None:
        async with pace.turn(urgent=urgent):
            went.append(name)

    await make(pace, urgent=False)
    await asyncio.gather(go("cosmetic", False), go("cosmetic too", False), go("urgent", True))

    assert ["urgent", "cosmetic", "cosmetic too"] == went


@virtual
async def test_some_calls_are_kept_for_what_is_urgent() -> None:
    """In a group of 20 calls a minute the last ones are for final texts."""
    pace, loop = Pace([Rule(5, 60.0, kept=2)]), asyncio.get_running_loop()
    start = loop.time()
    for _ in range(3):
        await make(pace, urgent=False)
    late = asyncio.ensure_future(make(pace, urgent=False))
    await asyncio.sleep(1)
    await make(pace, urgent=True)

    assert 1.0 == pytest.approx(loop.time() - start)
    await late
    assert 60.0 <= loop.time() - start


@virtual
async def test_a_call_counts_from_its_end() -> None:
    """A slow call may have arrived only just before its answer came back."""
    pace, loop = Pace([Rule(1, 1.0)]), asyncio.get_running_loop()
    async with pace.turn(urgent=True):
        await asyncio.sleep(0.5)
    start = loop.time()
    await make(pace, urgent=True)

    assert 1.0 == pytest.approx(loop.time() - start)


@virtual
async def test_a_call_under_way_counts_as_made_now() -> None:
    """Nobody knows when it will arrive."""
    pace, loop = Pace([Rule(2, 1.0)]), asyncio.get_running_loop()

    async def slow() -> None:
        async with pace.turn(urgent=True):
            await asyncio.sleep(5)

    under_way = [asyncio.ensure_future(slow()) for _ in range(2)]
    await asyncio.sleep(0.1)
    start = loop.time()
    await make(pace, urgent=True)

    assert 5.9 == pytest.approx(loop.time() - start)
    await asyncio.gather(*under_way)


@virtual
async def test_a_retry_after_is_obeyed() -> None:
    """Calling sooner makes the wait longer."""
    pace, loop = Pace([Rule(100, 1.0)]), asyncio.get_running_loop()
    start = loop.time()
    pace.hold_off(7.0)
    await make(pace, urgent=True)

    assert 7.0 == pytest.approx(loop.time() - start)


@virtual
async def test_a_cancelled_wait_takes_no_turn() -> None:
    """An edit that is overtaken by the final text leaves its turn to it."""
    pace, loop = Pace([Rule(1, 1.0)]), asyncio.get_running_loop()
    start = loop.time()
    await make(pace, urgent=False)
    overtaken = asyncio.ensure_future(make(pace, urgent=False))
    await asyncio.sleep(0.5)
    overtaken.cancel()
    await make(pace, urgent=True)

    assert 1.0 == pytest.approx(loop.time() - start)


@virtual
async def test_paces_of_quiet_chats_are_forgotten() -> None:
    """A bot in ten thousand chats must not remember each of them for ever."""
    paces, rules = Paces(crowd=10), [Rule(1, 1.0)]
    for number in range(10):
        await make(paces.of(str(number), rules), urgent=True)
    await asyncio.sleep(2)
    await make(paces.of("busy", rules), urgent=True)

    assert paces.known("0") is None
    assert paces.known("busy") is not None

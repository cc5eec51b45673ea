"""adapters.discord.identify: the bot's token is never reset for too many IDENTIFYs."""

import asyncio
import itertools
import logging
from datetime import timedelta

import pytest

from adapters.discord.identify import DAY, FREE, LIMIT, LONGEST, Identifies, NotYet
from bot.errors import StorageDown
from storage.memory.settings import MemorySettings
from tests.clock import now, virtual

DAYS = 1.2


async def storm(identifies: Identifies, seconds: float) -> list[float]:
    """Identify whenever it is allowed, as a client does whose sessions end at once. Returns the times."""
    loop = asyncio.get_running_loop()
    sent = []
    while loop.time() < seconds:
        try:
            await identifies.take()
            sent.append(loop.time())
        except NotYet:
            await asyncio.sleep(60)
    return sent


def most_in_a_day(sent: list[float]) -> int:
    day = DAY.total_seconds()
    return max(sum(1 for each in sent if first <= each < first + day) for first in sent)


@virtual
async def test_a_storm_of_days_stays_within_the_limit() -> None:
    """They slow down so evenly that the hard stop is hardly met."""
    sent = await storm(Identifies(MemorySettings(), 1, now), DAYS * DAY.total_seconds())

    assert LIMIT * 0.9 <= most_in_a_day(sent) <= LIMIT
    assert max(later - earlier for earlier, later in itertools.pairwise(sent)) < 3600


@virtual
async def test_a_few_need_not_wait() -> None:
    """Restarts and hiccups of a usual day."""
    sent = await storm(Identifies(MemorySettings(), 1, now), 1)

    assert FREE <= len(sent)
    assert [0.0] * FREE == sent[:FREE]


@virtual
async def test_two_processes_share_what_there_is() -> None:
    """They have one token."""
    settings = MemorySettings()
    both = await asyncio.gather(*(storm(Identifies(settings, 1, now), DAY.total_seconds()) for _ in range(2)))

    assert most_in_a_day(sorted(both[0] + both[1])) <= LIMIT + 1  # both may look at the same moment


@virtual
async def test_at_the_limit_the_log_says_when_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """However it came to that: nothing is sent before the oldest ones are a day old."""
    settings = MemorySettings()
    at = now() - timedelta(hours=1)
    await settings.put("discord:1/identifies", {f"{at.timestamp():.6f} {shard}": "sent" for shard in range(LIMIT)})
    identifies = Identifies(settings, 1, now)
    with pytest.raises(NotYet):
        await identifies.take()
    await identifies.wait()
    await identifies.take()

    assert timedelta(hours=23) == now() - at - timedelta(hours=1)
    assert (logging.ERROR, "2026-11-22 11:00 UTC") == (
        caplog.records[0].levelno,
        caplog.records[0].message[-20:],
    )


@virtual
async def test_what_is_a_day_old_is_forgotten() -> None:
    """The list does not grow for ever."""
    settings = MemorySettings()
    identifies = Identifies(settings, 1, now)
    await storm(identifies, 60)
    await asyncio.sleep(DAY.total_seconds())
    await identifies.take()

    assert 1 == len(await settings.get("discord:1/identifies"))


@virtual
async def test_a_long_wait_gives_the_connection_up() -> None:
    """Discord closes a connection that does not introduce itself; a fresh one is made when the time has come."""
    identifies = Identifies(MemorySettings(), 1, now)
    for _ in range(FREE):
        await identifies.take()
    while True:
        before = now()
        try:
            await identifies.take()
        except NotYet:
            break
    await identifies.wait()

    assert now() - before > LONGEST


@virtual
async def test_without_its_memory_nothing_is_sent() -> None:
    """Nobody could tell how many there were."""

    class Down(MemorySettings):
        async def get(self, name: str) -> dict[str, str]:
            raise StorageDown(name)

    with pytest.raises(NotYet):
        await Identifies(Down(), 1, now).take()

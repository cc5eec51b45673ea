"""Calls that are made at the same time share a connection to Redis, and nothing else: neither errors nor an end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from sandbox.redis_cluster import ask
from sandbox.redis_server import RedisServer, free_port
from storage.redis import pipeline
from storage.redis.client import UNREACHED, Script, connect
from storage.redis.pipeline import pipelined

ECHO = """
redis.call("RPUSH", KEYS[1], ARGV[1])
if ARGV[1] == "bad" then
  return redis.error_reply("REFUSED bad")
end
return ARGV[1]
"""
DONE = "pipeline:done"
"""LIST of what the script was called with."""


@pytest_asyncio.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    """Of a server that knows the script."""
    client = connect(redis.url)
    await client.delete(DONE)
    await client.script_load(ECHO)
    yield client
    await client.aclose()


@pytest_asyncio.fixture
async def echo(client: Redis, monkeypatch: pytest.MonkeyPatch) -> Script:
    """A packet at a time, so that it is certain who goes with whom; on a connection that is there already."""
    monkeypatch.setattr(pipeline, "TRIPS", 1)
    echo = Script(pipelined(client), ECHO)
    await echo(keys=["elsewhere"], args=["0"])
    return echo


class Packets:
    """How many have come to the server since they were counted before."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._before = 0

    async def count(self) -> int:
        reads = int((await self._client.info("stats"))["total_reads_processed"])
        new, self._before = reads - self._before - 1, reads  # the question is one
        return new


@pytest_asyncio.fixture
async def packets(client: Redis) -> Packets:
    """Counted once, so that only what comes from now on is new."""
    packets = Packets(client)
    await packets.count()
    return packets


async def at_once(echo: Script, what: Sequence[str]) -> list[Any]:
    """The replies to as many calls, or their errors."""
    return await asyncio.gather(*(echo(keys=[DONE], args=[each]) for each in what), return_exceptions=True)


def started(echo: Script, what: Sequence[str]) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(echo(keys=[DONE], args=[each])) for each in what]


async def until_waiting(redis: RedisServer, behind: int = 0) -> None:
    """Return once a script waits for the server to go on, and so many bytes of others behind it, or more."""
    while not any(behind <= int(each["qbuf"]) for each in await waiting(redis)):
        await asyncio.sleep(0.01)


async def waiting(redis: RedisServer) -> list[Any]:
    """The connections on which scripts wait."""
    clients = await ask(redis, "CLIENT LIST")
    return [each for each in clients if "evalsha" == each["cmd"] and "b" in each["flags"]]


async def test_calls_at_the_same_time_travel_together(client: Redis, echo: Script, packets: Packets) -> None:
    """The first goes at once; the others when it is back, in the order in which they were made."""
    numbers = [str(number) for number in range(20)]

    assert numbers == await at_once(echo, numbers)
    assert 2 == await packets.count()
    assert numbers == await client.lrange(DONE, 0, -1)


async def test_while_a_packet_is_on_its_way_another_goes(redis: RedisServer, client: Redis) -> None:
    """Redis would have nothing to do while we read its replies, and we nothing while it works."""
    echo = Script(pipelined(client), ECHO)
    await echo(keys=[DONE], args=["0"])
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    first = started(echo, ["1"])
    await until_waiting(redis)
    others = started(echo, ["2", "3", "4"])
    await until_waiting(redis, behind=1)
    await ask(redis, "CLIENT UNPAUSE")

    assert ["1", "2", "3", "4"] == await asyncio.gather(*first, *others)


async def test_whoever_calls_again_goes_with_those_that_wait(echo: Script, packets: Packets) -> None:
    """So three who call again and again take turns by twos, and not each alone."""

    async def call_again_and_again() -> None:
        for number in range(10):
            await echo(keys=[DONE], args=[str(number)])

    await asyncio.gather(*(call_again_and_again() for _ in range(3)))

    assert await packets.count() <= 30 * 2 / 3 + 1


async def test_a_call_alone_is_a_packet(echo: Script, packets: Packets) -> None:
    for number in ("1", "2", "3"):
        assert number == await echo(keys=[DONE], args=[number])

    assert 3 == await packets.count()


async def test_an_error_is_its_own_calls_alone(echo: Script) -> None:
    first, bad, last = await at_once(echo, ["1", "bad", "3"])

    assert ["1", "3"] == [first, last]
    assert isinstance(bad, ResponseError)
    assert "REFUSED bad" in str(bad)


async def test_a_script_that_the_server_does_not_know_is_given_to_it(client: Redis, echo: Script) -> None:
    """Each call is done once all the same."""
    await client.script_flush()
    numbers = [str(number) for number in range(5)]

    assert numbers == await at_once(echo, numbers)
    assert numbers == sorted(await client.lrange(DONE, 0, -1))


async def test_a_lost_connection_is_an_error_of_every_call_on_it(
    redis: RedisServer, client: Redis, echo: Script
) -> None:
    """None of them is made again, as nobody can tell whether it was done; what waited goes on another connection."""
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    lost, *waiting = started(echo, ["1", "2", "3"])
    await until_waiting(redis)
    await ask(redis, "CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    with pytest.raises(UNREACHED):
        await lost
    await until_waiting(redis)
    await ask(redis, "CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    await ask(redis, "CLIENT UNPAUSE")

    assert all(isinstance(outcome, UNREACHED) for outcome in outcomes)
    assert "4" == await echo(keys=[DONE], args=["4"])
    assert ["4"] == await client.lrange(DONE, 0, -1)


async def test_a_server_that_does_not_reply_is_given_up(redis: RedisServer) -> None:
    """Its connection is closed, so that no late reply is taken for another call's."""
    hasty = connect(redis.url)
    hasty.connection_pool.connection_kwargs["socket_timeout"] = 0.2
    echo = Script(pipelined(hasty), ECHO)
    assert "0" == await echo(keys=[DONE], args=["0"])
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    unanswered = await at_once(echo, ["1", "2"])
    await ask(redis, "CLIENT UNPAUSE")

    assert all(isinstance(outcome, UNREACHED) for outcome in unanswered)
    assert "3" == await echo(keys=[DONE], args=["3"])
    await hasty.aclose()


async def test_a_reply_in_time_resets_the_clock(redis: RedisServer) -> None:
    """What is asked long after the first call is not given up because that was long ago."""
    hasty = connect(redis.url)
    hasty.connection_pool.connection_kwargs["socket_timeout"] = 0.5
    echo = Script(pipelined(hasty), ECHO)
    for number in range(4):
        assert str(number) == await echo(keys=[DONE], args=[str(number)])
        await asyncio.sleep(0.2)
    await hasty.aclose()


async def test_a_server_that_is_not_there_is_an_error_of_all_who_wait() -> None:
    """One attempt is told to all of them, and whoever calls then makes another."""
    client = connect(f"redis://127.0.0.1:{free_port()}")
    echo = Script(pipelined(client), ECHO)
    for _ in range(2):
        outcomes = await asyncio.wait_for(at_once(echo, ["1", "2", "3"]), 5)

        assert all(isinstance(outcome, UNREACHED) for outcome in outcomes)
    await client.aclose()


async def test_what_opens_a_connection_may_be_cancelled_before_it_begins(client: Redis) -> None:
    """As all tasks are when a loop ends. Whoever calls then, to let go of something, is heard."""
    echo, others = Script(pipelined(client), ECHO), asyncio.all_tasks()
    (first,) = started(echo, ["1"])
    await asyncio.sleep(0)
    (opening,) = asyncio.all_tasks() - others - {first}
    opening.cancel()
    with pytest.raises(UNREACHED):
        await asyncio.wait_for(first, 5)

    assert "2" == await asyncio.wait_for(echo(keys=[DONE], args=["2"]), 5)


async def test_a_closed_client_leaves_nobody_waiting(redis: RedisServer) -> None:
    client = connect(redis.url)
    echo = Script(pipelined(client), ECHO)
    assert "0" == await echo(keys=[DONE], args=["0"])
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    calls = started(echo, ["1", "2"])
    await until_waiting(redis)
    await asyncio.wait_for(client.aclose(), 5)
    outcomes = await asyncio.wait_for(asyncio.gather(calls[0], return_exceptions=True), 5)
    await ask(redis, "CLIENT UNPAUSE")

    assert isinstance(outcomes[0], UNREACHED)
    for call in calls:
        call.cancel()


async def test_whoever_is_cancelled_disturbs_nobody(redis: RedisServer, client: Redis, echo: Script) -> None:
    """On the way or waiting. What has not gone yet does not go."""
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    gone, waiting, *others = started(echo, ["1", "2", "3", "4"])
    await until_waiting(redis)
    gone.cancel()
    waiting.cancel()
    await asyncio.wait([gone, waiting])
    await ask(redis, "CLIENT UNPAUSE")

    assert ["3", "4"] == await asyncio.gather(*others)
    assert gone.cancelled()
    assert waiting.cancelled()
    assert ["1", "3", "4"] == await client.lrange(DONE, 0, -1)
    assert "5" == await echo(keys=[DONE], args=["5"])


async def test_the_end_of_everything_leaves_nobody_waiting(redis: RedisServer, client: Redis, echo: Script) -> None:
    """A loop that ends cancels every task; what they let go of then is let go of."""

    async def hold() -> None:
        try:
            await echo(keys=[DONE], args=["held"])
        finally:
            await echo(keys=[DONE], args=["let go"])

    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    (first,) = started(echo, ["first"])
    together = [asyncio.create_task(hold()) for _ in range(3)]
    await until_waiting(redis)
    first.cancel()
    await until_waiting(redis)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await ask(redis, "CLIENT UNPAUSE")
    await asyncio.wait(together)

    assert 3 == (await client.lrange(DONE, 0, -1)).count("let go")

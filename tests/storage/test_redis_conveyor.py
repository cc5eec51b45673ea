"""Calls that are made at the same time share the way to Redis, and nothing else: neither errors nor an end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Connection, Redis
from redis.exceptions import ResponseError

from sandbox.redis_cluster import ask
from sandbox.redis_server import RedisServer
from storage.redis import conveyor
from storage.redis.client import UNREACHED, Script, connect
from storage.redis.conveyor import Conveyor

ECHO = """
redis.call("RPUSH", KEYS[1], ARGV[1])
if ARGV[1] == "bad" then
  return redis.error_reply("REFUSED bad")
end
return ARGV[1]
"""
DONE = "conveyor:done"
"""LIST of what the script was called with."""


class Counted(Connection):
    """A connection that counts how often something is sent."""

    trips = 0

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        Counted.trips += 1
        await super().send_packed_command(command, check_health)


@pytest_asyncio.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    """With a connection that is there already, and a server that knows the script."""
    client = connect(redis.url)
    client.connection_pool.connection_class = Counted
    await client.delete(DONE)
    await client.script_load(ECHO)
    Counted.trips = 0
    yield client
    await client.aclose()


@pytest.fixture
def echo(client: Redis, monkeypatch: pytest.MonkeyPatch) -> Script:
    """On one way, so that it is certain who goes with whom."""
    monkeypatch.setattr(conveyor, "WAYS", 1)
    return Script(Conveyor(client), ECHO)


async def at_once(echo: Script, what: Sequence[str]) -> list[Any]:
    """The replies to as many calls, or their errors."""
    return await asyncio.gather(*(echo(keys=[DONE], args=[each]) for each in what), return_exceptions=True)


def started(echo: Script, what: Sequence[str]) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(echo(keys=[DONE], args=[each])) for each in what]


async def until_waiting(redis: RedisServer, connections: int = 1) -> None:
    """Return once scripts wait for the server to go on."""
    waiting: list[Any] = []
    while len(waiting) < connections:
        await asyncio.sleep(0.01)
        clients = await ask(redis, "CLIENT LIST")
        waiting = [each for each in clients if "evalsha" == each["cmd"] and "b" in each["flags"]]


async def test_calls_at_the_same_time_travel_together(client: Redis, echo: Script) -> None:
    """The first goes at once; the others when it is back, in the order in which they were made."""
    numbers = [str(number) for number in range(20)]

    assert numbers == await at_once(echo, numbers)
    assert 2 == Counted.trips
    assert numbers == await client.lrange(DONE, 0, -1)


async def test_while_one_is_on_its_way_another_goes(redis: RedisServer, client: Redis) -> None:
    """Redis would have nothing to do while we read its replies, and we nothing while it works."""
    echo = Script(Conveyor(client), ECHO)
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    numbers = [str(number) for number in range(conveyor.WAYS + 3)]
    calls = started(echo, numbers)
    await until_waiting(redis, conveyor.WAYS)
    await ask(redis, "CLIENT UNPAUSE")

    assert numbers == await asyncio.gather(*calls)


async def test_whoever_calls_again_goes_with_those_that_wait(echo: Script) -> None:
    """So three who call again and again make a third of the trips."""

    async def call_again_and_again() -> None:
        for number in range(10):
            await echo(keys=[DONE], args=[str(number)])

    await asyncio.gather(*(call_again_and_again() for _ in range(3)))

    assert 30 / 3 <= Counted.trips <= 30 / 3 + 2


async def test_a_call_alone_is_a_trip(echo: Script) -> None:
    for number in ("1", "2", "3"):
        assert number == await echo(keys=[DONE], args=[number])

    assert 3 == Counted.trips


async def test_a_trip_has_a_bound(echo: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis does nothing else meanwhile."""
    monkeypatch.setattr(conveyor, "MOST", 4)
    numbers = [str(number) for number in range(1 + 4 + 4 + 1)]

    assert numbers == await at_once(echo, numbers)
    assert 4 == Counted.trips


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
    """None of them is made again: whether it was done, nobody can tell."""
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    calls = started(echo, ["1", "2", "3"])
    for _ in ("the first, alone", "the others"):
        await until_waiting(redis)
        await ask(redis, "CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    await ask(redis, "CLIENT UNPAUSE")

    assert all(isinstance(outcome, UNREACHED) for outcome in outcomes)
    assert "4" == await echo(keys=[DONE], args=["4"])
    assert ["4"] == await client.lrange(DONE, 0, -1)


async def test_whoever_is_cancelled_disturbs_nobody(redis: RedisServer, client: Redis, echo: Script) -> None:
    """On the way alone, waiting, or on the way with others; what has not gone yet does not go."""
    await ask(redis, "CLIENT PAUSE", 60_000, "WRITE")
    alone, waiting, among_others, *others = started(echo, ["1", "2", "3", "4", "5"])
    await until_waiting(redis)
    alone.cancel()
    waiting.cancel()
    await asyncio.wait([alone, waiting])
    await until_waiting(redis)
    among_others.cancel()
    await asyncio.wait([among_others])
    await ask(redis, "CLIENT UNPAUSE")

    assert ["4", "5"] == await asyncio.gather(*others)
    assert alone.cancelled()
    assert waiting.cancelled()
    assert among_others.cancelled()
    assert {"3", "4", "5"} == set(await client.lrange(DONE, 0, -1)) - {"1"}
    assert "6" == await echo(keys=[DONE], args=["6"])


async def test_the_end_of_everything_leaves_nobody_waiting(redis: RedisServer, client: Redis, echo: Script) -> None:
    """A loop that ends cancels every task, the one that travels too; what they let go of then is let go of."""

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

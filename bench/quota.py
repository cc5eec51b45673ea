"""
Reservations and settlements a second, on limits that all of them share, and whether a limit is ever exceeded.

On Redis several processes take from the same five limits; on SQLite one does, as one serves from a file. The floor is
the least that such a store can do: a PING, or the commit of one row.
"""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat import Key
from bot.period import Window
from bot.ports import Ledger
from bot.quota import EVERYONE, MILLION, Charge, Cost, Demand, Granted, Limit, Share, Unit
from bot.turn import Usage
from sandbox.redis_server import redis_server
from storage.redis import open_redis
from storage.redis.client import connect
from storage.sqlite import open_sqlite
from storage.store import Store

INTRODUCTION = """## Quotas

Every answer holds a share of five limits that all others take from as well, and settles what it took. One limit has
enough for nine of ten: exactly those must be granted, and what is used in the end must be what was charged. Redis is a
server of its own with an append-only file, asked by {processes} processes: with {at_once} calls at once each, for how
many it does, then with one each, for how long one takes when less is asked. SQLite is one process with {chats} chats at
once. All share the machine's cores. The floor is a PING, or the commit of one row. The aim is 5,000 reservations a
second on Redis with 99 % within 5 ms, and 3,000 on SQLite."""

PROCESSES = 4
AT_ONCE = 3
"""Calls that one process has under way: more would only wait for each other, and be counted as slow."""

CHATS = 128
REDIS_TIMES, CALM_TIMES, SQLITE_TIMES = 100_000, 20_000, 20_000

LEAD = 1.0
"""Seconds until all processes begin, once they are there."""

TTL = timedelta(hours=1)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLENTY = 10**12
PROMPT, OUTPUT, TAKEN = 1_100, 1_024, 1_500
SPENT = {Unit.TOKENS: TAKEN, Unit.REQUESTS: 1, Unit.MICRO_USD: 4_321}
DEMAND = Demand(
    {
        Unit.TOKENS: Cost(PROMPT, MILLION),
        Unit.REQUESTS: Cost(1),
        Unit.MICRO_USD: Cost(2_750, 10 * MILLION),
    },
    OUTPUT,
    256,
)

Call = Callable[[int], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of many calls: those that said yes, when the first began and the last ended, and how long each took."""

    yes: frozenset[int]
    begin: float
    end: float
    seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.seconds) / (self.end - self.begin)

    def within(self, share: float) -> float:
        """Milliseconds within which that share of the calls ended."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1_000


def shares(times: int) -> tuple[Share, ...]:
    """Five limits in four scopes, one of them with enough for nine of ten."""
    return (
        Share("user/test:1", (Limit(Unit.TOKENS, Window.EVER, PLENTY),)),
        Share("channel/test:bot:10", (Limit(Unit.TOKENS, Window.ROLLING, PLENTY),)),
        Share("community/test:100", (Limit(Unit.MICRO_USD, Window.EVER, PLENTY),)),
        Share(EVERYONE, (Limit(Unit.TOKENS, Window.EVER, PLENTY), Limit(Unit.REQUESTS, Window.EVER, times * 9 // 10))),
    )


def charge(number: int, shares: tuple[Share, ...]) -> Charge:
    key = Key("test", "bot", "100", "10", "", "1")
    return Charge(f"turn-{number:020}", key, "owl", Usage(TAKEN - 500, 500), NOW, SPENT, shares)


def reserving(ledger: Ledger, times: int) -> Call:
    wanted = shares(times)

    async def reserve(number: int) -> bool:
        return isinstance(await ledger.reserve(charge(number, ()).id, wanted, DEMAND, TTL, NOW), Granted)

    return reserve


def settling(ledger: Ledger, times: int) -> Call:
    wanted = shares(times)

    async def settle(number: int) -> bool:
        return (await ledger.settle(charge(number, wanted), NOW)).new

    return settle


async def measure(call: Call, numbers: Iterator[int], at_once: int) -> Measured:
    """Make a call for every number, so many at once."""
    yes, seconds = set[int](), list[float]()
    begin = time.monotonic()

    async def work() -> None:
        for number in numbers:
            asked = time.monotonic()
            if await call(number):
                yes.add(number)
            seconds.append(time.monotonic() - asked)

    await asyncio.gather(*(work() for _ in range(at_once)))
    return Measured(frozenset(yes), begin, time.monotonic(), tuple(seconds))


def in_process(url: str, verb: str, numbers: tuple[int, ...], times: int, at_once: int, start: float) -> Measured:
    """What one process measures on Redis."""
    return asyncio.run(_in_process(url, verb, numbers, times, at_once, start))


async def _in_process(
    url: str, verb: str, numbers: tuple[int, ...], times: int, at_once: int, start: float
) -> Measured:
    store, client = await open_redis(url), connect(url)

    async def ping(number: int) -> bool:
        del number
        return bool(await client.ping())

    calls = {"ping": ping, "reserve": reserving(store.ledger, times), "settle": settling(store.ledger, times)}
    for _ in range(at_once):
        await asyncio.gather(*(ping(0) for _ in range(at_once)), store.ledger.charged("nothing"))
    await asyncio.sleep(max(0.0, start - time.monotonic()))
    measured = await measure(calls[verb], iter(numbers), at_once)
    await client.aclose()
    await store.close()
    return measured


async def on_redis(times: int, at_once: int = AT_ONCE) -> dict[str, Measured]:
    """The floor, then reservations, then settlements of all that was granted."""
    async with redis_server() as server:
        store = await open_redis(server.url)
        with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:

            async def by_all(verb: str, numbers: list[int]) -> Measured:
                start, loop = time.monotonic() + LEAD, asyncio.get_running_loop()
                parts = [tuple(numbers[part::PROCESSES]) for part in range(PROCESSES)]
                jobs = ((server.url, verb, part, times, at_once, start) for part in parts)
                work = (loop.run_in_executor(pool, in_process, *job) for job in jobs)
                return together(await asyncio.gather(*work))

            await by_all("ping", list(range(PROCESSES * at_once)))  # the processes are there after this
            floor = await by_all("ping", list(range(times)))
            reserved = await by_all("reserve", list(range(times)))
            await check_held(store, reserved, times)
            settled = await by_all("settle", sorted(reserved.yes))
        await check_used(store, settled, times)
        await store.close()
        where = f"Redis, {at_once} at once"
        return {f"{where}: PING": floor, f"{where}: reserve": reserved, f"{where}: settle": settled}


async def on_sqlite(times: int) -> dict[str, Measured]:
    """The same in one process."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        store = await open_sqlite(Path(folder) / "parley.db", NOW, sole=True)

        async def commit(number: int) -> bool:
            await store.settings.put(f"room{number}", {"scope": "room"})
            return True

        floor = await measure(commit, iter(range(times)), CHATS)
        reserved = await measure(reserving(store.ledger, times), iter(range(times)), CHATS)
        await check_held(store, reserved, times)
        settled = await measure(settling(store.ledger, times), iter(sorted(reserved.yes)), CHATS)
        await check_used(store, settled, times)
        await store.close()
        return {"SQLite: one row": floor, "SQLite: reserve": reserved, "SQLite: settle": settled}


def together(parts: list[Measured]) -> Measured:
    return Measured(
        frozenset().union(*(part.yes for part in parts)),
        min(part.begin for part in parts),
        max(part.end for part in parts),
        tuple(seconds for part in parts for seconds in part.seconds),
    )


async def check_held(store: Store, reserved: Measured, times: int) -> None:
    """Nine of ten were granted, and what is held is theirs to the last token."""
    assert len(reserved.yes) == times * 9 // 10
    held = {Unit.TOKENS: PROMPT + OUTPUT, Unit.REQUESTS: 1, Unit.MICRO_USD: 2_750 + 10 * OUTPUT}
    for balance in await store.ledger.balances(shares(times), NOW):
        assert (0, held[balance.unit] * len(reserved.yes)) == (balance.used, balance.held)
        assert balance.held <= balance.most


async def check_used(store: Store, settled: Measured, times: int) -> None:
    """Every answer was charged once, and nothing is held any more."""
    assert len(settled.yes) == len(settled.seconds)
    for balance in await store.ledger.balances(shares(times), NOW):
        assert (SPENT[balance.unit] * len(settled.yes), 0) == (balance.used, balance.held)


async def report(redis_times: int = REDIS_TIMES, calm_times: int = CALM_TIMES, sqlite_times: int = SQLITE_TIMES) -> str:
    """All of it, as a section of the report."""
    lines = ["| | calls | a second | median | 99 % | of the floor |", "|---|---:|---:|---:|---:|---:|"]
    for measured in (await on_redis(redis_times), await on_redis(calm_times, 1), await on_sqlite(sqlite_times)):
        floor = next(iter(measured.values())).rate
        lines += [
            f"| {name} | {len(each.seconds):,} | {each.rate:,.0f} | {each.within(0.5):.1f} ms "
            f"| {each.within(0.99):.1f} ms | {each.rate / floor:.2f} |"
            for name, each in measured.items()
        ]
    introduction = INTRODUCTION.format(processes=PROCESSES, at_once=AT_ONCE, chats=CHATS)
    return "\n\n".join([introduction, "\n".join(lines), "No limit was exceeded."])


if __name__ == "__main__":
    print(asyncio.run(report()))

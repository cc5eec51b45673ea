"""Rounds in which every contender is measured, one after the other, and the table of what came of them."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import processes
from bench.gateway.contender import Contender, Cores, DidNotStart, Running, straight
from bench.gateway.litellm import LiteLLM, installed
from bench.gateway.load import Answers, Ask, Load, clients
from bench.gateway.parley import parley
from bench.gateway.provider import provider

CLIENTS = 48
ROUNDS = 3
SECONDS = 5.0
WARMING = 1.0
"""Seconds for which clients ask, in each way, before anything is measured."""

INTRODUCTION = f"""## Gateway

Clients ask /v1/chat/completions for an answer of 20 words, each on a connection that it keeps, and again as soon as
it has the answer: for whole answers with one client and with {CLIENTS}, for streams of 20 chunks with {CLIENTS}.
Every answer has to be right to the last word and figure. The provider needs no time, and sends each chunk of a stream
by itself. The gateway has a core to itself; clients, provider and Redis share another one. The floor is the provider,
asked straight. There are {ROUNDS} rounds, in each of which every contender is started anew and asked for
{SECONDS:.0f} s in each way; these are the medians. Processor time, and memory at its most, are the gateway's alone. It
has started when its first answer is there.

Parley is `parley run` on Redis with an append-only file: it checks a member's key, and holds and charges every answer
on four limits, two of the key's and two of everyone's. After each round the ledger must have charged every answer
once."""

PEER = """LiteLLM {version} is its proxy, with one worker and its settings for production. It checks its master key
alone and counts nothing in a store: for members' keys and budgets it wants PostgreSQL. So it is spared work that Parley
does."""


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A line of the table.

    Args:
        shown: How an amount is written.
        rising: Whether more is better.
        added: Whether what counts is how much it is above the floor.
    """

    title: str
    shown: str
    aim: str
    rising: bool = False
    added: bool = False


RATE = Figure(f"answers a second, {CLIENTS} clients", "{:,.0f}", "2,500", rising=True)
STREAMS = Figure(f"streams a second, {CLIENTS} clients", "{:,.0f}", "1,200", rising=True)
MEDIAN = Figure("one client: median", "{:.2f} ms", "+1 ms", added=True)
SLOW = Figure("one client: 99 %", "{:.2f} ms", "+5 ms", added=True)
WORK = Figure("processor time of an answer", "{:.2f} ms", "0.4 ms")
STREAM_WORK = Figure("processor time of a stream", "{:.2f} ms", "")
REDIS_WORK = Figure("of Redis beside it, for an answer", "{:.2f} ms", "")
START = Figure("start", "{:.2f} s", "2 s")
MEMORY = Figure("memory", "{:.0f} MB", "120 MB")

LINES = (RATE, STREAMS, MEDIAN, SLOW, WORK, STREAM_WORK, REDIS_WORK, START, MEMORY)

Measured = Mapping[Figure, float]


async def report() -> str:
    """As a section of the report."""
    usable = sorted(os.sched_getaffinity(0))
    cores = Cores(usable[0], usable[-1])
    with provider(cores.others) as port:
        peer, said = await _peer(port, cores)
        contenders = [straight, parley, *([peer.proxy] if peer else [])]
        async with clients(cores.others) as ask:
            rounds = [[await _round(each, port, cores, ask) for each in contenders] for _ in range(ROUNDS)]
    medians = [_medians(each) for each in zip(*rounds, strict=True)]
    return "\n\n".join([INTRODUCTION, said, _table(*medians)])


async def _peer(port: int, cores: Cores) -> tuple[LiteLLM | None, str]:
    """LiteLLM, if it can be had and answers; and what is to be said of it."""
    peer = await installed()
    if peer is None:
        return None, "LiteLLM could not be installed here, so it was not measured."
    try:
        async with peer.proxy(port, cores):
            return peer, PEER.format(version=peer.version)
    except DidNotStart:
        return None, f"LiteLLM {peer.version} was installed, but gave no answer, so it was not measured."


async def _round(contender: Contender, port: int, cores: Cores, ask: Ask) -> Measured:
    """All that one contender is asked, from its start to its end."""
    async with contender(port, cores) as running:
        asked = _Asked(running, ask)
        for stream in (False, True):
            await asked.put(stream, CLIENTS, WARMING)
        alone = await asked.put(stream=False, clients=1)
        whole, whole_work, redis_work = await asked.at_work(stream=False)
        streams, stream_work, _ = await asked.at_work(stream=True)
        figures = {RATE: whole.rate, STREAMS: streams.rate}
        figures |= {MEDIAN: alone.within(0.5) * 1e3, SLOW: alone.within(0.99) * 1e3}
        if running.process:
            figures |= {WORK: whole_work * 1e3, STREAM_WORK: stream_work * 1e3, START: running.start}
            figures[MEMORY] = sum(map(processes.memory, processes.tree(running.process)))
        if running.books:
            figures[REDIS_WORK] = redis_work * 1e3
            await running.books.check(asked.count)
        return figures


@dataclass(slots=True)
class _Asked:
    """A contender, and how many answers it has given: the first one came when it started."""

    running: Running
    ask: Ask
    count: int = 1

    async def put(self, stream: bool, clients: int, seconds: float = SECONDS) -> Answers:
        answers = await self.ask(Load(self.running.target, stream, clients, seconds))
        self.count += len(answers.seconds)
        return answers

    async def at_work(self, stream: bool) -> tuple[Answers, float, float]:
        """Many clients' answers; and seconds of processor time for each: the gateway's, and Redis's."""
        gateway, redis = await self._work()
        answers = await self.put(stream, CLIENTS)
        gateway_then, redis_then = await self._work()
        count = len(answers.seconds)
        return answers, (gateway_then - gateway) / count, (redis_then - redis) / count

    async def _work(self) -> tuple[float, float]:
        process, books = self.running.process, self.running.books
        return processes.work(process) if process else 0.0, await books.work() if books else 0.0


def _medians(rounds: Sequence[Measured]) -> Measured:
    return {figure: statistics.median(each[figure] for each in rounds) for figure in rounds[0]}


def _table(floor: Measured, ours: Measured, theirs: Measured | None = None) -> str:
    lines = [
        "| | straight | Parley | beside the floor | aim | LiteLLM | Parley is better by |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join(lines + [_line(figure, floor, ours, theirs or {}) for figure in LINES])


def _line(figure: Figure, floor: Measured, ours: Measured, theirs: Measured) -> str:
    amounts = [figure.shown.format(each[figure]) if figure in each else "" for each in (floor, ours, theirs)]
    beside, better = "", ""
    if figure in floor:
        base = floor[figure]
        beside = f"+{figure.shown.format(ours[figure] - base)}" if figure.added else f"{ours[figure] / base:.2f}"
    if figure in theirs:
        base = floor[figure] if figure.added else 0.0
        times = (theirs[figure] - base) / (ours[figure] - base)
        better = f"{1 / times if figure.rising else times:.1f}"
    return f"| {figure.title} | {amounts[0]} | {amounts[1]} | {beside} | {figure.aim} | {amounts[2]} | {better} |"

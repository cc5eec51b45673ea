"""
What it costs to speak to a provider, by the client that does it.

The provider is a process of its own; the clients take turns in this one, whose processor time is what a request costs.
"""

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
import openai

from adapters.upstream import events
from sandbox.openai.script import steady
from sandbox.openai.server import API_KEY, OpenAI

INTRODUCTION = """## Clients of a provider

{requests:,} streams, {at_once} at once, from a provider on loopback that needs no time and is a process of its own; the
same bytes are sent, and the same three fields read of every event. The clients take turns, {rounds} rounds of them, and
each has its cheapest one. The processor time is the client's own. The floor is aiohttp without the SDK. Both processes
share the machine's cores, so the requests a second are those of both together."""

REQUESTS = 1_000
AT_ONCE = 50
ROUNDS = 3
LENGTHS = (1, 20)
"""Tokens of an answer: hardly a stream, and a short one. Each is an event; three more begin and end the stream."""

BODY: dict[str, Any] = {
    "model": "parley-demo",
    "messages": [{"role": "user", "content": "Hoo?"}],
    "max_tokens": 500,
    "stream_options": {"include_usage": True},
}

Call = Callable[[], AsyncGenerator[bytes, None]]
Client = Callable[[str], AbstractAsyncContextManager[Call]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second, and seconds of processor time for each."""

    rate: float
    cost: float


@contextlib.asynccontextmanager
async def with_sdk(base_url: str, http_client: Any) -> AsyncIterator[Call]:
    async with openai.AsyncOpenAI(base_url=base_url, api_key=API_KEY, max_retries=0, http_client=http_client) as client:

        async def call() -> AsyncGenerator[bytes, None]:
            making = client.chat.completions.with_streaming_response.create(**BODY, stream=True)
            async with making as response:
                async for piece in response.iter_bytes():
                    yield piece

        yield call


def with_httpx2(base_url: str) -> AbstractAsyncContextManager[Call]:
    return with_sdk(base_url, openai.DefaultAsyncHttpxClient(trust_env=False))


def with_aiohttp(base_url: str) -> AbstractAsyncContextManager[Call]:
    return with_sdk(base_url, openai.DefaultAioHttpClient(trust_env=False))


@contextlib.asynccontextmanager
async def bare(base_url: str) -> AsyncIterator[Call]:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call() -> AsyncGenerator[bytes, None]:
            body = {**BODY, "stream": True}
            async with session.post(f"{base_url}/chat/completions", json=body) as response:
                async for piece in response.content.iter_any():
                    yield piece

        yield call


CLIENTS: dict[str, Client] = {
    "aiohttp alone": bare,
    "the SDK over aiohttp": with_aiohttp,
    "the SDK over httpx2": with_httpx2,
}
"""The floor is the first."""


async def measured(client: Client, base_url: str, length: int) -> Measured:
    """All the requests over one client. Every answer has to be whole."""
    async with client(base_url) as call:

        async def ask() -> None:
            chunks = [events.chunk(events.parsed(line)) async for line in events.data(call()) if line != events.DONE]
            assert " owl" * length == "".join(chunk.text for chunk in chunks)
            assert "stop" in [chunk.finish for chunk in chunks]

        await _repeat(ask, AT_ONCE)  # the connections are there after this
        began, worked = time.perf_counter(), time.process_time()
        await _repeat(ask, REQUESTS)
        took, work = time.perf_counter() - began, time.process_time() - worked
    return Measured(REQUESTS / took, work / REQUESTS)


async def _repeat(ask: Callable[[], Awaitable[None]], times: int) -> None:
    numbers = iter(range(times))

    async def work() -> None:
        for _ in numbers:
            await ask()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


@contextlib.contextmanager
def provider(length: int) -> Iterator[str]:
    """A provider whose answers have so many tokens, in a process of its own; its address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_provide, args=(length, theirs))
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _provide(length: int, told: Connection) -> None:
    async def serve() -> None:
        async with OpenAI(otherwise=steady(length, 0)) as server:
            told.send(server.base_url)
            await asyncio.Event().wait()

    asyncio.run(serve())


async def report() -> str:
    """Both lengths, as a section of the report."""
    lines = [
        "| tokens | client | requests a second | processor time of one | times the floor |",
        "|---:|---|---:|---:|---:|",
    ]
    for length in LENGTHS:
        with provider(length) as base_url:
            rounds = [
                {name: await measured(client, base_url, length) for name, client in CLIENTS.items()}
                for _ in range(ROUNDS)
            ]
        best = {name: min((each[name] for each in rounds), key=lambda measured: measured.cost) for name in CLIENTS}
        floor = next(iter(best.values()))
        lines += [
            f"| {length} | {name} | {each.rate:,.0f} | {each.cost * 1e3:.2f} ms | {each.cost / floor.cost:.2f} |"
            for name, each in best.items()
        ]
    introduction = INTRODUCTION.format(requests=REQUESTS, at_once=AT_ONCE, rounds=ROUNDS)
    return f"{introduction}\n\n" + "\n".join(lines)


if __name__ == "__main__":
    print(asyncio.run(report()))

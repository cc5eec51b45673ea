"""
Many chats at once: when is the first text seen, when the last, beside the same stream read straight from the provider.

The service runs as a process of its own, as `parley run` does; simulators and readers are in this one. Both share the
machine, so the floor is read in the same run.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from adapters.upstream.openai import OpenAIModel
from bench.processes import memory
from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.ports import Request
from sandbox.discord.server import Discord
from sandbox.openai.script import steady
from sandbox.openai.server import OpenAI
from sandbox.telegram.limits import DOCUMENTED, STRICT, Pace
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Json

INTRODUCTION = """## Many chats at once

Somebody asks in each chat at the same moment. When are the first words on the screen, and when the final text? The
floor is the same stream, read straight from the provider. `parley run` is a process of its own, with SQLite;
simulators of the platforms and of the provider are in another one, which shares the machine's cores.

A message and its edits must be a second apart in a Telegram chat, and no more than 30 new messages a second may leave
a bot; Discord takes 5 edits in 5 s in a channel and 50 calls a second from a bot. So of 50 chats at once some have to
wait their turn: that is the tail. The aim is a median within 1.1 times the floor, and no 429."""

PEERS = """Others, measured elsewhere on 2 cores with a stream of 2.05 to 2.2 s, 50 chats at once, final text: n3d1117
5.0 s, llmcord 5.0 s (Discord), nanobot 8.2 s, father-bot 25.9 s. With 1 message a second in a chat and a stream of
6.1 s, one chat: nanobot 7.3 s, hermes 8.3 s, father-bot 21.3 s, n3d1117 22.3 s. Memory: nanobot and hermes 220 MB."""


@dataclass(slots=True)
class Seen:
    """When one chat's question was asked, and when the first and the final text of the answer were on the screen."""

    asked: float = 0.0
    first: float = 0.0
    final: float = 0.0


@dataclass(slots=True)
class Result:
    """Seconds from the question, for every chat."""

    name: str
    first: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    refused: int = 0
    memory: float = 0.0


async def floor(provider: OpenAI, chats: int) -> Result:
    """The same streams, read straight from the provider, by the same means as the service reads them."""
    account = OpenAIModel(provider.base_url, provider.api_key)
    result = Result("straight from the provider")
    spec = ModelSpec("demo", "parley-demo")
    request = Request(spec, (Message("", "", "user", "Hoo?"),), "", spec.max_output)

    async def read() -> None:
        asked, first = time.perf_counter(), 0.0
        async for chunk in account.stream(request):
            if chunk.text and not first:
                first = time.perf_counter() - asked
        result.first.append(first)
        result.final.append(time.perf_counter() - asked)

    await asyncio.gather(*(read() for _ in range(chats)))
    await account.close()
    return result


async def on_telegram(provider: OpenAI, chats: int, pace: Pace, name: str) -> Result:
    """Private chats of so many people."""
    async with Telegram(pace=pace) as telegram:
        people = [telegram.add_person(f"Person{number}") for number in range(chats)]
        seen = {person.id: Seen() for person in people}
        for person in people:
            telegram.chat(person).opened = True

        def watch(event: Json) -> None:
            if event["event"] in ("message", "edited") and event["chat"] in seen:
                message = event["message"]
                note(seen[event["chat"]], message.get("text", ""), "regenerate" in str(message.get("reply_markup")))

        telegram.feed.listen(watch)
        section = {"token": telegram.token, "api_base": telegram.base_url.removesuffix("/bot")}
        async with service({"telegram": section}, provider, lambda: polled(telegram)) as process:
            for person in people:
                seen[person.id].asked = time.perf_counter()
                await telegram.say(person, person, "Hoo?")
            return await measured(name, list(seen.values()), process, lambda: telegram.tally.floods)


async def on_discord(provider: OpenAI, chats: int, name: str) -> Result:
    """Channels of one server."""
    async with Discord() as discord:
        channels = [discord.add_channel(f"room-{number}") for number in range(chats)]
        seen = {str(channel.id): Seen() for channel in channels}

        async def watch() -> None:
            with discord.watch(discord.people["alice"]) as queue:
                while True:
                    event = await queue.get()
                    message = event.get("message", {})
                    if message.get("channel_id") in seen and message["author"]["id"] == str(discord.bot.id):
                        final = "regenerate" in str(message["components"])
                        note(seen[message["channel_id"]], message["content"], final)

        watching = asyncio.ensure_future(watch())
        section = {
            "token": discord.application.token,
            "api_base": discord.api_base,
            "gateway_url": discord.gateway_url,
        }
        async with service({"discord": section}, provider, lambda: online(discord)) as process:
            for channel in channels:
                seen[str(channel.id)].asked = time.perf_counter()
                await discord.say(channel, "alice", f"<@{discord.bot.id}> Hoo?")
            result = await measured(name, list(seen.values()), process, lambda: discord.counts.limited)
        watching.cancel()
        return result


def note(seen: Seen, text: str, final: bool) -> None:
    """Write down when the first words, and when the final ones, were on the screen."""
    if text.startswith("owl") and not seen.first:
        seen.first = time.perf_counter()
    if text.startswith("owl") and final and not seen.final:
        seen.final = time.perf_counter()


async def measured(
    name: str, seen: list[Seen], process: asyncio.subprocess.Process, refused: Callable[[], int]
) -> Result:
    """Wait until every chat has its final text, and sum up."""
    async with asyncio.timeout(120):
        while not all(each.final for each in seen):
            await asyncio.sleep(0.005)
    first, final = [each.first - each.asked for each in seen], [each.final - each.asked for each in seen]
    return Result(name, first, final, refused(), memory(process.pid))


async def polled(telegram: Telegram) -> None:
    await telegram.wait_until(lambda: telegram.tally.calls["getUpdates"], 20)


async def online(discord: Discord) -> None:
    await discord.wait_until(lambda: discord.gateway.online, 20)
    await asyncio.sleep(1)  # discord.py waits for the servers' details before it calls itself ready


@contextlib.asynccontextmanager
async def service(
    platforms: dict[str, object], provider: OpenAI, ready: Callable[[], Awaitable[None]]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`parley run`, with embedded SQLite, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        config = {
            "storage": {"url": f"sqlite:///{folder}/parley.db"},
            "upstreams": [{"base_url": provider.base_url, "api_key": provider.api_key}],
            "models": {"demo": {"model": "parley-demo"}},
            **platforms,
        }
        file = Path(folder) / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "adapters.cli", "run", "--config", str(file)), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await ready()
            yield process
        finally:
            process.terminate()
            await process.wait()


def quantiles(values: list[float]) -> tuple[float, float, float]:
    """The median, the 95th percentile, the largest."""
    ordered = sorted(values)
    return statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1]


def table(title: str, results: list[Result]) -> str:
    """Results as Markdown, each beside the floor, which is the first."""
    lines = [
        f"### {title}",
        "",
        "| | first text: median | 95 % | final text: median | 95 % | longest | times the floor | 429s | memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    base = statistics.median(results[0].final)
    for result in results:
        first, final = quantiles(result.first), quantiles(result.final)
        own = f"{final[0] / base:.2f} | {result.refused} | {result.memory:.0f} MB" if result.memory else "1 | |"
        lines.append(
            f"| {result.name} | {first[0]:.2f} s | {first[1]:.2f} s "
            f"| {final[0]:.2f} s | {final[1]:.2f} s | {final[2]:.2f} s | {own} |"
        )
    return "\n".join(lines)


async def run(chats: int, tokens: int, seconds: float, strict: bool) -> list[Result]:
    """One setting: the floor, then each platform."""
    async with OpenAI(otherwise=steady(tokens, seconds)) as provider:
        results = [await floor(provider, chats)]
        if strict:
            results.append(await on_telegram(provider, chats, STRICT, "Telegram, 1 message a second in a chat"))
        else:
            results.append(await on_telegram(provider, chats, DOCUMENTED, "Telegram, limits as documented"))
            results.append(await on_discord(provider, chats, "Discord, limits as observed"))
        return results


async def report() -> str:
    """All settings, as a section of the report."""
    settings = [
        (50, 200, 2.0, False, "50 chats at once, 200 tokens over 2 s"),
        (1, 600, 6.0, True, "1 chat, 600 tokens over 6 s"),
        (50, 600, 6.0, True, "50 chats at once, 600 tokens over 6 s"),
    ]
    tables = [
        table(title, await run(chats, tokens, seconds, strict)) for chats, tokens, seconds, strict, title in settings
    ]
    return "\n\n".join([INTRODUCTION, *tables, PEERS])

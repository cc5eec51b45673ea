"""One run: people talk, processes die, and when it is quiet again the chats are judged."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from chaos import harm, trouble
from chaos.crew import Crew, crew
from chaos.crowd import Crowd
from chaos.oracle import GAP, Oracle
from chaos.plan import Plan
from chaos.result import Result, judged
from chaos.rooms import Room, discord_rooms, telegram_rooms
from sandbox.discord.server import Discord
from sandbox.openai.server import OpenAI
from sandbox.redis_server import RedisServer, redis_server
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
"""No write is confirmed before it is on the disk."""

IDENTIFY = 0.1
"""Seconds between two logins on Discord: with the real 5 s, processes would mostly wait for each other."""

CALM = 120.0
"""Seconds within which every question must have come to its end, once nothing is harmed any more."""


@dataclass(slots=True)
class Stage:
    """What a run plays on."""

    provider: OpenAI
    oracle: Oracle
    config: dict[str, Any]
    rooms: list[Room] = field(default_factory=list)
    troubles: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    redis: RedisServer | None = None


async def run(plan: Plan, folder: Path) -> Result:
    """
    Do what the plan says.

    Args:
        folder: Where the store and the processes' logs are kept.

    Raises:
        TimeoutError: The processes did not come up.
    """
    dice = random.Random(plan.seed)
    async with contextlib.AsyncExitStack() as until_the_end:
        stage = await _set(plan, folder, dice, until_the_end)
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(stage.config))
        team = await until_the_end.enter_async_context(
            crew(plan.processes, file, len(plan.platforms), folder, random.Random(plan.seed))
        )
        async with asyncio.timeout(CALM):
            await team.all_up()
        return await _play(plan, stage, team, dice)


async def _set(plan: Plan, folder: Path, dice: random.Random, stack: contextlib.AsyncExitStack) -> Stage:
    """Start the simulators, and Redis if the plan wants it."""
    oracle = Oracle(dice)
    provider = await stack.enter_async_context(OpenAI(otherwise=oracle))
    stage = Stage(provider, oracle, config_for(provider, f"sqlite:///{folder}/parley.db", plan.lease))
    if plan.store == "redis":
        stage.redis = await stack.enter_async_context(redis_server(*DURABLE))
        stage.config["storage"] = {"url": stage.redis.url}
    if "telegram" in plan.platforms:
        _add_telegram(stage, plan, dice, await stack.enter_async_context(Telegram(pace=UNLIMITED)))
    if "discord" in plan.platforms:
        _add_discord(stage, plan, dice, await stack.enter_async_context(Discord()))
    return stage


def config_for(provider: OpenAI, store: str, lease: float) -> dict[str, Any]:
    """What an operator would write, without the platforms."""
    timeouts = {"first_token": GAP, "gap": GAP}
    account = {"base_url": provider.base_url, "api_key": provider.api_key, "timeouts": timeouts}
    return {
        "storage": {"url": store},
        "upstreams": [account],
        "models": {"demo": {"model": "parley-demo", "context": 8_192, "max_output": 4_096, "tokenizer": "estimate"}},
        "limits": {"lease": lease},
    }


def _add_telegram(stage: Stage, plan: Plan, dice: random.Random, telegram: Telegram) -> None:
    stage.config["telegram"] = {"token": telegram.token, "api_base": telegram.base_url.removesuffix("/bot")}
    stage.rooms += telegram_rooms(telegram, plan.rooms, plan.rooms)
    stage.troubles.append(trouble.plan(telegram.faults, trouble.on_telegram, dice))


def _add_discord(stage: Stage, plan: Plan, dice: random.Random, discord: Discord) -> None:
    stage.config["discord"] = {
        "token": discord.application.token,
        "api_base": discord.api_base,
        "gateway_url": discord.gateway_url,
    }
    discord.rules.identify_seconds = IDENTIFY
    stage.rooms += discord_rooms(discord, plan.rooms, plan.rooms)
    stage.troubles.append(trouble.plan(discord.faults, trouble.on_discord, dice))


async def _play(plan: Plan, stage: Stage, team: Crew, dice: random.Random) -> Result:
    began = time.monotonic()
    crowd = Crowd(stage.rooms, plan.rate, dice)
    async with running(crowd.watch()):
        async with asyncio.timeout(CALM):
            await crowd.begin()  # a first message in private, while nobody listens, is one that no bot can find
        async with running(crowd.talk(), *stage.troubles):
            recovered, ended = await _harm(plan, stage, crowd, team)
        await _calm(plan, crowd)
    result = judged(plan, time.monotonic() - began, crowd, team, stage.oracle.calls)
    return replace(result, recovered=recovered, ended=ended)


async def _harm(plan: Plan, stage: Stage, crowd: Crowd, team: Crew) -> tuple[list[float], list[float]]:
    """All that the plan wants, side by side, each with dice of its own."""
    dice = (random.Random(f"{plan.seed}/{number}") for number in itertools.count())
    async with asyncio.TaskGroup() as harms:
        harms.create_task(harm.kills(team, plan.kills, plan.kill_pause, next(dice)))
        for share in _shares(plan.pauses, plan.at_once):
            harms.create_task(harm.pauses(team, share, plan.lease, next(dice)))
        restarts = harms.create_task(harm.restarts(team, plan.restarts, plan.kill_pause, next(dice)))
        outages = harms.create_task(harm.outages(stage.redis, crowd, plan.outages, plan.outage_pause, next(dice)))
    return outages.result(), restarts.result()


def _shares(count: int, among: int) -> list[int]:
    return [count // among + (number < count % among) for number in range(among)]


async def _calm(plan: Plan, crowd: Crowd) -> None:
    """Wait until every question has come to its end, and for whoever was stalled to take notice."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CALM):
            while crowd.waiting:
                await asyncio.sleep(0.1)
    await asyncio.sleep(plan.lease)


@contextlib.asynccontextmanager
async def running(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do these for as long as the block lasts."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

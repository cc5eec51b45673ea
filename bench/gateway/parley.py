"""Our own service, as `parley run` starts it: on Redis, with a key, and limits for the key and for everyone."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from bench.gateway import exchange
from bench.gateway.contender import Cores, DidNotStart, Running, gateway
from bench.gateway.load import Target
from bench.processes import on_core
from bot import keyring, keys
from bot.amounts import parse_limit
from bot.quota import EVERYONE, Share, Unit
from sandbox.redis_server import RedisServer, free_port, redis_server
from storage.redis import open_redis
from storage.redis.client import connect
from storage.store import Store

LIMITS = ("1000000M tokens per day", "1000M requests per day")
"""More than is asked for; both are held and charged for every answer."""

SETTLING = 10.0
"""Seconds that the last charges may take."""

PROGRAM = (sys.executable, "-m", "adapters.cli")


@contextlib.asynccontextmanager
async def parley(provider: int, cores: Cores) -> AsyncIterator[Running]:
    """Ready to be asked. Raises DidNotStart."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-")))
        with on_core(cores.others):
            redis = await stack.enter_async_context(redis_server())
        port, file = free_port(), folder / "config.yaml"
        file.write_text(yaml.safe_dump(_config(provider, redis, port)))
        key = await _key(file)
        command = (*PROGRAM, "run", "--config", str(file))
        running = await stack.enter_async_context(gateway(command, Target(port, key), folder, cores.gateway))
        books = _Books(redis.url, next(keys.found_in(key)).id)
        yield Running(running.target, running.process, running.start, books)


def _config(provider: int, redis: RedisServer, port: int) -> Mapping[str, Any]:
    return {
        "storage": {"url": redis.url},
        "http": {"host": "127.0.0.1", "port": port, "api": True},
        "upstreams": [{"base_url": f"http://127.0.0.1:{provider}/v1", "api_key": "sk-of-nobody"}],
        "models": {exchange.MODEL: {"model": exchange.MODEL}},
        "quotas": {"everyone": list(LIMITS)},
    }


async def _key(file: Path) -> str:
    """A new key, made as an operator makes one."""
    limits = [argument for limit in LIMITS for argument in ("--limit", limit)]
    issuing = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "key", "issue", *limits, "--scopes", "chat, api", "--config", str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await issuing.communicate())[0].decode()
    key = next(keys.found_in(said), None)
    if key is None:
        raise DidNotStart(said)
    return key.reveal()


@dataclass(frozen=True, slots=True)
class _Books:
    """contender.Books in Redis, for a key of that id."""

    url: str
    key: str

    async def check(self, answers: int) -> None:
        taken = {Unit.TOKENS: answers * exchange.USAGE["total_tokens"], Unit.REQUESTS: answers}
        store = await open_redis(self.url)
        try:
            shares = await self._shares(store)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLING):
                    while [taken, taken] != await _used(store, shares):
                        await asyncio.sleep(0.1)
            assert [taken, taken] == await _used(store, shares)
        finally:
            await store.close()

    async def work(self) -> float:
        client = connect(self.url)
        told = await client.info("cpu")
        await client.aclose()
        return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])

    async def _shares(self, store: Store) -> list[Share]:
        record = await keyring.find(store.records, self.key)
        assert record is not None
        return [Share(record.ledger_scope), Share(EVERYONE, tuple(map(parse_limit, LIMITS)))]


async def _used(store: Store, shares: list[Share]) -> list[dict[Unit, int]]:
    """What was taken of each share."""
    now = datetime.now(UTC)
    return [{each.unit: each.used for each in await store.ledger.balances([share], now)} for share in shares]

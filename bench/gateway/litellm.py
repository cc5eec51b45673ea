"""LiteLLM's proxy, in an environment of its own, set up as its makers advise for production."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.gateway import exchange
from bench.gateway.contender import Cores, Running, gateway
from bench.gateway.load import Target
from sandbox.redis_server import free_port

INSTALLING = 900.0
"""Seconds that the package index gets."""

MASTER_KEY = "sk-of-the-benchmark"

ENVIRONMENT = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it asks the internet for prices when it starts
}
"""Source: docs.litellm.ai/docs/proxy/prod"""


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """An installed proxy."""

    program: Path
    version: str

    @contextlib.asynccontextmanager
    async def proxy(self, provider: int, cores: Cores) -> AsyncIterator[Running]:
        """With one worker, ready to be asked. Raises DidNotStart."""
        with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
            port, file = free_port(), Path(folder) / "config.yaml"
            file.write_text(yaml.safe_dump(_config(provider)))
            where = ("--host", "127.0.0.1", "--port", str(port))
            command = (str(self.program), "--config", str(file), *where, "--num_workers", "1")
            target = Target(port, MASTER_KEY)
            async with gateway(command, target, Path(folder), cores.gateway, ENVIRONMENT) as running:
                yield running


async def installed() -> LiteLLM | None:
    """
    The newest version that can be had here, or the one that an earlier run installed; None if there is neither.

    It stays where programs keep what they can get again: it has hundreds of megabytes.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "parley-bench" / "litellm"
    python = folder / "bin" / "python"
    if not python.exists():
        await _said(sys.executable, "-m", "venv", str(folder))
    await _said(str(python), "-m", "pip", "install", "--quiet", "--upgrade", "litellm[proxy]")
    version = await _said(str(python), "-c", "from importlib.metadata import version; print(version('litellm'))")
    return LiteLLM(folder / "bin" / "litellm", version) if version else None


async def _said(*command: str) -> str | None:
    """What a program printed, or None if it failed or took too long."""
    nowhere = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=nowhere)
    except OSError:
        return None
    try:
        async with asyncio.timeout(INSTALLING):
            said = (await process.communicate())[0].decode().strip()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return said if process.returncode == 0 else None


def _config(provider: int) -> dict[str, object]:
    account = {"api_base": f"http://127.0.0.1:{provider}/v1", "api_key": "sk-of-nobody"}
    return {
        "model_list": [
            {"model_name": exchange.MODEL, "litellm_params": {"model": f"openai/{exchange.MODEL}", **account}}
        ],
        "general_settings": {"master_key": MASTER_KEY},
    }

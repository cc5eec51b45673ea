"""Clients that others wrote, each in a folder of its own: none of them comes near what Parley is installed with."""

import asyncio
import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.fuzz.amount import LONG

by_night = pytest.mark.skipif(not LONG, reason="clients of others are installed and tried with PARLEY_LONG=1")

PATIENCE = 300
"""Seconds for an installation, or for a client's work."""


async def of_npm(name: str, version: str) -> Path:
    """The folder in which that package of npm's is installed."""
    folder = _cache() / f"npm-{name}-{version}"
    steps = [["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"{name}@{version}"]]
    await asyncio.to_thread(_install, folder, steps)
    return folder


async def of_pip(name: str, version: str) -> Path:
    """The folder of programs of an environment in which that package is installed."""
    folder = _cache() / f"pip-{name}-{version}"
    programs = folder / "bin"
    steps = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(programs / "pip"), "install", "--quiet", f"{name}=={version}"],
    ]
    await asyncio.to_thread(_install, folder, steps)
    return programs


async def ran(*command: str, folder: Path, environment: Mapping[str, str] | None = None, given: str = "") -> str:
    """What a program wrote to its output. It must have succeeded."""
    running = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        said, trouble = await running.communicate(given.encode())
    assert 0 == running.returncode, f"{said.decode()}\n{trouble.decode()}"
    return said.decode()


def _cache() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME")
    return (Path(chosen) if chosen else Path(tempfile.gettempdir())) / "parley-clients"


def _install(folder: Path, steps: Sequence[Sequence[str]]) -> None:
    """Do it once, though several tests may want the same client at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / ".installed"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            for step in steps:
                _take(step, folder.name)
            done.touch()


def _take(step: Sequence[str], name: str) -> None:
    try:
        subprocess.run(step, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        pytest.fail(
            f"{name} could not be installed: these tests need node, npm, pip and the registries behind them. {said}"
        )

"""
Pictures of usage. Each is drawn by a process of its own, which ends with it.

Drawing takes 130 MB and a second or two: a service that is asked for a picture once a day should not carry that all
day, and not stand still for it.
"""

import asyncio
import logging
import sys

from pydantic import TypeAdapter

from bot.amounts import dollars
from bot.reply import Picture
from bot.usage import Report

log = logging.getLogger(__name__)

REPORTS = TypeAdapter(Report)

PATIENCE = 20.0
"""Seconds that a drawing may take; one takes about two."""

DRAW = (sys.executable, "-m", "adapters.charts")

SIGNATURE = b"\x89PNG"


class Drawings:
    """Draws one picture at a time, so that many who ask take no more memory than one."""

    def __init__(self) -> None:
        self._board = asyncio.Semaphore(1)

    async def usage(self, report: Report) -> Picture | None:
        """The picture of a report; None when it cannot be drawn."""
        async with self._board:
            png = await draw_usage(report)
        return Picture.of(png, "usage.png", in_words(report)) if png else None


async def draw_usage(report: Report) -> bytes | None:
    """Draw what was used, as a PNG file. Returns None when that fails; the log says why."""
    try:
        return await _drawn(REPORTS.dump_json(report))
    except TimeoutError:
        log.warning("no picture of usage: not drawn within %.0f s", PATIENCE)
    except (OSError, _Failed) as trouble:
        log.warning("no picture of usage: %s", trouble)
    return None


def in_words(report: Report) -> str:
    """What is to be seen in the picture of a report, for those who cannot see it."""
    first, last = min(report.days), max(report.days)
    cost = f", {dollars(report.total.micro_usd)}" if report.total.micro_usd else ""
    return (
        f"Bars for each day from {first} to {last}, {report.total.tokens:,} tokens{cost} in all, and for the users who "
        "took most."
    )


class _Failed(Exception):
    """The process that draws ended without a picture."""


async def _drawn(report: bytes) -> bytes:
    """Raises TimeoutError, OSError, _Failed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*DRAW, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(PATIENCE):
            png, said = await process.communicate(report)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not png.startswith(SIGNATURE):
        raise _Failed(f"exit code {process.returncode}, {_last_line(said)}")
    return png


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "nothing was said"

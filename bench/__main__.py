"""Measures everything and writes docs/benchmarks.md: `make bench`."""

import asyncio
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from bench import chats, rendering

REPORT = Path("docs/benchmarks.md")


def head() -> str:
    today = datetime.now(UTC).date()
    return f"""# Figures

Written by `make bench` on {today}: {os.cpu_count()} cores, Python {platform.python_version()}. Machines differ; the
ratios are what to compare."""


async def measured() -> str:
    return "\n\n".join([head(), await chats.report(), rendering.report()]) + "\n"


if __name__ == "__main__":
    report = asyncio.run(measured())
    REPORT.write_text(report)
    print(report)

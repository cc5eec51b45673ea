"""Measures everything and writes docs/benchmarks.md: `make bench`; `python -m bench --only keys` renews one section."""

import argparse
import asyncio
import os
import platform
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import accounting, chats, gateway, keys, quota, rendering, upstream

REPORT = Path("docs/benchmarks.md")


async def _rendering() -> str:
    return rendering.report()


SECTIONS: dict[str, Callable[[], Awaitable[str]]] = {
    "chats": chats.report,
    "rendering": _rendering,
    "quota": quota.report,
    "accounting": accounting.report,
    "keys": keys.report,
    "upstream": upstream.report,
    "gateway": gateway.report,
}


def head() -> str:
    today = datetime.now(UTC).date()
    return f"""# Figures

Written by `make bench` on {today}: {os.cpu_count()} cores, Python {platform.python_version()}. Machines differ; the
ratios are what to compare."""


def renewed(report: str, sections: Sequence[str]) -> str:
    """A report with these sections in place of those of the same title; a new one comes last."""
    found = {_title(part): part for part in re.split(r"\n\n(?=## )", report.strip())}
    return "\n\n".join((found | {_title(section): section for section in sections}).values()) + "\n"


def _title(section: str) -> str:
    return section.partition("\n")[0]


async def measured(names: Sequence[str]) -> list[str]:
    return [await SECTIONS[name]() for name in names]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    only = parser.parse_args().only
    sections = asyncio.run(measured(only or list(SECTIONS)))
    REPORT.write_text(renewed(REPORT.read_text() if only else head(), sections))
    print("\n\n".join(sections))


if __name__ == "__main__":
    main()

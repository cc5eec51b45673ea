"""What an operator's commands share: each opens the store, also beside a running service, and does one thing there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.cells import cell_len

from adapters import logs
from adapters.config import Config
from adapters.console import fail, settings_of
from adapters.wiring import open_store, secrets_of, utc_now
from bot.audit import AuditEntry, note
from bot.errors import Refused, StorageDown
from bot.reply import literal
from storage.store import Store

T = TypeVar("T")

OPERATOR = "operator"
"""Who the audit log says it was."""


def at_store(config: Path | None, job: Callable[[Config, Store], Awaitable[T]]) -> T:
    """Do something at the store of a configuration, or say why it cannot be done and leave."""
    settings = settings_of(config)
    if settings.storage.url.startswith("memory:"):
        fail("storage.url is memory: what is kept there, only the running service itself can see.")
    try:
        return with_store(settings, job)
    except Refused as no:
        fail(literal(no.for_user))


def with_store(settings: Config, job: Callable[[Config, Store], Awaitable[T]]) -> T:
    """Open a store, do something there, and close it; leave with a sentence when it is down."""
    logs.configure(secrets_of(settings))

    async def run() -> T:
        store = await open_store(settings)
        try:
            return await job(settings, store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except StorageDown as trouble:
        fail(str(trouble))


async def noted(store: Store, action: str, what: str, *, old: str = "", new: str = "") -> None:
    """Write down that an operator did this."""
    await note(store.records, AuditEntry(utc_now(), OPERATOR, "", action, what, old, new))


def columns(rows: Sequence[Sequence[str]], *, figures: bool = True) -> list[str]:
    """Rows as lines: columns stand at the left of their place; but for the first, figures stand at the right."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    right = [figures and place > 0 for place in range(len(widths))]
    return ["  ".join(_cell(*cell) for cell in zip(row, widths, right, strict=True)).rstrip() for row in rows]


def one_line(words: str) -> str:
    """Somebody's own words for a terminal: no line of their own, and nothing that steers it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _cell(words: str, width: int, right: bool) -> str:
    space = " " * (width - cell_len(words))
    return space + words if right else words + space

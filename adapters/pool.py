"""`parley pool`: how the provider accounts do, from an operator's shell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.markup import escape

from adapters.config import Config
from adapters.console import ConfigFile, fail, output
from adapters.errands import at_store, columns, noted, one_line
from adapters.wiring import join_accounts, open_pool, utc_now
from bot.account import Status
from bot.commands.pool import health_words, today_words
from bot.pool import Pool
from storage.store import Store

app = typer.Typer(help="The provider accounts: how they do, and having one tried again.")

Name = Annotated[str, typer.Argument(help="The account's name in the configuration.")]


@app.callback(invoke_without_command=True)
def show(context: typer.Context, config: ConfigFile = None) -> None:
    """See how the accounts of the configuration do. Agents that have joined are seen by /pool in chat."""
    if context.invoked_subcommand is None:
        at_store(config, _show)


@app.command()
def resume(name: Name, config: ConfigFile = None) -> None:
    """Have an account asked again that was given up."""
    at_store(config, lambda settings, store: _resume(settings, store, name))


async def _show(settings: Config, store: Store) -> None:
    async with _pool_of(settings, store) as pool:
        statuses = await pool.statuses()
    for line in columns([("account", "tier", "places", "health", "today"), *map(_row, statuses)], figures=False):
        output.print(escape(line))


async def _resume(settings: Config, store: Store, name: str) -> None:
    async with _pool_of(settings, store) as pool:
        if not await pool.resume(name):
            fail(f"There is no account {name!r} in the configuration. `parley pool` lists them.")
    output.print(f"{escape(name)} is asked again from now on.")
    await noted(store, "pool resume", name)


@asynccontextmanager
async def _pool_of(settings: Config, store: Store) -> AsyncIterator[Pool]:
    """The accounts as they are configured, asked nothing."""
    pool = open_pool(settings, store)
    models = join_accounts(settings, pool)
    try:
        yield pool
    finally:
        for model in models:
            await model.close()


def _row(status: Status) -> tuple[str, ...]:
    account = status.account
    most = str(account.concurrency) if account.concurrency else "any"
    tier = "plus" if account.plus else "free"
    places = f"{status.places} of {most}"
    return account.name, tier, places, one_line(health_words(status, utc_now())), today_words(status)

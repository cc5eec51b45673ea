"""The `parley` command."""

import asyncio
import gc
import logging
import signal
from importlib.metadata import version
from typing import Annotated

import typer
import uvloop
from rich.markup import escape

from adapters import agent, audit, dead, key, logs, pool, quota, usage
from adapters.check import Finding, findings
from adapters.config import Config, hidden
from adapters.console import BAD_CONFIG, ConfigFile, fail, output, settings_of, write_in_any_encoding
from adapters.http.errors import CannotListen
from adapters.service import NobodyToServe, Service
from adapters.wiring import open_store, secrets_of
from bot.errors import StorageDown
from bot.tasks import end

THRESHOLDS = (10_000, 20, 20)
"""Objects, and collections of younger ones, after which garbage is collected. Most of ours dies without that."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(dead.app, name="dead")
app.add_typer(quota.app, name="quota")
app.add_typer(key.app, name="key")
app.add_typer(audit.app, name="audit")
app.add_typer(pool.app, name="pool")
app.command()(usage.usage)
app.command()(agent.agent)


def _version(wanted: bool) -> None:
    if wanted:
        output.print(f"parley {version('parley')}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """A language model in your community's Discord channels and Telegram chats."""
    write_in_any_encoding()


@app.command()
def run(config: ConfigFile = None) -> None:
    """Serve until Ctrl-C or SIGTERM; answers in progress may end."""
    settings = settings_of(config)
    logs.configure(secrets_of(settings))
    if settings.discord is None and settings.telegram is None and not settings.http.api:
        fail(
            "No platform is configured: give discord.token or telegram.token, or http.api for programs alone. "
            "To look around: python -m sandbox"
        )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    except NobodyToServe:
        fail("No platform let us in. `parley check` says more.")
    except (StorageDown, CannotListen) as trouble:
        fail(str(trouble))


@app.command()
def check(config: ConfigFile = None) -> None:
    """Read the configuration, reach every account, and say what is wrong and how to mend it."""
    settings = settings_of(config)
    logs.configure(secrets_of(settings), level=logging.ERROR)
    found = asyncio.run(_collect(settings))
    if any(not finding.good for finding in found):
        raise typer.Exit(BAD_CONFIG)


async def _collect(settings: Config) -> list[Finding]:
    found = []
    async for finding in findings(settings):
        mark = "[green]ok[/]  " if finding.good else "[red]bad[/] "
        mend = f" [dim]{escape(finding.mend)}[/]" if finding.mend else ""
        output.print(f"{mark} {escape(finding.what)}: {escape(hidden(finding.said))}{mend}")
        found.append(finding)
    return found


async def _serve(settings: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    service = Service(settings, await open_store(settings, sole=True))
    settling = asyncio.ensure_future(_settle_memory(service.ready))
    try:
        await service.run(stop)
    finally:
        await end(settling)


async def _settle_memory(ready: asyncio.Event) -> None:
    """
    Keep what is there from the start out of every later collection of garbage.

    It is most of what there ever is, 200,000 objects: to go through it took 150 ms every two seconds under load.
    """
    await ready.wait()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


if __name__ == "__main__":
    app()

"""The `parley` command."""

import asyncio
import logging
import signal
from importlib.metadata import version
from typing import Annotated

import typer
from rich.markup import escape

from adapters import dead, logs
from adapters.check import Finding, findings
from adapters.config import Config, hidden
from adapters.console import BAD_CONFIG, ConfigFile, fail, output, settings_of, write_in_any_encoding
from adapters.http.errors import CannotListen
from adapters.service import NobodyToServe, Service
from adapters.wiring import open_store, secrets_of
from bot.errors import StorageDown

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(dead.app, name="dead")


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
    if settings.discord is None and settings.telegram is None:
        fail("No platform is configured: give discord.token or telegram.token. To look around: python -m sandbox")
    try:
        asyncio.run(_serve(settings))
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
    await Service(settings, await open_store(settings, sole=True)).run(stop)


if __name__ == "__main__":
    app()

"""`python -m sandbox`: look around without an account anywhere."""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from adapters import cli, logs
from adapters.config.shape import UpstreamConfig
from adapters.console import BAD_CONFIG
from adapters.http.errors import CannotListen
from adapters.wiring import open_upstream
from bot.errors import ModelDown
from sandbox.stage import RealModel, Stage, on_stage

PORT = 8000

MEANT = ("PARLEY_CONFIG", "PARLEY_DISCORD__TOKEN", "PARLEY_TELEGRAM__TOKEN")
"""Environment variables of somebody who means the real thing."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
output = Console(highlight=False)
problems = Console(stderr=True, highlight=False, soft_wrap=True)

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Where the page is; 0 takes any free port.")]
Upstream = Annotated[str, typer.Option(metavar="URL", help="A server that speaks OpenAI's API, such as Ollama.")]
Name = Annotated[str, typer.Option(metavar="NAME", help="The model there that answers.")]
Key = Annotated[str, typer.Option(metavar="KEY", help="What that server wants for a key, if any.")]
OrRun = Annotated[bool, typer.Option("--or-run", help="Run the real service instead, where one is configured.")]


@app.command()
def main(
    port: Port = PORT, upstream: Upstream = "", model: Name = "", key: Key = "none", or_run: OrRun = False
) -> None:
    """Try Parley on a page: all of it, with the real client libraries, on a simulated Discord and Telegram."""
    if or_run and is_configured():
        cli.app(["run"], prog_name="parley")
    chosen = _chosen(upstream, model, key)
    logs.configure([key], level=logging.WARNING)
    try:
        asyncio.run(_show(port, chosen))
    except CannotListen as trouble:
        _fail(f"{trouble}. Choose another one with --port.")


def is_configured() -> bool:
    """Whether somebody has set up the real service here."""
    return Path("config.yaml").exists() or any(os.environ.get(name) for name in MEANT)


def _chosen(upstream: str, model: str, key: str) -> RealModel | None:
    if not upstream and not model:
        return None
    if not upstream or not model:
        raise typer.BadParameter("--upstream URL and --model NAME go together.")
    try:
        account = UpstreamConfig.model_validate({"base_url": upstream, "api_key": key})
    except ValidationError:
        raise typer.BadParameter(f"--upstream {upstream}: an address begins with http:// or https://") from None
    return RealModel(account, model)


async def _show(port: int, model: RealModel | None) -> None:
    if model:
        await _look_for(model)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with on_stage(port, model) as stage:
        _announce(stage, port, model)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stage.service, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()


async def _look_for(model: RealModel) -> None:
    """Leave with a sentence when the server is not there, or has no such model: the page would only show errors."""
    account = open_upstream(model.account)
    try:
        offered = await account.models()
    except ModelDown as trouble:
        _fail(f"{model.account.base_url} does not answer. Is it running, and should it end in /v1? ({trouble})")
    finally:
        await account.close()
    if offered and model.name not in offered:
        _fail(f"{model.account.base_url} has no model {model.name!r}. It has {', '.join(sorted(offered)[:20])}.")


def _announce(stage: Stage, wanted: int, model: RealModel | None) -> None:
    """Say where the page is: in a panel where a person looks, in a line where a pipe does."""
    taken = f"Port {wanted} is taken, so this is another one. " if wanted not in (0, stage.page.port) else ""
    answers = f"{model.name} at {model.place} answers." if model else "A demonstration model answers."
    if not output.is_terminal:
        programs = f"Programs ask at {stage.api} with the key {stage.key.reveal()}"
        output.print(f"Parley's sandbox is at {stage.page.url} {taken}{escape(answers)} {programs}", soft_wrap=True)
        return
    body = (
        f"Open [bold link={stage.page.url}]{stage.page.url}[/] in a browser.\n\n"
        f"{taken}The real service is running, with its real Discord and Telegram clients, on simulated platforms. "
        f"{escape(answers)} Everything is forgotten when you stop it with Ctrl-C.\n\n"
        f"Programs ask at {stage.api}\nwith the key {stage.key.reveal()}"
    )
    output.print(Panel(body, title="Parley: the sandbox", border_style="cyan", padding=(1, 2), width=76))


def _fail(sentence: str) -> NoReturn:
    problems.print(f"[red]{escape(sentence)}[/]")
    raise typer.Exit(BAD_CONFIG)


if __name__ == "__main__":
    app(prog_name="python -m sandbox")

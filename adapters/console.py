"""What every command line shares: where it reads its configuration, and how it says that something is wrong."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from adapters.config import BadConfig, Config, hidden, load

BAD_CONFIG = 2
"""The exit code for everything that its reader can mend."""

problems = Console(stderr=True, highlight=False, soft_wrap=True)
output = Console(highlight=False, soft_wrap=True)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="PARLEY_CONFIG", help="The configuration; config.yaml when it is there."),
]


def write_in_any_encoding() -> None:
    """Let a character that the terminal cannot show become a question mark; Python would fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def settings_of(file: Path | None) -> Config:
    """Read the configuration, or say everything that is wrong with it and leave."""
    default = Path("config.yaml")
    try:
        return load(file or (default if default.exists() else None))
    except BadConfig as bad:
        many = f"{len(bad.mistakes)} mistakes" if len(bad.mistakes) > 1 else "a mistake"
        problems.print(f"[red]The configuration has {many}:[/]")
        for mistake in bad.mistakes:
            problems.print(f"  {escape(str(mistake))}")
        raise typer.Exit(BAD_CONFIG) from None


def fail(sentence: str) -> NoReturn:
    """Say what is wrong and leave."""
    problems.print(f"[red]{escape(hidden(sentence))}[/]")
    raise typer.Exit(BAD_CONFIG)

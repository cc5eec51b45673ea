"""`parley audit`: who did what to keys, quotas and people, and whether that was tampered with."""

from typing import Annotated

import typer
from rich.markup import escape

from adapters.console import ConfigFile, output
from adapters.errands import at_store, one_line
from bot.audit import AuditEntry, Verdict, newest, verify
from storage.store import Store

app = typer.Typer(no_args_is_help=True, help="Who did what to keys, quotas and people.")

TAMPERED = 1
"""The exit code when the log is not as it was written."""

MOST = 100_000


@app.command("list")
def list_entries(
    community: Annotated[str, typer.Option(help="Only what was done there, as discord:100.")] = "",
    number: Annotated[int, typer.Option("-n", min=1, max=MOST, help="How many, the newest.")] = 50,
    config: ConfigFile = None,
) -> None:
    """What was done, the newest first."""
    entries = at_store(config, lambda _, store: newest(store.records, number, community or None))
    for entry in entries:
        output.print(escape(_line(entry)))
    if not entries:
        output.print("Nothing was done yet to keys, quotas or people.")


@app.command("verify")
def verify_log(
    expect: Annotated[
        str, typer.Option(metavar="DIGEST", help="What an earlier run printed: that nothing before it was changed.")
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Look whether every entry is as it was written. Keep the digest elsewhere: it vouches for all that came before."""
    verdict, known = at_store(config, lambda _, store: _look(store, expect.strip().lower()))
    if verdict.broken is not None:
        output.print(escape(f"Entry {verdict.broken} of {verdict.entries} is not as it was written: {verdict.why}."))
        raise typer.Exit(TAMPERED)
    entries = "1 entry" if verdict.entries == 1 else f"{verdict.entries} entries"
    output.print(f"{entries}, each as it was written.")
    if verdict.digest:
        output.print(f"digest of the last: {verdict.digest}")
    if expect and not known:
        output.print("No entry has the digest that was expected: this is another log, or one that was written anew.")
        raise typer.Exit(TAMPERED)


async def _look(store: Store, expected: str) -> tuple[Verdict, bool]:
    """What is to be said of the log, and whether the digest that was kept is that of one of its entries."""
    verdict = await verify(store.records)
    # Each entry holds the digest of the one before; that of the last is with the verdict.
    entries = await newest(store.records, verdict.entries) if expected and verdict.broken is None else []
    return verdict, bool(expected) and expected in {verdict.digest, *(entry.prev for entry in entries)}


def _line(entry: AuditEntry) -> str:
    change = " -> ".join(filter(None, (one_line(entry.old), one_line(entry.new))))
    where = f" in {entry.community}" if entry.community else ""
    said = one_line(f"{entry.actor}{where}: {entry.action} {entry.what}") + (f": {change}" if change else "")
    return f"{entry.number}  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {said}"

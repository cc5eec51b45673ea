"""`parley dead`: what was given up, for an operator to read and to try again."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from adapters.config import Config
from adapters.console import ConfigFile, fail, output, settings_of
from adapters.errands import with_store
from adapters.wiring import by_name, make_ports, open_discord, open_pool, open_telegram
from adapters.wrong_token import WrongToken
from bot.commands.book import BOOK
from bot.errors import PlatformDown
from bot.ports import DeadLetter
from bot.session import Sessions
from bot.worker import Worker
from storage.record import dump_turn
from storage.store import Store

if TYPE_CHECKING:
    from adapters.telegram.client import Telegram

app = typer.Typer(no_args_is_help=True, help="What was given up: read it, and try it again.")

MOST = 10_000
"""Letters that are looked at when all are meant."""

Id = Annotated[str, typer.Argument(help="A letter's id, as `parley dead list` shows it.")]


@app.command("list")
def list_letters(
    config: ConfigFile = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="How many, the newest.")] = 50,
) -> None:
    """What was given up, the newest first."""
    letters = _with_store(config, lambda _, store: store.letters.newest(limit))
    for letter in letters:
        output.print(_line(letter))
    if not letters:
        output.print("Nothing was given up.")


@app.command()
def show(id: Id, config: ConfigFile = None) -> None:
    """All that is known of one letter."""
    letter, content = _with_store(config, lambda _, store: _read(store, id))
    output.print(_line(letter))
    output.print_json(content)


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Letters to try again.")] = None,
    config: ConfigFile = None,
    everything: Annotated[bool, typer.Option("--all", help="Every letter there is.")] = False,
) -> None:
    """Try again what was given up; a running service does it."""
    if not ids and not everything:
        fail("Say which: an id that `parley dead list` shows, or --all.")
    _with_store(config, lambda settings, store: _retry(settings, store, ids or []))


@app.command()
def forget(id: Id, config: ConfigFile = None) -> None:
    """Throw a letter away."""
    _with_store(config, lambda _, store: store.letters.remove(id))


def _with_store(config: Path | None, job: Callable[[Config, Store], Awaitable[Any]]) -> Any:
    """Do something with the store of a configuration, or say why it cannot be done and leave."""
    try:
        return with_store(settings_of(config), job)
    except PlatformDown as trouble:
        fail(str(trouble))
    except WrongToken:
        fail("Telegram does not know the token in telegram.token.")


def _line(letter: DeadLetter) -> str:
    return f"{letter.id}  {letter.at:%Y-%m-%d %H:%M:%S} UTC  {letter.platform}  {escape(letter.why)}"


async def _find(store: Store, id: str) -> DeadLetter:
    letter = await store.letters.get(id)
    if letter is None:
        fail(f"There is no letter {id}. `parley dead list` shows what there is.")
    return letter


async def _read(store: Store, id: str) -> tuple[DeadLetter, str]:
    """A letter, and as JSON what it is about."""
    letter = await _find(store, id)
    if letter.body:
        return letter, letter.body
    turn = await store.turns.get(letter.room, letter.id)
    return letter, json.dumps({"turn": "no longer kept"}) if turn is None else dump_turn(turn)


async def _retry(settings: Config, store: Store, ids: list[str]) -> None:
    letters = [await _find(store, id) for id in ids] or list(await store.letters.newest(MOST))
    async with _sessions(settings, store) as (sessions, telegram):
        for letter in letters:
            took = await _take(letter, store, sessions, telegram)
            output.print(f"{letter.id}: {'on its way again' if took else 'still cannot be done'}")
            if took:
                await store.letters.remove(letter.id)


async def _take(letter: DeadLetter, store: Store, sessions: Sessions, telegram: "Telegram | None") -> bool:
    """Hand a letter's content in again. Returns whether it was taken."""
    if not letter.body:
        return await sessions.revive(letter.room, letter.id)
    if telegram is None:
        return False
    if not telegram.id:
        await telegram.introduce()
        await telegram.recall(store.settings)
    return await telegram.take(json.loads(letter.body), sessions, store.letters)


@asynccontextmanager
async def _sessions(settings: Config, store: Store) -> AsyncIterator[tuple[Sessions, "Telegram | None"]]:
    """The front door of a service that takes things in and leaves the work to the one that runs."""
    telegram = open_telegram(settings)
    ports = make_ports(settings, store, open_pool(settings, store), by_name(open_discord(settings), telegram))
    worker = Worker(ports, BOOK)
    await worker.drain()
    try:
        yield Sessions(ports, BOOK, worker), telegram
    finally:
        if telegram is not None:
            await telegram.close()

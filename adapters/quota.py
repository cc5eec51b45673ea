"""`parley quota`: who may use how much, from an operator's shell."""

import re
import secrets
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from adapters.config import Config
from adapters.console import ConfigFile, fail, output
from adapters.errands import at_store, noted
from adapters.wiring import policy, utc_now
from bot.amounts import EXAMPLES, amount_words, left_words, limit_words, more_words, parse_limit
from bot.audit import AUDIT, AuditEntry, newest
from bot.billing import client_scope
from bot.commands.quota import USUAL
from bot.errors import BadArgument
from bot.keyring import ledger_scope
from bot.period import Window
from bot.quota import UNLIMITED, Balance, Limit, Share, kind_of
from storage.store import Store

app = typer.Typer(no_args_is_help=True, help="Who may use how much: see it, and change it.")

SCOPES = {
    "everyone": r"everyone",
    "user": r"user/(discord|telegram):\d+",
    "member": r"member/(discord|telegram):-?\d+/\d+",
    "channel": r"channel/(discord|telegram):\d+:-?\d+",
    "community": r"community/(discord|telegram):-?\d+",
    "key": r"key/\w+",
}
"""How each kind of scope is written."""

EXAMPLE_SCOPES = (
    "everyone, user/discord:42, member/discord:100/42 (user 42 in server 100), channel/telegram:7:-1001 (of bot 7), "
    "community/discord:100, key/a1B2c3D4"
)

Scope = Annotated[str, typer.Argument(help=f"Who or where: {EXAMPLE_SCOPES}.")]
Words = Annotated[list[str], typer.Argument(help="Like: 20k tokens per day, 5 usd per month, unlimited.")]

ANY_WORDS = {"ignore_unknown_options": True}
"""A limit of -5 is to be told that it is none, and not taken for an option."""


@app.command()
def show(scope: Scope, config: ConfigFile = None) -> None:
    """Every limit of a scope, and what is left of it."""
    at_store(config, lambda settings, store: _show(settings, store, _checked(scope)))


@app.command("set", context_settings=ANY_WORDS)
def set_limit(scope: Scope, limit: Words, config: ConfigFile = None) -> None:
    """Set a limit in place of the usual one; the limit `usual` drops all that was set."""
    at_store(config, lambda _, store: _set(store, _checked(scope), " ".join(limit)))


@app.command(context_settings=ANY_WORDS)
def grant(scope: Scope, limit: Words, config: ConfigFile = None) -> None:
    """Add to a limit, for the window that is now."""
    at_store(config, lambda settings, store: _grant(settings, store, _checked(scope), parse_limit(" ".join(limit))))


@app.command()
def reset(scope: Scope, config: ConfigFile = None) -> None:
    """Let a scope begin anew, with nothing used."""
    at_store(config, lambda _, store: _reset(store, _checked(scope)))


@app.command("list")
def list_limits(config: ConfigFile = None) -> None:
    """Everything that was set in place of what is usual."""
    at_store(config, lambda _, store: _list(store))


def _checked(scope: str) -> str:
    """A scope as it was written, or a sentence on how to write one."""
    kind = SCOPES.get(kind_of(scope))
    if kind is None or not re.fullmatch(kind, scope, re.ASCII):
        fail(f"There is no such scope as {scope}. Write it like {EXAMPLE_SCOPES}.")
    return scope


async def _show(settings: Config, store: Store, scope: str) -> None:
    balances = await _balances(settings, store, scope)
    limits = await store.ledger.limits(scope)
    names = {(limit.unit, limit.window) for limit in limits}
    for balance in balances:
        output.print(_line(balance, "set" if (balance.unit, balance.window) in names else "usual"))
    lifted = [limit for limit in limits if limit.most == UNLIMITED]
    for limit in lifted:
        output.print(f"{limit_words(limit)} (set)")
    if not balances and not lifted:
        output.print(f"Nothing is limited for {scope}.")


async def _set(store: Store, scope: str, words: str) -> None:
    old = await store.ledger.limits(scope)
    if words.strip().lower() in USUAL:
        for limit in old:
            await store.ledger.drop_limit(scope, limit.unit, limit.window)
        output.print(f"{scope} may use what is usual again.")
        await noted(store, "quota set", scope, old=_listed(old), new="usual")
        return
    limit = parse_limit(words)
    await store.ledger.set_limit(scope, limit, utc_now())
    output.print(f"{scope} may use {limit_words(limit)} from now on.")
    await noted(store, "quota set", scope, old=_listed(old), new=limit_words(limit))


async def _grant(settings: Config, store: Store, scope: str, more: Limit) -> None:
    if more.most in (UNLIMITED, 0):
        raise BadArgument(f"How much more? Write it like {EXAMPLES}.")
    balances = await _balances(settings, store, scope)
    if not any((balance.unit, balance.window) == (more.unit, more.window) for balance in balances):
        fail(
            f"{scope} has no limit of that kind, so there is nothing to add to. `parley quota show {scope}` shows all."
        )
    await store.ledger.grant(secrets.token_hex(12), scope, more.unit, more.window, more.most, utc_now())
    words = f"{amount_words(more.unit, more.most)} more{_now(more.window)}"
    output.print(f"{scope} may use {words}.")
    await noted(store, "quota grant", scope, new=words)


async def _reset(store: Store, scope: str) -> None:
    await store.ledger.reset(scope, utc_now())
    output.print(f"{scope} begins anew, with nothing used.")
    await noted(store, "quota reset", scope)


async def _list(store: Store) -> None:
    found = False
    for scope in sorted(await _known(store)):
        for limit in await store.ledger.limits(scope):
            output.print(escape(f"{scope}: {limit_words(limit)}"))
            found = True
    if not found:
        output.print("Nothing was set: what is usual holds for all.")


async def _known(store: Store) -> set[str]:
    """Scopes that may have limits of their own, as the audit log tells: nothing is set without an entry in it."""
    entries = await newest(store.records, len(await store.records.all(AUDIT)))
    scopes = map(_scope_of, entries)
    return {scope for scope in scopes if kind_of(scope) in (*SCOPES, "client")}


def _scope_of(entry: AuditEntry) -> str:
    """The scope whose limits an entry may be about."""
    if entry.action == "key issue":
        return ledger_scope(entry.what)
    return client_scope(entry.community, entry.what) if entry.action == "client add" else entry.what


async def _balances(settings: Config, store: Store, scope: str) -> Sequence[Balance]:
    return await store.ledger.balances([Share(scope, policy(settings.quotas).at(scope))], utc_now())


def _line(balance: Balance, source: str) -> str:
    held = f", {amount_words(balance.unit, balance.held)} held for answers in progress" if balance.held else ""
    return f"{left_words(balance)}{held}{more_words(balance, utc_now())} ({source})"


def _listed(limits: Sequence[Limit]) -> str:
    return ", ".join(map(limit_words, limits)) or "usual"


def _now(window: Window) -> str:
    """For how long something is granted."""
    special = {Window.DAY: " today", Window.ROLLING: " in these 30 days", Window.EVER: ""}
    return special.get(window, f" this {window}")

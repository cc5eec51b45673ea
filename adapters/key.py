"""`parley key`: keys, from an operator's shell."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from adapters.config import Config
from adapters.console import ConfigFile, output
from adapters.errands import OPERATOR, at_store, columns, noted, one_line
from adapters.wiring import catalogue, utc_now
from bot import keyring, keys
from bot.amounts import left_words, limit_words, more_words, parse_duration, parse_limit
from bot.caller import HTTP
from bot.errors import BadArgument
from bot.keyring import ANY, LASTS, SCOPES, Issued, KeyRecord, KeyScope, Tier
from bot.quota import Balance, Share
from storage.store import Store

app = typer.Typer(no_args_is_help=True, help="Keys: shares to use in chat and in programs.")

PERSON = r"(discord|telegram):\d+"
COMMUNITY = r"(discord|telegram):-?\d+"

Id = Annotated[str, typer.Argument(help="Its eight letters, as `parley key list` shows them.")]


@app.command()
def issue(
    limit: Annotated[
        list[str] | None, typer.Option(help='How much, like "20k tokens per day"; may be given several times.')
    ] = None,
    person: Annotated[
        str, typer.Option("--for", metavar="PERSON", help="Whom it is for, as discord:42: only they are shown it.")
    ] = "",
    expires: Annotated[str, typer.Option(help=f"When it ends, like 30d; {LASTS.days} days if nothing is said.")] = "",
    uses: Annotated[int, typer.Option(min=1, max=10_000, help="How many people may redeem it.")] = 1,
    scopes: Annotated[str, typer.Option(help="Some of: chat, images, audio, api; or admin; or client; or agent.")] = "",
    models: Annotated[str, typer.Option(help="Only for these models.")] = "",
    tier: Annotated[Tier, typer.Option(help="Whose accounts it may use.")] = Tier.FREE,
    community: Annotated[str, typer.Option(help="The only one where it can be redeemed, as discord:100.")] = "",
    name: Annotated[str, typer.Option(help="A name for your list.")] = "",
    config: ConfigFile = None,
) -> None:
    """Make a key, and show it once: to you, or with --for to a person in chat."""

    async def job(settings: Config, store: Store) -> None:
        now = utc_now()
        wanted = KeyRecord(
            issuer=OPERATOR,
            created=now,
            expires=now + _length(expires),
            scopes=_scopes(scopes),
            made_for=_written(person, PERSON, "a person", "discord:42"),
            community=_written(community, COMMUNITY, "a community", "discord:100"),
            models=tuple(catalogue(settings.models).find(each).alias for each in _words(models)) or (ANY,),
            tier=tier,
            uses=uses,
            name=name[:60],
        )
        limits = [parse_limit(words) for words in limit or ()]
        issued = await keyring.issue(store.records, store.ledger, store.pepper, wanted, limits)
        share = ", ".join(map(limit_words, limits)) or "whatever is not limited otherwise"
        await noted(store, "key issue", issued.key.id, new=f"for {issued.key.made_for or 'whoever has it'}: {share}")
        output.print(escape(f"Key {issued.key.id}: {share}, until {_day(issued.key.expires)}."))
        await _hand_over(store, issued)

    at_store(config, job)


@app.command("list")
def list_keys(config: ConfigFile = None) -> None:
    """Every key, the newest first."""
    at_store(config, lambda _, store: _list(store))


@app.command()
def show(id: Id, config: ConfigFile = None) -> None:
    """All that is known of a key, and what is left of its limits. Its secret nobody knows."""
    at_store(config, lambda _, store: _show(store, _id(id)))


@app.command()
def revoke(id: Id, config: ConfigFile = None) -> None:
    """End a key at once. The key itself will do in place of its id, should it have leaked."""
    at_store(config, lambda _, store: _revoke(store, _id(id)))


@app.command()
def rotate(id: Id, config: ConfigFile = None) -> None:
    """Put another key in the place of one, which goes on working for a day."""
    at_store(config, lambda _, store: _rotate(store, _id(id)))


async def _hand_over(store: Store, issued: Issued) -> None:
    """Show a key to the operator, or say who is shown it. Whoever is known by a key alone has no chat to be told in."""
    made_for = issued.key.made_for
    if made_for and not made_for.startswith(f"{HTTP}:"):
        output.print(escape(f"It is shown to {made_for} alone: they give the bot /key show."))
        return
    key = await keyring.claim(store.records, store.pepper, issued.claim.reveal(), made_for or OPERATOR, utc_now())
    await noted(store, "key show", key.id)
    output.print("This is shown once; keep it safe:")
    typer.echo(key.reveal())


async def _list(store: Store) -> None:
    found = await keyring.listed(store.records)
    if not found:
        output.print("No keys were issued yet. `parley key issue` makes one.")
        return
    rows = [("id", "name", "for", "state", "expires", "limits")]
    for line in columns(rows + [await _row(store, record) for record in found], figures=False):
        output.print(escape(line))


async def _row(store: Store, record: KeyRecord) -> tuple[str, ...]:
    limits = ", ".join(map(limit_words, await store.ledger.limits(record.ledger_scope)))
    whom = record.made_for or "whoever has it"
    return record.id, one_line(record.name) or "-", whom, _state(record), _day(record.expires), limits or "-"


async def _show(store: Store, id: str) -> None:
    record = await _existing(store, id)
    for title, words in _details(record):
        output.print(escape(f"{title}: {words}"))
    for balance in await store.ledger.balances([Share(record.ledger_scope)], utc_now()):
        output.print(escape(_left(balance)))


async def _revoke(store: Store, id: str) -> None:
    record = await _existing(store, id)
    await keyring.revoke(store.records, record.id, utc_now())
    await noted(store, "key revoke", record.id)
    output.print(f"Key {record.id} is revoked. Nobody can use it any more.")


async def _rotate(store: Store, id: str) -> None:
    old = await _existing(store, id)
    issued = await keyring.rotate(store.records, store.pepper, old.id, utc_now())
    await noted(store, "key rotate", old.id, new=issued.key.id)
    output.print(f"Key {issued.key.id} takes the place of {old.id}, which goes on working for a day.")
    await _hand_over(store, issued)


async def _existing(store: Store, id: str) -> KeyRecord:
    """Raises BadArgument."""
    record = await keyring.find(store.records, id)
    if record is None:
        raise BadArgument(f"There is no key {keys.redacted(one_line(id))}. `parley key list` shows those that are.")
    return record


# What is read.


def _id(written: str) -> str:
    """The id of a key that was given by its id, or as a whole."""
    return next((key.id for key in keys.found_in(written)), written.strip())


def _length(written: str) -> timedelta:
    """Raises BadArgument."""
    return parse_duration(written) if written else LASTS


def _scopes(written: str) -> frozenset[KeyScope]:
    """Raises BadArgument."""
    unknown = [word for word in _words(written) if word not in list(KeyScope)]
    if unknown:
        raise BadArgument(f"“{one_line(unknown[0])}” is nothing that a key can be for. There is {', '.join(KeyScope)}.")
    return frozenset(map(KeyScope, _words(written))) or SCOPES


def _words(written: str) -> Sequence[str]:
    return written.replace(",", " ").split()


def _written(id: str, pattern: str, what: str, example: str) -> str:
    """A person or a community as it was written, or a sentence on how to write one. Raises BadArgument."""
    if id and not re.fullmatch(pattern, id, re.ASCII):
        raise BadArgument(f"“{one_line(id)}” is not {what}. Write it like {example}.")
    return id


# What is printed.


def _details(record: KeyRecord) -> Sequence[tuple[str, str]]:
    found = (
        ("key", record.id),
        ("name", one_line(record.name)),
        ("for", record.made_for or "whoever has it"),
        ("issued by", f"{record.issuer} on {_day(record.created)}"),
        ("state", _state(record)),
        ("expires", _day(record.expires)),
        ("redeemed by", ", ".join(record.redeemed_by)),
        ("can be redeemed in", record.community),
        ("may be used for", ", ".join(sorted(record.scopes))),
        ("models", ", ".join(record.models)),
        ("tier", record.tier),
        ("replaced by", record.next),
        ("spends from", record.ledger_scope),
    )
    return [(title, words) for title, words in found if words]


def _state(record: KeyRecord) -> str:
    """Where a key stands, in a few words."""
    if over := keyring.no_longer(record, utc_now()):
        return over
    if record.next:
        return "replaced, still works"
    if record.redeemed_by:
        return f"redeemed by {len(record.redeemed_by)} of {record.uses}"
    return "shown" if record.digest else "not shown yet"


def _left(balance: Balance) -> str:
    return f"{left_words(balance)}{more_words(balance, utc_now())}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"

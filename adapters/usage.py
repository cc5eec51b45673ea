"""`parley usage`: who took how much, for an operator to read and for a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from adapters.config import Config
from adapters.console import ConfigFile, fail, output
from adapters.errands import at_store, columns, one_line
from adapters.wiring import utc_now
from bot.amounts import dollars
from bot.chat import Key
from bot.names import names_in
from bot.quota import MILLION, NAMES, Spending, sum_of
from storage.store import Store

DAYS, MOST_DAYS = 30, 3_660

FIGURES = ("requests", "input_tokens", "output_tokens", "images", "audio_seconds", "usd")
"""How the columns of figures are called in a CSV file."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is taken for a formula by spreadsheets: people could put one into their names."""


class By(StrEnum):
    """What is added up."""

    USER = "user"
    CHANNEL = "channel"
    COMMUNITY = "community"
    MODEL = "model"
    DAY = "day"
    KEY = "key"

    @property
    def field(self) -> str:
        """The field of a spending."""
        return {"day": "date", "key": "api_key"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Found:
    """What was taken between two days, both included, and what people call themselves."""

    first: date
    last: date
    spendings: Sequence[Spending]
    names: Mapping[str, str]


def usage(
    config: ConfigFile = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=MOST_DAYS, help=f"The last so many days; {DAYS} if nothing is said.")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="From that day on.")
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Up to that day; today if nothing is said."),
    ] = None,
    by: Annotated[By | None, typer.Option(help="What is added up; day if nothing is said.")] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For a spreadsheet, with all figures; without --by, nothing is added up.")
    ] = False,
) -> None:
    """Who took how much: questions, tokens and cost."""
    if days and first:
        fail("Say either --days or --from.")
    found = at_store(config, lambda settings, store: _found(settings, store, days or DAYS, _date(first), _date(last)))
    if as_csv:
        typer.echo(to_csv(found, by).encode(), nl=False)
    else:
        for line in _lines(found, by or By.DAY):
            output.print(escape(line))


def to_csv(found: Found, by: By | None) -> str:
    """
    One row for each day, community, channel, user, model and key, or for each of what is added up.

    Source: RFC 4180.
    """
    fields = [by.field] if by else NAMES
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*_header(fields), *FIGURES])
    for row in added_up(found.spendings, by) if by else found.spendings:
        writer.writerow([*_named(row, fields, found.names), *_figures(row)])
    return file.getvalue()


def added_up(spendings: Sequence[Spending], by: By) -> list[Spending]:
    """One spending for each day, user or whatever it is, with nothing else named; days in order, others by the most."""
    others: dict[str, Any] = {name: "" for name in NAMES if name != by.field}
    sums: dict[str, Spending] = {}
    for each in spendings:
        name, alone = getattr(each, by.field), replace(each, **others)
        sums[name] = sum_of(sums[name], alone) if name in sums else alone
    if by is By.DAY:
        return [sums[day] for day in sorted(sums)]
    return [sums[name] for name in sorted(sums, key=lambda name: (*_least(sums[name]), name))]


async def _found(settings: Config, store: Store, days: int, first: date | None, last: date | None) -> Found:
    end = last or utc_now().astimezone(ZoneInfo(settings.quotas.timezone)).date()
    begin = first or end - timedelta(days=days - 1)
    if begin > end:
        fail(f"{begin} is after {end}.")
    spendings = await store.ledger.spendings(begin.isoformat(), end.isoformat())
    return Found(begin, end, spendings, await _names(store, spendings))


async def _names(store: Store, spendings: Sequence[Spending]) -> dict[str, str]:
    """What people call themselves, by person."""
    names: dict[str, str] = {}
    for platform, community in sorted({_home(spending) for spending in spendings}):
        names |= await names_in(store.settings, Key(platform, "", community, "", "", ""))
    return names


def _home(spending: Spending) -> tuple[str, str]:
    """The platform and the community where it was asked."""
    return spending.user.partition(":")[0], spending.community.partition(":")[2]


def _lines(found: Found, by: By) -> Iterator[str]:
    when = f"{found.first}" if found.first == found.last else f"{found.first} to {found.last}"
    if not found.spendings:
        yield f"{when}: nothing was asked."
        return
    rows = added_up(found.spendings, by)
    total = reduce(sum_of, rows)
    head = (by.value, "questions", "tokens", "cost")
    body = [(_called(getattr(row, by.field), found.names), *_words(row)) for row in rows]
    yield when
    yield from columns([head, *body, ("all", *_words(total))])


def _called(name: str, names: Mapping[str, str]) -> str:
    """A name as a person reads it: `discord:42 (Alice)`; "" is a private chat, or no key."""
    return f"{name} ({one_line(names[name])})" if name in names else one_line(name) or "-"


def _words(row: Spending) -> tuple[str, str, str]:
    return f"{row.requests:,}", f"{row.input + row.output:,}", dollars(row.micro_usd)


def _least(row: Spending) -> tuple[int, int]:
    """What sorts the most to the front."""
    return -row.micro_usd, -row.input - row.output


def _header(fields: Sequence[str]) -> list[str]:
    words = {"user": ["user", "name"], "api_key": ["key"]}
    return [word for field in fields for word in words.get(field, [field])]


def _named(row: Spending, fields: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    for field in fields:
        yield _harmless(getattr(row, field))
        if field == "user":
            yield _harmless(names.get(row.user, ""))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _figures(row: Spending) -> tuple[object, ...]:
    usd = Decimal(row.micro_usd) / MILLION
    return row.requests, row.input, row.output, row.images, row.audio_seconds, f"{usd:.6f}"


def _date(given: datetime | None) -> date | None:
    return given.date() if given else None

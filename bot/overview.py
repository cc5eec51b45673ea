"""How much was taken, by whom, of which model: in words, tables and a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.amounts import dollars
from bot.chat import Key
from bot.names import names_in
from bot.ports import Ports
from bot.quota import Spending
from bot.reply import Reply, plain
from bot.usage import Report, Sum, report

TOP = 10
"""How many of each kind are listed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What everybody took in so many days that end with `last`."""

    spendings: Sequence[Spending]
    last: date
    days: int


async def taken(ports: Ports, days: int) -> Taken:
    """What everybody took in so many days that end today. Raises StorageDown."""
    last = ports.today()
    first = last - timedelta(days=days - 1)
    return Taken(await ports.ledger.spendings(first.isoformat(), last.isoformat()), last, days)


def of_person(by_all: Taken, person: str) -> Reply:
    """What somebody took, everywhere."""
    mine = [spending for spending in by_all.spendings if spending.user == person]
    return Reply(_mine(report(mine, by_all.last, by_all.days), by_all.days))


async def of_community(ports: Ports, by_all: Taken, key: Key) -> Reply:
    """What was taken in the community of a key; of a private one, in the whole service. Raises StorageDown."""
    here = [spending for spending in by_all.spendings if key.private or spending.community == key.club]
    when = f"**{_when(by_all.days)}**"
    if not here:
        return Reply(f"{when}: nothing was asked.")
    found = report(here, by_all.last, by_all.days)
    found = replace(found, users=_by_name(found.users, await names_in(ports.settings, key)))
    text = "\n\n".join(
        (
            f"{when}: {_words(found.total)}",
            _table("Who", found.users),
            _table("Where", {_channel(key, name): each for name, each in found.channels.items()}),
            _table("Model", found.models),
        )
    )
    return Reply(text, picture=await ports.draw.usage(found) if ports.draw else None)


def _by_name(users: Mapping[str, Sum], names: Mapping[str, str]) -> dict[str, Sum]:
    """Under the names of people; two of one name are told apart by their ids."""
    known = Counter(names.get(person, person) for person in users)
    return {_name(person, names.get(person, person), known): each for person, each in users.items()}


def _name(person: str, name: str, known: Mapping[str, int]) -> str:
    return name if known[name] == 1 else f"{name} ({person.partition(':')[2]})"


def _mine(found: Report, days: int) -> str:
    today = [*found.days.values()][-1]
    lines = [f"**Today**: {_words(today)}", f"**{_when(days)}**: {_words(found.total)}"]
    if len(found.models) > 1:
        lines.append(_table("Model", found.models))
    return "\n\n".join(lines)


def _table(title: str, sums: Mapping[str, Sum]) -> str:
    rows = [f"| {plain(name)} | {_row(each)} |" for name, each in list(sums.items())[:TOP]]
    more = [f"\n{len(sums) - TOP} more."] if len(sums) > TOP else []
    return "\n".join([f"| {title} | questions | tokens | cost |", "|---|--:|--:|--:|", *rows, *more])


def _row(each: Sum) -> str:
    return f"{each.requests:,} | {each.tokens:,} | {dollars(each.micro_usd)}"


def _words(each: Sum) -> str:
    if not each.requests:
        return "nothing"
    cost = f", {dollars(each.micro_usd)}" if each.micro_usd else ""
    questions = "1 question" if each.requests == 1 else f"{each.requests:,} questions"
    return f"{questions}, {each.tokens:,} tokens{cost}"


def _when(days: int) -> str:
    return "Today" if days == 1 else f"In {days} days"


def _channel(key: Key, room: str) -> str:
    return "here" if room == key.room else room.rpartition(":")[2]

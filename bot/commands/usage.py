"""/usage: how much was taken, by whom, of which model."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot.access import Rank
from bot.amounts import dollars
from bot.commands.spec import Command, Param
from bot.errors import BadArgument, NotAllowed
from bot.names import names_in
from bot.people import rank_of
from bot.ports import Outcome, Setting
from bot.quota import Spending
from bot.reply import Reply, plain
from bot.usage import Report, Sum, report

DAYS = 30
MOST_DAYS = 366
TOP = 10
"""How many of each kind are listed."""


async def _usage(setting: Setting) -> Outcome:
    of, key = setting.call.arguments.get("of", "me"), setting.call.origin.key
    user = setting.call.arguments.get("user", "")
    days = _days(setting.call.arguments.get("days", ""))
    needed = Rank.OWNER if key.private else Rank.ADMIN
    if (of != "me" or user) and await rank_of(setting.call, setting.ports) < needed:
        raise NotAllowed("usage of others", needed.called)
    person = f"{key.platform}:{user}" if user else key.person
    last = setting.ports.today()
    first = last - timedelta(days=days - 1)
    spendings = await setting.ports.ledger.spendings(first.isoformat(), last.isoformat())
    if of == "me" or user:
        mine = [spending for spending in spendings if spending.user == person]
        return Reply(_mine(report(mine, last, days), days))
    here = [spending for spending in spendings if key.private or spending.community == key.club]
    return await _community(setting, here, last, days)


async def _community(setting: Setting, spendings: list[Spending], last: date, days: int) -> Reply:
    names = await names_in(setting.ports.settings, setting.call.origin.key)
    found = report(spendings, last, days)
    found = replace(found, users=_by_name(found.users, names))
    text = "\n\n".join(
        (
            f"**{_when(days)}**: {_words(found.total)}",
            _table("Who", found.users),
            _table("Where", {_channel(setting, name): each for name, each in found.channels.items()}),
            _table("Model", found.models),
        )
    )
    if not spendings:
        return Reply(f"**{_when(days)}**: nothing was asked.")
    draw = setting.ports.draw
    return Reply(text, picture=await draw.usage(found) if draw else None)


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


def _channel(setting: Setting, room: str) -> str:
    return "here" if room == setting.call.origin.key.room else room.rpartition(":")[2]


def _days(text: str) -> int:
    """Raises BadArgument."""
    if not text:
        return DAYS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise BadArgument(f"How many days? A number from 1 to {MOST_DAYS}.")
    return int(text)


USAGE = Command(
    "usage",
    "See how much was used, by you or by this community",
    _usage,
    params=(
        Param("of", "Yours, or the whole community's (for those who run it)", choices=("me", "community")),
        Param("user", "Of this user (for those who run the community)", kind="user"),
        Param("days", "The last so many days; 30 if you leave it out"),
    ),
    secret=True,
)

"""Who took how much: spendings added up for people to read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.catalogue import Price
from bot.quota import MILLION, Spending
from bot.turn import Usage


@dataclass(frozen=True, slots=True)
class Sum:
    """Spendings added up."""

    requests: int = 0
    tokens: int = 0
    micro_usd: int = 0

    def plus(self, spending: Spending) -> "Sum":
        return Sum(
            self.requests + spending.requests,
            self.tokens + spending.input + spending.output,
            self.micro_usd + spending.micro_usd,
        )


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was taken in some days.

    Args:
        days: Every day, also those with nothing, oldest first.
        users: And `channels` and `models`: by name, whoever took most first.
    """

    total: Sum
    days: Mapping[date, Sum]
    users: Mapping[str, Sum]
    channels: Mapping[str, Sum]
    models: Mapping[str, Sum]


def cost(usage: Usage, price: Price) -> int:
    """Micro-USD for an answer. Broken millionths of a dollar are rounded up."""
    fresh = usage.input - usage.cached
    total = fresh * price.input + usage.cached * price.cached + usage.output * price.output
    return -(-total // MILLION)


def report(spendings: Sequence[Spending], last: date, days: int) -> Report:
    """Add spendings up, over so many days that end with `last`."""
    dates = [last - timedelta(days=ago) for ago in reversed(range(days))]
    by_day = _added(spendings, lambda spending: spending.date)
    return Report(
        _sum(spendings),
        {day: by_day.get(day.isoformat(), Sum()) for day in dates},
        _most_first(_added(spendings, lambda spending: spending.user)),
        _most_first(_added(spendings, lambda spending: spending.channel)),
        _most_first(_added(spendings, lambda spending: spending.model)),
    )


def _sum(spendings: Iterable[Spending]) -> Sum:
    total = Sum()
    for spending in spendings:
        total = total.plus(spending)
    return total


def _added(spendings: Iterable[Spending], name: Callable[[Spending], str]) -> dict[str, Sum]:
    sums: dict[str, Sum] = {}
    for spending in spendings:
        sums[name(spending)] = sums.get(name(spending), Sum()).plus(spending)
    return sums


def _most_first(sums: Mapping[str, Sum]) -> dict[str, Sum]:
    return dict(sorted(sums.items(), key=lambda item: (-item[1].micro_usd, -item[1].tokens, item[0])))

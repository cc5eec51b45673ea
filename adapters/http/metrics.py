"""Figures for Prometheus: how each account does. No names of people, and no words of theirs."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.account import Status
from bot.errors import StorageDown

Read = Callable[[Status, datetime], float]

FIGURES: Sequence[tuple[str, str, Read]] = (
    ("up", "Whether it is asked.", lambda status, now: float(_is_asked(status, now))),
    (
        "parked",
        "Whether it is given up until somebody mends it.",
        lambda status, _: bool(status.condition.parked),
    ),
    ("places", "Answers under way.", lambda status, _: status.places),
    ("questions_today", "Questions begun today.", lambda status, _: status.tally.questions),
    ("failures_today", "Of these, those that it failed.", lambda status, _: status.tally.failures),
    ("input_tokens_today", "Tokens read today.", lambda status, _: status.tally.input),
    ("output_tokens_today", "Tokens written today.", lambda status, _: status.tally.output),
    ("micro_usd_today", "Millionths of a dollar today.", lambda status, _: status.tally.micro_usd),
    ("first_word_seconds", "Until the first word, in today's mean.", lambda status, _: status.tally.first_word / 1000),
)
"""What is told of each account: the name behind `parley_account_`, what it means, how it is read."""


class _Accounts(Collector):
    def __init__(self, statuses: Sequence[Status], now: datetime) -> None:
        self._statuses = statuses
        self._now = now

    def collect(self) -> Iterator[Metric]:
        for name, meaning, read in FIGURES:
            family = GaugeMetricFamily(f"parley_account_{name}", meaning, labels=["account"])
            for status in self._statuses:
                family.add_metric([status.account.name], read(status, self._now))
            yield family


def add_metrics(
    app: FastAPI,
    statuses: Callable[[], Awaitable[Sequence[Status]]],
    now: Callable[[], datetime],
    path: str = "/metrics",
) -> None:
    """Answer GET /metrics. Whoever can reach the port can read it."""

    @app.get(path, tags=["operation"])
    async def metrics() -> Response:
        registry = CollectorRegistry()
        try:
            registry.register(_Accounts(await statuses(), now()))
        except StorageDown:
            return Response(status_code=503)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _is_asked(status: Status, now: datetime) -> bool:
    return not status.condition.parked and not status.condition.wait(now)

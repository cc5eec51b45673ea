"""A rule that is switched off is noticed: each of them is there for a reason, and the tester has eyes."""

import itertools
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from bot import session
from bot.ports import Lease
from bot.quota import Charge, Settlement
from bot.worker import Worker
from storage.memory import open_memory
from storage.memory.ledger import MemoryLedger
from storage.memory.turns import MemoryTurns
from tests.crash.process import Trouble
from tests.crash.schedules import FIRST, STALL, Schedule, Verdict, run
from tests.crash.sources import DiscordSource, Source, TelegramSource

KILLS: list[Schedule] = [(Trouble(at),) for at in range(1, FIRST)]
STALLS: list[Schedule] = [(Trouble(at, STALL),) for at in range(1, FIRST)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def wrong(source: type[Source], schedules: list[Schedule], **switches: bool) -> list[Verdict]:
    verdicts = (run(open_memory(), source(**switches), schedule) for schedule in schedules)
    return [verdict for verdict in verdicts if verdict.faults]


@pytest.mark.parametrize("source", [TelegramSource, DiscordSource])
def test_with_all_rules_on_nothing_is_found(source: type[Source]) -> None:
    assert not wrong(source, KILLS + STALLS)


def test_acknowledging_before_storing_loses_messages() -> None:
    assert wrong(TelegramSource, KILLS, ack_first=True)


def test_not_catching_up_loses_messages() -> None:
    assert wrong(DiscordSource, KILLS, catches_up=False)


def test_a_mark_that_moves_too_early_loses_messages() -> None:
    assert wrong(DiscordSource, KILLS + STALLS, careless_mark=True)


@pytest.mark.parametrize("source", [TelegramSource, DiscordSource])
def test_without_a_fence_two_workers_spoil_an_answer(source: type[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    def anybody(turns: Any, lease: Lease) -> Any:
        return turns._lanes[lease.lane]

    monkeypatch.setattr(MemoryTurns, "_held", anybody)
    assert wrong(source, STALLS)


@pytest.mark.parametrize("source", [TelegramSource, DiscordSource])
def test_without_repair_a_late_edit_stays(source: type[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        return

    monkeypatch.setattr(Worker, "_repair", nothing)
    assert wrong(source, STALLS)


def test_a_ledger_that_does_not_know_its_charges_charges_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async def settle(ledger: Any, charge: Charge, now: datetime) -> Settlement:
        del now
        ledger._charges[charge.id] = charge, Settlement(True)
        return Settlement(True)

    monkeypatch.setattr(MemoryLedger, "settle", settle)
    assert wrong(TelegramSource, KILLS)


def test_without_deduplication_a_message_is_answered_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    monkeypatch.setattr(session, "turn_id", lambda _: f"turn {next(numbers)}")
    assert wrong(TelegramSource, KILLS)

"""Charges, on every store."""

from datetime import UTC, datetime

from bot.chat import Key
from bot.quota import Charge
from bot.turn import Usage
from storage.store import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = Key("telegram", "bot", "club", "room", "", "alice")
CHARGE = Charge("t1", KEY, "owl", Usage(10, 4), NOW)


async def test_a_charge_is_settled_once(store: Store) -> None:
    assert await store.ledger.settle(CHARGE)
    assert not await store.ledger.settle(Charge("t1", KEY, "owl", Usage(99, 99), NOW))
    assert await store.ledger.charged("t1") == CHARGE


async def test_what_was_not_charged_is_not_there(store: Store) -> None:
    assert await store.ledger.charged("t1") is None

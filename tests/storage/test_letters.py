"""Dead letters, on every store."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.ports import DeadLetter
from storage.redis import keys
from storage.store import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def letter(number: int) -> DeadLetter:
    return DeadLetter(f"l{number}", NOW + timedelta(seconds=number), "telegram", "unreadable", body='{"update_id": 1}')


async def test_the_newest_letters_come_first(store: Store) -> None:
    for number in (2, 1, 3):
        await store.letters.add(letter(number))
    assert await store.letters.newest(2) == [letter(3), letter(2)]


async def test_a_letter_is_kept_once(store: Store) -> None:
    await store.letters.add(letter(1))
    await store.letters.add(letter(1))
    assert await store.letters.newest(10) == [letter(1)]


async def test_a_letter_can_be_read_and_removed(store: Store) -> None:
    await store.letters.add(letter(1))
    assert await store.letters.get("l1") == letter(1)
    await store.letters.remove("l1")
    assert await store.letters.get("l1") is None
    assert not await store.letters.newest(10)


async def test_redis_keeps_only_so_many(redis_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LETTERS", 2)
    for number in (1, 2, 3):
        await redis_store.letters.add(letter(number))
    assert await redis_store.letters.newest(10) == [letter(3), letter(2)]
    assert await redis_store.letters.get("l1") is None

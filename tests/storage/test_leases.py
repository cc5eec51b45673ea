"""Offices, on every store."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.store import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOON = timedelta(seconds=10)
SHORT = timedelta(milliseconds=30)


async def test_one_holds_an_office_at_a_time(store: Store) -> None:
    assert await store.leases.hold("ear", "mine", NOW, NOW + SOON)
    assert not await store.leases.hold("ear", "yours", NOW, NOW + SOON)
    assert await store.leases.hold("mouth", "yours", NOW, NOW + SOON)


async def test_a_holder_goes_on_holding(store: Store) -> None:
    await store.leases.hold("ear", "mine", NOW, NOW + SOON)
    assert await store.leases.hold("ear", "mine", NOW + SOON / 2, NOW + 2 * SOON)
    assert not await store.leases.hold("ear", "yours", NOW + SOON, NOW + 2 * SOON)


async def test_an_office_is_free_once_it_is_released(store: Store) -> None:
    await store.leases.hold("ear", "mine", NOW, NOW + SOON)
    await store.leases.release("ear", "yours")
    assert not await store.leases.hold("ear", "yours", NOW, NOW + SOON)
    await store.leases.release("ear", "mine")
    assert await store.leases.hold("ear", "yours", NOW, NOW + SOON)


async def test_an_office_is_free_once_its_lease_has_run_out(store: Store) -> None:
    await store.leases.hold("ear", "mine", NOW, NOW + SHORT)
    await asyncio.sleep(2 * SHORT.total_seconds())
    later = NOW + 2 * SHORT
    assert await store.leases.hold("ear", "yours", later, later + SOON)
    assert not await store.leases.hold("ear", "mine", later, later + SOON)

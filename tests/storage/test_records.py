"""Small documents, on every store."""

import asyncio

from storage.store import Store


async def test_a_document_is_there_once_it_is_written(store: Store) -> None:
    assert await store.records.get("roles", "alice") is None
    assert await store.records.swap("roles", "alice", None, "admin")
    assert "admin" == await store.records.get("roles", "alice")
    assert await store.records.get("keys", "alice") is None


async def test_only_who_knows_what_it_says_changes_it(store: Store) -> None:
    await store.records.swap("roles", "alice", None, "admin")

    assert not await store.records.swap("roles", "alice", None, "owner")
    assert not await store.records.swap("roles", "alice", "user", "owner")
    assert not await store.records.swap("roles", "alice", "", "owner")
    assert "admin" == await store.records.get("roles", "alice")
    assert await store.records.swap("roles", "alice", "admin", "owner")
    assert "owner" == await store.records.get("roles", "alice")


async def test_an_empty_document_is_one(store: Store) -> None:
    assert not await store.records.swap("roles", "alice", "", "admin")
    assert await store.records.swap("roles", "alice", None, "")
    assert "" == await store.records.get("roles", "alice")
    assert not await store.records.swap("roles", "alice", None, "admin")
    assert await store.records.swap("roles", "alice", "", "ädmin \n {}")
    assert "ädmin \n {}" == await store.records.get("roles", "alice")


async def test_a_document_is_forgotten(store: Store) -> None:
    await store.records.swap("roles", "alice", None, "admin")
    assert not await store.records.swap("roles", "alice", "user", None)
    assert await store.records.swap("roles", "alice", "admin", None)
    assert await store.records.swap("roles", "alice", None, None)
    assert await store.records.get("roles", "alice") is None


async def test_a_folder_is_listed(store: Store) -> None:
    for name in ("alice", "böb", "10"):
        await store.records.swap("roles", name, None, f"{name}'s")
    await store.records.swap("keys", "carol", None, "no role")

    assert {"alice": "alice's", "böb": "böb's", "10": "10's"} == await store.records.all("roles")
    assert {} == await store.records.all("nothing")


async def test_of_many_who_change_it_at_once_one_does(store: Store) -> None:
    """Or two admins would redeem the same code."""
    await store.records.swap("codes", "c", None, "free")
    swaps = (store.records.swap("codes", "c", "free", f"taken by {number}") for number in range(20))

    assert 1 == sum(await asyncio.gather(*swaps))

"""bot.ports.History and Settings, on every store."""

import pytest

from bot.chat import ROOT
from sandbox.redis_server import RedisServer
from storage.redis.client import connect
from storage.store import Store
from tests.make import message

SESSION = "test:bot:10/-/*"


async def test_a_conversation_is_read_from_its_root_to_a_node(store: Store) -> None:
    """That is what the model gets to read."""
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q")))
    await store.history.append(SESSION, (message("2q", "1a"), message("2a", "2q")))

    assert ["1q", "1a", "2q", "2a"] == [node.id for node in await store.history.path(SESSION, "2a", 100)]
    assert ["2q", "2a"] == [node.id for node in await store.history.path(SESSION, "2a", 2)]
    assert [] == list(await store.history.path(SESSION, "nothing", 100))
    assert [] == list(await store.history.path("test:bot:11/-/*", "2a", 100))


async def test_the_last_message_is_the_head(store: Store) -> None:
    """The next question follows it."""
    assert ROOT == await store.history.head(SESSION)
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q")))

    assert "1a" == await store.history.head(SESSION)


async def test_siblings_branch_from_one_parent(store: Store) -> None:
    """An answer given again, and a reply to an older answer, begin a branch."""
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q")))
    await store.history.append(SESSION, (message("1q", ROOT), message("2a", "1q")))

    assert ["1q", "1a"] == [node.id for node in await store.history.path(SESSION, "1a", 100)]
    assert ["1q", "2a"] == [node.id for node in await store.history.path(SESSION, "2a", 100)]
    assert "2a" == await store.history.head(SESSION)


async def test_appending_again_changes_nothing(store: Store) -> None:
    """A worker that comes back after a crash, or after losing its lease, may do so late."""
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q", "first")))
    await store.history.move_head(SESSION, ROOT)
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q", "second")))

    assert ROOT == await store.history.head(SESSION)
    assert "first" == (await store.history.path(SESSION, "1a", 1))[0].text


async def test_a_message_comes_back_as_it_was_written(store: Store) -> None:
    """Line ends are also what a store may use to part its fields."""
    kept = message("1q", ROOT, "one\ntwo\n\nthree 🦉")
    await store.history.append(SESSION, (kept,))

    assert kept == (await store.history.path(SESSION, "1q", 1))[0]


async def test_a_platforms_message_leads_to_its_node(store: Store) -> None:
    """That is how a reply finds the place in the conversation that it answers."""
    await store.history.point("test:bot:10", ["77", "78"], SESSION, "1a")

    assert (SESSION, "1a") == await store.history.find("test:bot:10", "78")
    assert await store.history.find("test:bot:10", "79") is None
    assert await store.history.find("test:bot:11", "78") is None


async def test_a_conversation_is_forgotten(store: Store) -> None:
    """Its messages are nowhere to be read, and a reply to one leads nowhere; others are left alone."""
    other = "test:bot:10/-/1"
    for session in (SESSION, other):
        await store.history.append(session, (message("1q", ROOT), message("1a", "1q")))
    await store.history.point("test:bot:10", ["77"], SESSION, "1a")
    await store.history.point("test:bot:10", ["78"], other, "1a")
    for _ in range(2):
        await store.history.forget(SESSION)
        assert ROOT == await store.history.head(SESSION)
        assert [] == list(await store.history.path(SESSION, "1a", 100))

    shown = await store.history.find("test:bot:10", "77")
    assert shown is None or [] == list(await store.history.path(*shown, 100))
    assert "1a" == await store.history.head(other)
    assert ["1q", "1a"] == [node.id for node in await store.history.path(other, "1a", 100)]
    assert (other, "1a") == await store.history.find("test:bot:10", "78")


async def test_a_conversation_that_was_forgotten_begins_anew(store: Store) -> None:
    """What is said after it brings nothing back."""
    await store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q")))
    await store.history.forget(SESSION)
    await store.history.append(SESSION, (message("2q", "1a"), message("2a", "2q")))

    assert "2a" == await store.history.head(SESSION)
    assert ["2q", "2a"] == [node.id for node in await store.history.path(SESSION, "2a", 100)]


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
async def test_what_showed_a_conversation_is_forgotten_with_it(store: Store) -> None:
    """Redis does not know what that was; there it is forgotten in time."""
    await store.history.point("test:bot:10", ["77", "78"], SESSION, "1a")
    await store.history.forget(SESSION)

    assert await store.history.find("test:bot:10", "78") is None


async def test_redis_has_nothing_left_of_what_was_forgotten(redis_store: Store, redis: RedisServer) -> None:
    await redis_store.history.append(SESSION, (message("1q", ROOT), message("1a", "1q")))
    await redis_store.history.forget(SESSION)
    client = connect(redis.url)
    left = [key async for key in client.scan_iter()]
    await client.aclose()

    assert [] == left


async def test_settings_are_kept_by_name_and_field(store: Store) -> None:
    """A channel has a scope, a conversation a model."""
    await store.settings.put("test:bot:10/-", {"scope": "reply", "model": "big"})
    await store.settings.put("test:bot:10/-", {"model": ""})

    assert {"scope": "reply"} == await store.settings.get("test:bot:10/-")
    assert {} == await store.settings.get("test:bot:11/-")

"""bot.ports.History and Settings, on every store."""

from bot.chat import ROOT
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


async def test_settings_are_kept_by_name_and_field(store: Store) -> None:
    """A channel has a scope, a conversation a model."""
    await store.settings.put("test:bot:10/-", {"scope": "reply", "model": "big"})
    await store.settings.put("test:bot:10/-", {"model": ""})

    assert {"scope": "reply"} == await store.settings.get("test:bot:10/-")
    assert {} == await store.settings.get("test:bot:11/-")

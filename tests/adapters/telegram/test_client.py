"""adapters.telegram.client: what it asks of Telegram about a group that has become a supergroup."""

from collections.abc import AsyncIterator

import pytest

from adapters.telegram.client import Telegram
from bot.access import Rank
from bot.chat import Inbound, Key, Origin
from bot.commands.book import BOOK
from bot.turn import Turn
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram as Server
from sandbox.telegram.state import Chat
from storage.memory.settings import MemorySettings
from tests.fuzz.door import Door
from tests.make import NOW


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server(pace=UNLIMITED) as server:
        yield server


@pytest.fixture
async def telegram(server: Server) -> AsyncIterator[Telegram]:
    client = Telegram(server.token, BOOK, server.base_url.removesuffix("/bot"))
    await client.introduce()
    yield client
    await client.close()


@pytest.fixture
def group(server: Server) -> Chat:
    return server.add_group("Owlets", server.people["alice"], [server.people["bob"]], basic=True)


def key(server: Server, group: Chat, who: str) -> Key:
    return Key("telegram", str(server.bot.id), str(group.id), str(group.id), "", str(server.people[who].id))


def turn(server: Server, group: Chat, **address: str) -> Turn:
    where = {"chat": str(group.id), "topic": "", "reply_to": "1", **address}
    return Turn("1", "*", "*", Inbound(Origin(key(server, group, "alice"), "m1", "Alice", NOW, where), "Hoo"))


async def test_a_rank_is_that_in_the_supergroup(server: Server, telegram: Telegram, group: Chat) -> None:
    """Even if this process has not heard of the move: the refusal names the supergroup."""
    await server.upgrade(group, server.people["alice"])

    assert Rank.ADMIN is await telegram.rank(key(server, group, "alice"))
    assert Rank.USER is await telegram.rank(key(server, group, "bob"))


async def test_a_group_that_was_left_behind_is_not_asked(server: Server, telegram: Telegram, group: Chat) -> None:
    """It might answer with who led it when it was left. The move was written down by another process."""
    settings = MemorySettings()
    await telegram.recall(settings)
    place = await server.upgrade(group, server.people["alice"])
    await settings.put(f"telegram:{telegram.id}/moved", {str(place.id): str(group.id)})

    assert Rank.ADMIN is await telegram.rank(key(server, group, "alice"))
    assert 0 == server.tally.refusals[400]


async def test_another_process_may_have_heard_of_the_move(server: Server, telegram: Telegram, group: Chat) -> None:
    """Telegram tells each message to one process only."""
    door, settings = Door(), MemorySettings()
    await telegram.recall(settings)
    place = await server.upgrade(group, server.people["alice"])
    await settings.put(f"telegram:{telegram.id}/moved", {str(place.id): str(group.id)})
    await server.say(place, server.people["alice"], f"/ask@{server.bot.username} Why?")
    await telegram.take(server.updates.pending[-1].body, door.sessions, door.letters)

    assert [key(server, group, "alice").room] == [room for room, _ in door.turns.new]


async def test_what_was_said_in_the_group_stays_said(server: Server, telegram: Telegram, group: Chat) -> None:
    """A key there is revoked all the same; that it can still be read is told."""
    said = await server.say(group, server.people["bob"], "Hoo")
    await server.upgrade(group, server.people["alice"])

    assert not await telegram.unsay(turn(server, group, reply_to=str(said.id)).origin)


async def test_group_and_supergroup_share_one_pace(server: Server, telegram: Telegram, group: Chat) -> None:
    """An answer that was under way goes on in the supergroup, beside those that begin there."""
    place = await server.upgrade(group, server.people["alice"])
    before = telegram.screen(turn(server, group))
    after = telegram.screen(turn(server, place, first=str(group.id)))

    assert before._chat_pace is after._chat_pace

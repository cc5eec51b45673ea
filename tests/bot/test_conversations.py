"""A person's conversations: listed, numbered, named and forgotten; private chats are among them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import conversations
from bot.chat import HEAD, ROOT, Message
from bot.conversations import Conversation, begun, title_of
from bot.errors import StorageDown
from bot.ports import Ports, Records
from bot.turn import State, turn_id
from tests.bot.core import FREE, WAIT, Core, at_once, core
from tests.bot.records import WatchedRecords
from tests.clock import virtual
from tests.make import NOW, key, question

ALICE, BOB = "test:1", "test:2"
PLACE = "test:http:key-1/-"


def house() -> Ports:
    """A store of its own, at a fixed time."""
    return replace(Core(FREE, frozenset()).sessions._ports, now=lambda: NOW)


def later(ports: Ports, minutes: int) -> Ports:
    return replace(ports, now=lambda: NOW + timedelta(minutes=minutes))


async def kept(ports: Ports, text: str = "Why?", person: str = ALICE) -> Conversation:
    """A conversation in which something was answered."""
    conversation = begun(PLACE, ports.now())
    noted = await conversations.note(ports, person, conversation, text)
    said = (Message("q", ROOT, "user", text), Message("a", "q", "assistant", "Hoo."))
    await ports.history.append(conversation.session, said)
    assert noted is not None
    return noted


async def titles(ports: Ports, person: str = ALICE) -> list[str]:
    return [each.title for each in await conversations.listed(ports.records, person)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Why do owls hoot?", "Why do owls hoot?"),
        ("  Why\n\ndo   owls\thoot? ", "Why do owls hoot?"),
        ("word " * 30, ("word " * 12).strip()),
        ("x" * 60 + " y", "x" * 60),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)
def test_a_title_is_the_first_whole_words(text: str, expected: str) -> None:
    """As many as fit; of one that is too long as much as there is room for."""
    assert expected == title_of(text)


async def test_the_latest_answer_comes_first() -> None:
    ports = house()
    first = await kept(later(ports, 1), "First?")
    await kept(later(ports, 2), "Second?")
    await kept(ports, "Bob's?", BOB)
    assert ["Second?", "First?"] == await titles(ports)

    await conversations.note(later(ports, 3), ALICE, first, "Another question?")
    assert ["First?", "Second?"] == await titles(ports)


async def test_a_conversation_is_found_by_its_person_alone() -> None:
    ports = house()
    conversation = await kept(ports)

    assert conversation == await conversations.find(ports.records, ALICE, conversation.id)
    assert await conversations.find(ports.records, BOB, conversation.id) is None
    assert await conversations.update(ports.records, BOB, conversation.id, title="Mine") is None


async def test_what_was_forgotten_meanwhile_stays_so() -> None:
    """An answer that was under way brings nothing back."""
    ports = house()
    conversation = await kept(ports)
    await conversations.forget(ports, ALICE, conversation)

    assert await conversations.note(ports, ALICE, conversation, "And?") is None
    assert [] == await titles(ports)


async def test_forgetting_takes_the_messages_too() -> None:
    """Doing it again changes nothing."""
    ports = house()
    conversation = await kept(ports)
    for _ in range(2):
        await conversations.forget(ports, ALICE, conversation)

        assert [] == list(await ports.history.path(conversation.session, "a", 10))
        assert await conversations.find(ports.records, ALICE, conversation.id) is None


async def test_messages_go_before_their_record() -> None:
    """Whoever is interrupted still finds the conversation, and can forget it again."""
    ports = house()
    conversation = await kept(ports)

    async def stop() -> None:
        raise StorageDown("gone")

    with pytest.raises(StorageDown):
        await conversations.forget(replace(ports, records=WatchedRecords(ports.records, stop)), ALICE, conversation)
    assert [] == list(await ports.history.path(conversation.session, "a", 10))
    assert [conversation] == await conversations.listed(ports.records, ALICE)


async def test_a_better_title_takes_the_place_of_what_it_was_made_for() -> None:
    """Not that of one that somebody gave meanwhile, nor is a forgotten conversation given one."""
    ports = house()
    plain, named, gone = [await kept(ports, text) for text in ("One?", "Two?", "Three?")]
    await conversations.update(ports.records, ALICE, named.id, title="Mine")
    await conversations.forget(ports, ALICE, gone)
    for conversation in (plain, named, gone):
        await conversations.entitle(ports.records, ALICE, conversation, "Of owls")

    assert {"Of owls", "Mine"} == set(await titles(ports))


async def test_somebody_who_is_quicker_is_not_overwritten() -> None:
    ports = house()
    conversation = await kept(ports)

    async def rename() -> None:
        await conversations.update(ports.records, ALICE, conversation.id, title="Mine")

    watched = replace(ports, records=WatchedRecords(ports.records, rename))
    noted = await conversations.note(later(watched, 5), ALICE, conversation, "And?")

    assert noted is not None
    assert ("Mine", NOW + timedelta(minutes=5)) == (noted.title, noted.updated)


async def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was still the longest goes, with its messages; a private chat stays."""
    monkeypatch.setattr(conversations, "MOST", 3)
    ports = house()
    await conversations.note_chat(ports, ALICE, "test:bot:dm/-/1", "In chat?")
    made = [await kept(later(ports, number), f"Question {number}?") for number in range(1, 5)]

    assert ["Question 4?", "Question 3?", "Question 2?", "In chat?"] == await titles(ports)
    await kept(later(ports, 9), "Question 9?")
    assert ["Question 9?", "Question 4?", "Question 3?", "In chat?"] == await titles(ports)
    assert [] == list(await ports.history.path(made[0].session, "a", 10))


async def test_empty_numbered_ones_are_no_more() -> None:
    """They cost nothing to make, so there must be an end to them as well."""
    ports = house()
    for _ in range(conversations.MOST + 2):
        await conversations.give_number(ports, ALICE, begun(PLACE, NOW))

    assert conversations.MOST == len(await conversations.listed(ports.records, ALICE))
    assert conversations.MOST == len(await ports.records.all(f"conversation numbers/{ALICE}"))


async def test_two_at_once_never_get_the_same_number() -> None:
    ports = house()

    async def be_quicker() -> None:
        await conversations.give_number(ports, ALICE, begun(PLACE, NOW), 7)

    slow = replace(ports, records=WatchedRecords(ports.records, be_quicker))
    given = await conversations.give_number(slow, ALICE, begun(PLACE, NOW), 7)

    assert 8 == given.number
    assert given == await conversations.find_numbered(ports.records, ALICE, 8)
    assert await conversations.find_numbered(ports.records, ALICE, 7) not in (None, given)


async def test_a_number_that_is_taken_stays_where_it_is() -> None:
    ports = house()
    first = await conversations.give_number(ports, ALICE, begun(PLACE, NOW), 7)
    second = await conversations.give_number(ports, ALICE, begun(PLACE, NOW), 7)

    assert (7, 8) == (first.number, second.number)
    assert first == await conversations.find_numbered(ports.records, ALICE, 7)


async def test_a_number_is_free_when_its_conversation_is_gone() -> None:
    ports = house()
    first = await conversations.give_number(ports, ALICE, begun(PLACE, NOW), 7)
    await conversations.forget(ports, ALICE, first)

    assert await conversations.find_numbered(ports.records, ALICE, 7) is None
    assert 7 == (await conversations.give_number(ports, ALICE, begun(PLACE, NOW), 7)).number


async def test_what_a_newer_program_wrote_is_not_guessed_at() -> None:
    ports = house()
    await ports.records.swap(f"conversations/{ALICE}", "x", None, '{"v": 2}')

    with pytest.raises(ValueError, match="newer Parley"):
        await conversations.find(ports.records, ALICE, "x")


# Private chats.


class BrokenRecords(WatchedRecords):
    """Records in which no conversation can be found."""

    async def get(self, folder: str, name: str) -> str | None:
        if folder.startswith("conversations/"):
            raise StorageDown("gone")
        return await super().get(folder, name)


async def say(running: Core, text: str, event: str, community: str = "") -> None:
    """Say something in a private chat, and wait until it is answered and remembered."""
    asked = question(text, event, key(channel="dm1", community=community))
    asked = replace(asked, origin=at_once(asked))
    await running.sessions.ask(asked)
    async with asyncio.timeout(WAIT):
        while True:
            turn = await running.store.turns.get(asked.origin.key.room, turn_id(asked.origin))
            if turn is not None and turn.state is State.DONE:
                return
            await asyncio.sleep(1)


@virtual
async def test_a_private_chat_is_one_of_its_persons_conversations() -> None:
    """One, however much is said in it; its messages are the chat's own."""
    async with core() as running:
        ports = running.sessions._ports
        await say(running, "Why do owls hoot?", "e1")
        (first,) = await conversations.listed(ports.records, ALICE)
        await say(running, "And bats?", "e2")
        (second,) = await conversations.listed(ports.records, ALICE)

        assert first.id == second.id
        assert ("Why do owls hoot?", "Why do owls hoot?") == (first.title, second.title)
        assert first.latest < second.latest
        path = await ports.history.path(second.session, await ports.history.head(second.session), 10)
        assert ["Why do owls hoot?", "Hoo.", "And bats?", "Hoo."] == [message.text for message in path]


@virtual
async def test_what_is_said_before_others_is_nobodys_own() -> None:
    async with core() as running:
        await say(running, "Why do owls hoot?", "e1", community="100")

        assert [] == await conversations.listed(running.sessions._ports.records, ALICE)


@virtual
async def test_an_answer_is_given_though_it_cannot_be_listed() -> None:
    async with core() as running:
        broken: Records = BrokenRecords(running.store.records)
        ports = replace(running.sessions._ports, records=broken)
        running.sessions._ports = running.worker._ports = ports
        await say(running, "Why do owls hoot?", "e1")

        session = key(channel="dm1", community="").session(ports.scope)
        assert HEAD != await ports.history.head(session) != ROOT
        assert [] == await conversations.listed(running.store.records, ALICE)
        assert ["Hoo."] == running.chat.texts


async def test_a_private_chat_costs_one_write_an_answer() -> None:
    ports = house()
    await conversations.note_chat(ports, ALICE, "test:bot:dm/-/1", "Why?")
    watched = WatchedRecords(ports.records)
    await conversations.note_chat(replace(ports, records=watched), ALICE, "test:bot:dm/-/1", "And?")

    assert {"get": 1, "swap": 1} == dict(watched.calls)

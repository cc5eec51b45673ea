"""adapters.telegram.moved: a group that has become a supergroup is called by its new id and known by its first."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from telegram import Update

from adapters.telegram.client import Telegram
from adapters.telegram.intake import Me, read
from adapters.telegram.moved import FRESH, Moved, move_in, place_of
from bot.chat import Call, Inbound
from bot.commands.book import BOOK
from bot.errors import StorageDown
from bot.turn import turn_id
from storage.memory.settings import MemorySettings
from tests.fuzz.door import Door
from tests.make import NOW

OLD, NEW = -4_001, -1_002_000_004_001
ALICE = {"id": 7, "is_bot": False, "first_name": "Alice"}
ME, MOVED = Me(42, "owl_bot"), Me(42, "owl_bot", {NEW: OLD})


def update(chat: int, id: int = 5, **more: Any) -> dict[str, Any]:
    kind = "group" if chat == OLD else "supergroup"
    place = {"id": chat, "type": kind, "title": "Owlets"}
    return {"update_id": 1, "message": {"message_id": id, "date": 1_790_000_000, "chat": place, "from": ALICE, **more}}


def taken(body: Mapping[str, Any], me: Me = MOVED) -> Inbound | Call:
    parsed = Update.de_json(dict(body), None)
    said = read(parsed, me, BOOK, NOW)
    assert said is not None
    return said


def asked(chat: int, text: str = "/ask@owl_bot Why?", me: Me = MOVED, **more: Any) -> Inbound | Call:
    command = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    return taken(update(chat, text=text, entities=[command], **more), me)


# What is taken from a chat that has moved.


def test_the_first_id_is_the_name_and_the_new_one_the_address() -> None:
    """Everything that is kept is kept under the name."""
    before, after = asked(OLD).origin, asked(NEW).origin

    assert before.key == after.key
    assert {"chat": str(OLD), "topic": "", "reply_to": "5"} == before.address
    assert {"chat": str(NEW), "topic": "", "reply_to": "5", "first": str(OLD)} == after.address


def test_message_ids_that_began_anew_are_not_those_of_before() -> None:
    """Both chats have a message 5: the second would be taken for the first, and never be answered."""
    answered = {"message_id": 4, "date": 1_790_000_000, "chat": update(NEW)["message"]["chat"], "from": ALICE}
    before, after = asked(OLD), asked(NEW, reply_to_message=answered)

    assert turn_id(before.origin) != turn_id(after.origin)
    assert isinstance(before, Inbound)
    assert isinstance(after, Inbound)
    assert "5" == before.message
    assert ((NEW, 5), (NEW, 4)) == (place_of(after.message, 0), place_of(after.reply_to, 0))


def test_here_is_the_chat_by_its_name() -> None:
    call = asked(NEW, "/quota@owl_bot set here 1k")

    assert isinstance(call, Call)
    assert str(OLD) == call.arguments["channel"]


def test_whoever_writes_as_the_group_still_does() -> None:
    """An anonymous administrator is known by the group's id, as the author and as the one that is replied to."""
    group = update(NEW)["message"]["chat"]
    answered = {**update(NEW, 4, text="Hoo", sender_chat=group)["message"]}
    call = asked(NEW, "/ban@owl_bot", sender_chat=group, reply_to_message=answered)

    assert isinstance(call, Call)
    assert call.origin.key.user == call.origin.key.channel == call.arguments["user"] == str(OLD)


def test_a_button_is_pressed_in_the_chat_by_its_name() -> None:
    below = {**update(NEW, text="Hoo")["message"]}
    query = {"id": "9", "from": ALICE, "chat_instance": "1", "message": below, "data": "stop:1"}
    pressed = taken({"update_id": 1, "callback_query": query})

    assert str(OLD) == pressed.origin.key.channel
    assert str(NEW) == pressed.origin.address["chat"]


def test_a_supergroup_that_always_was_one_is_called_as_ever() -> None:
    found = asked(NEW, me=ME)

    assert isinstance(found, Inbound)
    assert (str(NEW), "5") == (found.origin.key.channel, found.message)
    assert "first" not in found.origin.address


# Which chats have moved.


@pytest.mark.parametrize("body", [update(OLD, migrate_to_chat_id=NEW), update(NEW, migrate_from_chat_id=OLD)])
def test_either_service_message_tells_of_the_move(body: dict[str, Any]) -> None:
    parsed = Update.de_json(body, None)

    assert (OLD, NEW) == move_in(parsed)


async def known(settings: MemorySettings, bot: int = 42) -> Moved:
    """What another process, or this one after a restart, knows."""
    moved = Moved()
    await moved.recall(settings, bot)
    return moved


async def test_a_move_is_remembered() -> None:
    settings = MemorySettings()
    await (await known(settings)).note(OLD, NEW)
    again = await known(settings)

    assert {NEW: OLD} == again.firsts
    assert NEW == await again.where(OLD)


async def test_another_bot_has_other_groups() -> None:
    settings = MemorySettings()
    await (await known(settings)).note(OLD, NEW)

    assert {} == (await known(settings, bot=43)).firsts


@pytest.mark.parametrize("moves", [[(1, 2), (2, 3)], [(2, 3), (1, 2)], [(1, 2), (2, 3), (1, 2), (2, 3)]])
async def test_a_chain_of_moves_leads_to_the_first(moves: list[tuple[int, int]]) -> None:
    """In whatever order they are told, however often, and each to another process."""
    settings = MemorySettings()
    for move in moves:
        await (await known(settings)).note(*move)

    assert {2: 1, 3: 1} == (await known(settings)).firsts


@pytest.mark.parametrize("moves", [[(1, 1)], [(1, 2), (2, 1)]])
async def test_no_chat_has_moved_to_where_it_was(moves: list[tuple[int, int]]) -> None:
    moved = await known(MemorySettings())
    for move in moves:
        await moved.note(*move)

    assert 1 not in moved.firsts


class Counting(MemorySettings):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def get(self, name: str) -> Mapping[str, str]:
        self.reads += 1
        return await super().get(name)


async def test_a_supergroup_is_looked_up_at_the_first_time() -> None:
    """Whoever heard of its move may have been another process. A chat that cannot have moved costs nothing."""
    settings = Counting()
    moved, other = await known(settings), await known(settings)
    await other.note(OLD, NEW)
    before = settings.reads
    for chat in (7, OLD, NEW, NEW, NEW - 1, NEW - 1):
        await moved.meet(chat, NOW)

    assert {NEW: OLD} == moved.firsts
    assert before + 2 == settings.reads


async def test_a_message_may_come_before_the_news_of_the_move() -> None:
    """It is taken for one of another chat; but not for ever."""
    settings = MemorySettings()
    moved, other = await known(settings), await known(settings)
    await moved.meet(NEW, NOW)
    await other.note(OLD, NEW)
    await moved.meet(NEW, NOW + FRESH - timedelta(seconds=1))
    assert {} == moved.firsts

    await moved.meet(NEW, NOW + FRESH)
    assert {NEW: OLD} == moved.firsts


class ReadOnly(MemorySettings):
    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        raise StorageDown(f"{name}: {fields}")


async def test_a_move_that_cannot_be_written_down_is_told_again() -> None:
    """An update that was not taken is not acknowledged, so Telegram repeats it."""
    telegram, door, settings = Telegram("42:TEST", BOOK), Door(), MemorySettings()
    await telegram.recall(ReadOnly())
    body = update(OLD, migrate_to_chat_id=NEW)
    with pytest.raises(StorageDown):
        await telegram.take(body, door.sessions, door.letters)

    await telegram.recall(settings)
    assert await telegram.take(body, door.sessions, door.letters)
    assert {NEW: OLD} == (await known(settings, telegram.id)).firsts

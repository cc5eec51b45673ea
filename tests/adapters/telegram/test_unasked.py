"""adapters.telegram: what nobody said just now is shown all the same, to whom it is meant, where that can still be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.pace import Rule
from adapters.telegram.client import Telegram
from bot.chat import Inbound, Key, Origin
from bot.claim import Claim
from bot.commands.book import BOOK
from bot.delivery import Delivery
from bot.errors import PlatformDown
from bot.ports import Lease
from bot.reply import Reply
from bot.turn import Turn, turn_id
from sandbox.faults import Fault
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram as Server
from sandbox.telegram.state import Chat
from storage.memory import open_memory
from tests.judge import Judge

LEASE = Lease("lane", "token")
LONG = "All the owls of the wood. " * 300


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """It hurries, and so do we."""
    for rules in ("GROUP", "PRIVATE"):
        monkeypatch.setattr(f"adapters.telegram.client.{rules}", (Rule(100, 1.0),))
    async with Server(pace=UNLIMITED) as server:
        judge = Judge("telegram", server.traffic)
        yield server
    assert [] == judge.violations


@pytest.fixture
async def telegram(server: Server) -> AsyncIterator[Telegram]:
    client = Telegram(server.token, BOOK, server.base_url.removesuffix("/bot"))
    await client.introduce()
    yield client
    await client.close()


def bobs(server: Server, chat: Chat, topic: int = 0) -> Key:
    """Bob's key in a group or a topic."""
    user = str(server.people["bob"].id)
    return Key("telegram", str(server.bot.id), str(chat.id), str(chat.id), str(topic or ""), user)


def due(telegram: Telegram, key: Key, author: str = "Bob") -> Turn:
    """What a schedule of his makes of itself."""
    origin = Origin(key, "at.x.1", author, datetime.now(UTC), telegram.address(key))
    return Turn(turn_id(origin), "session", LEASE.lane, Inbound(origin, "Water the plants.", schedule="x"))


async def delivery(telegram: Telegram, turn: Turn) -> Delivery:
    store, now = open_memory(), turn.origin.at
    await store.turns.ingest(turn, 0, now)
    claimed = await store.turns.claim(LEASE, now, now + timedelta(minutes=1))
    assert claimed is not None
    return Delivery(Claim(store.turns, LEASE, claimed), telegram.screen(claimed), store.history)


async def said(telegram: Telegram, key: Key, reply: Reply, author: str = "Bob") -> None:
    await (await delivery(telegram, due(telegram, key, author))).finish(reply)


def called(shown: dict[str, Any]) -> list[int]:
    """The ids of those whom a message mentions."""
    return [each["user"]["id"] for each in shown.get("entities", ()) if each["type"] == "text_mention"]


# How it is shown.


async def test_an_answer_to_nobody_grows_over_several_messages(server: Server, telegram: Telegram) -> None:
    """As any other: put up empty, edited while the model speaks, whole at the end. None of them replies to anything."""
    outbox = await delivery(telegram, due(telegram, bobs(server, server.club)))
    flowing = asyncio.ensure_future(outbox.flow(lambda: Reply("Hoo")))
    outbox.news()
    await server.wait_until(lambda: server.texts(server.club) == ["Hoo"])
    outbox.close()
    await flowing
    await outbox.finish(Reply(LONG))

    assert 2 == len(server.texts(server.club))
    assert LONG.split() == " ".join(server.texts(server.club)).split()
    assert {0} == {each.reply_to for each in server.answers(server.club)}


async def test_it_stands_in_the_topic_or_in_private(server: Server, telegram: Telegram) -> None:
    """Wherever it was asked for; the only one there needs no mention."""
    private = await telegram.private(str(server.people["bob"].id))
    assert private is not None
    for key in (bobs(server, server.forum, server.mice), private):
        await said(telegram, key, Reply("Water the plants.", mention=key.user))

    assert ["🔔 Bob\nWater the plants."] == server.texts(server.forum)
    assert [server.mice] == [each.thread for each in server.answers(server.forum)]
    assert ["Water the plants."] == server.texts(server.people["bob"])


async def test_who_is_mentioned_is_so_from_the_first(server: Server, telegram: Telegram) -> None:
    """A message calls for attention when it is put up; the link stays when its words come, and what they look like."""
    put_up: list[dict[str, Any]] = []
    server.feed.listen(lambda each: put_up.append(each["message"]) if each["event"] == "message" else None)
    bob = server.people["bob"].id
    await said(telegram, bobs(server, server.club), Reply(f"**Owls** 🦉 {LONG}", mention=str(bob)))

    assert [[bob], []] == [called(each) for each in put_up]
    first = server.answers(server.club)[0]
    assert first.text.startswith("🔔 Bob\nOwls 🦉 All the owls")
    assert [("text_mention", 0, 6), ("bold", 7, 4)] == [
        (each["type"], each["offset"], each["length"]) for each in first.entities
    ]


@pytest.mark.parametrize("author", ["\u200b", "Bob\n\u202e", "@alice_owl", "🦉" * 100])
async def test_any_name_can_be_called(server: Server, telegram: Telegram, author: str) -> None:
    """People are called what they like: nothing, several lines, or another's username. Only one of them is notified."""
    key = bobs(server, server.club)
    await said(telegram, key, Reply("Water the plants.", mention=key.user), author)

    (answer,) = server.answers(server.club)
    assert [int(key.user)] == called({"entities": answer.entities})
    assert 2 == len(answer.text.splitlines())
    assert "@alice_owl" not in answer.text


async def test_who_cannot_be_called_is_told_all_the_same(server: Server, telegram: Telegram) -> None:
    """Somebody whom we never met, and whoever writes as the group itself."""
    eve = server.add_person("Eve")
    group = str(server.club.id)
    for user in (str(eve.id), group):
        key = replace(bobs(server, server.club), user=user)
        await said(telegram, key, Reply("Water the plants.", mention=user), "Eve")

    assert ["🔔 Eve\nWater the plants.", "Water the plants."] == server.texts(server.club)
    assert [()] * 2 == [each.entities for each in server.answers(server.club)]


async def test_it_follows_the_group(server: Server, telegram: Telegram) -> None:
    """Whether this process has heard of the move, or hears of it only by being refused."""
    group = server.add_group("Owlets", server.people["alice"], [server.people["bob"]], basic=True)
    key = bobs(server, group)
    place = await server.upgrade(group, server.people["alice"])
    await said(telegram, key, Reply("Unheard of."))
    await telegram._moved.note(group.id, place.id)
    await said(telegram, key, Reply("Known."))

    assert {"chat": str(place.id), "topic": "", "reply_to": "", "first": str(group.id)} == telegram.address(key)
    assert ["Unheard of.", "Known."] == server.texts(place)


# Whether it can be shown.


async def test_only_who_lets_us_can_be_written_to(server: Server, telegram: Telegram) -> None:
    """Not who never wrote to us, has blocked us, writes as a group, or does not exist."""
    bob, eve = server.people["bob"], server.add_person("Eve")
    user = str(bob.id)
    expected = Key("telegram", str(server.bot.id), "", user, "", user)

    assert expected == await telegram.private(user)
    await server.block(bob)
    assert [None] * 4 == [await telegram.private(each) for each in (user, str(eve.id), str(server.club.id), "5")]
    assert [] == server.texts(bob)


async def nothing(server: Server) -> None:
    del server


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (nothing, True),
        (lambda server: server.leave(server.club, server.people["bob"]), False),
        (lambda server: server.ban(server.club, server.people["alice"], server.people["bob"]), False),
        (lambda server: server.kick_bot(server.club, server.people["alice"]), False),
    ],
    ids=["nothing", "he left", "he was banned", "we were thrown out"],
)
async def test_who_is_gone_belongs_nowhere(
    server: Server, telegram: Telegram, event: Callable[[Server], Awaitable[None]], expected: bool
) -> None:
    """What he has asked for there must not go on without him, or without us."""
    await event(server)

    assert expected == await telegram.belongs(bobs(server, server.club))


async def test_places_and_people_there_never_were(server: Server, telegram: Telegram) -> None:
    """A group that was deleted is one that Telegram knows nothing of."""
    key = bobs(server, server.club)

    assert not await telegram.belongs(replace(key, channel="-5", community="-5"))
    assert not await telegram.belongs(replace(key, user="5"))


async def test_the_group_itself_belongs_while_we_do(server: Server, telegram: Telegram) -> None:
    """Whoever writes as the group, or as a channel, is no member whom we could ask about."""
    key = replace(bobs(server, server.club), user=str(server.club.id))

    assert await telegram.belongs(key)
    await server.kick_bot(server.club, server.people["alice"])
    assert not await telegram.belongs(key)


async def test_who_belongs_to_a_group_belongs_to_what_it_became(server: Server, telegram: Telegram) -> None:
    """The refusal names the supergroup."""
    group = server.add_group("Owlets", server.people["alice"], [server.people["bob"]], basic=True)
    await server.upgrade(group, server.people["alice"])

    assert await telegram.belongs(bobs(server, group))


@pytest.mark.parametrize("inside", [True, False])
async def test_who_is_restricted_may_be_inside_or_not(server: Server, telegram: Telegram, inside: bool) -> None:
    """Telegram says "restricted" of both, and beside it which of them it is."""
    bob = server.people["bob"]
    rights = ("audios", "documents", "photos", "videos", "video_notes", "voice_notes", "polls", "other_messages")
    may = dict.fromkeys((*(f"can_send_{right}" for right in rights), "can_send_messages"), False)
    others = ("add_web_page_previews", "change_info", "edit_tag", "invite_users", "manage_topics", "pin_messages")
    may |= dict.fromkeys((*(f"can_{right}" for right in others), "can_react_to_messages"), False)
    user = {"id": bob.id, "is_bot": False, "first_name": bob.first_name}
    member = {"status": "restricted", "user": user, "is_member": inside, "until_date": 0, **may}
    server.faults.plan(Fault("getChatMember", 200, {"ok": True, "result": member}))

    assert inside == await telegram.belongs(bobs(server, server.club))


async def test_in_private_everybody_belongs(server: Server, telegram: Telegram) -> None:
    """Whether they still let us write shows when we do."""
    user = str(server.people["bob"].id)

    assert await telegram.belongs(Key("telegram", str(server.bot.id), "", user, "", user))


@pytest.mark.parametrize(
    "refusal",
    [
        (500, "Internal Server Error"),
        (400, "Bad Request: member list is inaccessible"),
        (429, "Too Many Requests: retry after 5"),
    ],
)
async def test_what_telegram_does_not_say_is_not_known(
    server: Server, telegram: Telegram, refusal: tuple[int, str]
) -> None:
    """A schedule must not be paused because of an outage, or of a group that hides its members."""
    status, description = refusal
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    if status == 429:
        body["parameters"] = {"retry_after": 5}
    server.faults.plan(Fault("*", status, body, times=2))
    with pytest.raises(PlatformDown):
        await telegram.belongs(bobs(server, server.club))
    with pytest.raises(PlatformDown):
        await telegram.private(str(server.people["bob"].id))

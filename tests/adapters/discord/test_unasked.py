"""adapters.discord: what nobody said just now is shown all the same, to whom it is meant, where that can still be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord
import pytest

from adapters.discord.client import Discord as Ours
from bot.chat import Inbound, Key, Origin
from bot.claim import Claim
from bot.commands.book import BOOK
from bot.delivery import Delivery
from bot.errors import PlatformDown
from bot.ports import Lease
from bot.reply import Reply
from bot.turn import Turn, turn_id
from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from sandbox.discord.state import Channel, Guild, Message
from sandbox.faults import Fault
from storage.memory import open_memory
from tests.judge import Judge

LEASE = Lease("lane", "token")
LONG = "All the owls of the wood. " * 200


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord() as club:
        judge = Judge("discord", club.traffic)
        monkeypatch.setattr(discord.http.Route, "BASE", club.api_base)
        yield club
    assert [] == judge.violations


@pytest.fixture
async def ours(club: Discord) -> AsyncIterator[Ours]:
    async with let_in(club) as ours:
        yield ours


@asynccontextmanager
async def let_in(club: Discord, later: timedelta = timedelta()) -> AsyncIterator[Ours]:
    """Our side, in one life after the other."""
    ours = Ours(club.application.token, BOOK, now=lambda: datetime.now(UTC) + later)
    ours._mouth = await ours._enter()
    async with ours._mouth:
        yield ours


def bobs(club: Discord, where: Channel | None = None, guild: Guild | None = None) -> Key:
    """Bob's key in a channel or a thread."""
    place = where or club.channel("general")
    channel, thread = (place.thread.parent_id, str(place.id)) if place.thread else (place.id, "")
    guild = guild or club.guild
    return Key("discord", str(club.bot.id), str(guild.id), str(channel), thread, str(club.person("bob").id))


def due(ours: Ours, key: Key) -> Turn:
    """What a schedule of his makes of itself."""
    origin = Origin(key, "at.x.1", "Bob", datetime.now(UTC), ours.address(key))
    return Turn(turn_id(origin), "session", LEASE.lane, Inbound(origin, "Water the plants.", schedule="x"))


async def delivery(ours: Ours, turn: Turn) -> Delivery:
    store, now = open_memory(), turn.origin.at
    await store.turns.ingest(turn, 0, now)
    claimed = await store.turns.claim(LEASE, now, now + timedelta(minutes=1))
    assert claimed is not None
    return Delivery(Claim(store.turns, LEASE, claimed), ours.screen(claimed), store.history)


async def said(ours: Ours, key: Key, reply: Reply) -> None:
    await (await delivery(ours, due(ours, key))).finish(reply)


def shown(club: Discord, where: Channel) -> list[Message]:
    return [each for each in club.messages(where) if each.author == club.bot]


# How it is shown.


async def test_an_answer_to_nobody_grows_over_several_messages(club: Discord, ours: Ours) -> None:
    """As any other: put up empty, edited while the model speaks, whole at the end. None of them replies to anything."""
    outbox = await delivery(ours, due(ours, bobs(club)))
    flowing = asyncio.ensure_future(outbox.flow(lambda: Reply("Hoo")))
    outbox.news()
    await club.wait_until(lambda: club.texts("general") == ["Hoo"])
    outbox.close()
    await flowing
    await outbox.finish(Reply(LONG))

    messages = shown(club, club.channel("general"))
    assert 3 == len(messages)
    assert LONG.split() == " ".join(each.content for each in messages).split()
    assert {None} == {each.reference for each in messages}


async def test_it_stands_in_the_thread_or_in_private(club: Discord, ours: Ours) -> None:
    """Wherever it was asked for; the only one there needs no mention."""
    thread = await club.open_thread("general", "alice", "Owls")
    private = await ours.private(str(club.person("bob").id))
    assert private is not None
    for key in (bobs(club, thread), private):
        await said(ours, key, Reply("Water the plants.", mention=key.user))

    mention = club.person("bob").mention
    assert [f"{mention} Water the plants."] == club.texts(thread)
    assert ["Water the plants."] == club.texts(club.dm("bob"))


async def test_who_is_mentioned_is_notified_once(club: Discord, ours: Ours) -> None:
    """By the message as it is put up, since no edit ever does; and nobody else."""
    await said(ours, bobs(club), Reply(LONG, mention=bobs(club).user))

    first, *others = shown(club, club.channel("general"))
    assert first.content.startswith(f"{club.person('bob').mention} All the owls")
    assert [first] == club.notified("bob")
    assert [] == club.notified("alice")
    assert 2 == len(others)


@pytest.mark.parametrize(("later", "remembered"), [(timedelta(), 300.0), (timedelta(minutes=10), 0.0)])
async def test_a_life_that_ended_early_notifies_nobody_twice(
    club: Discord, ours: Ours, later: timedelta, remembered: float
) -> None:
    """The message was put up and never written down: it is found again by its nonce, and later by its mark."""
    club.rules.nonce_seconds = remembered
    turn = due(ours, bobs(club))
    async with let_in(club, later) as next_life:
        for screen in (ours.screen(turn), next_life.screen(turn)):
            await screen.create(0, screen.pages(Reply(mention=bobs(club).user))[0])

    assert 1 == len(club.notified("bob")) == len(club.texts("general"))


@pytest.mark.parametrize("wrapped", ["{}", "`{}`", "```\n{}\n```", "[{}](https://example.com)"])
@pytest.mark.parametrize("mentioned", [True, False])
async def test_no_model_calls_anybody_else(club: Discord, ours: Ours, wrapped: str, mentioned: bool) -> None:
    """Whoever it names, or all of them, wherever in its text: only the one whom we mean hears of it."""
    names = f"{club.person('alice').mention} @everyone"
    text = wrapped.format(names)
    await said(ours, bobs(club), Reply(text, mention=bobs(club).user if mentioned else ""))

    assert [] == club.notified("alice")
    assert [mentioned] == [bool(each.mentions) for each in shown(club, club.channel("general"))]
    assert len(club.notified("bob")) == mentioned


# Whether it can be shown.


async def test_a_private_chat_is_opened_for_whoever_there_is(club: Discord, ours: Ours) -> None:
    """It is Discord that makes it; for nobody it makes none."""
    user = str(club.person("bob").id)
    dm = str(club.dm("bob").id)

    assert Key("discord", str(club.bot.id), "", dm, "", user) == await ours.private(user)
    assert await ours.private("1") is None


def nothing(club: Discord) -> None:
    del club


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (nothing, True),
        (lambda club: club.leave("bob"), False),
        (lambda club: club.kick_bot(), False),
        (lambda club: club.remove_channel("general"), False),
        (lambda club: club.deny("general", Permission.VIEW_CHANNEL), False),
    ],
    ids=["nothing", "he left", "we were thrown out", "the channel was deleted", "the channel was hidden"],
)
async def test_who_is_gone_belongs_nowhere(
    club: Discord, ours: Ours, event: Callable[[Discord], None], expected: bool
) -> None:
    """What he has asked for there must not go on without him, or without us."""
    key = bobs(club)
    event(club)

    assert expected == await ours.belongs(key)


async def test_places_there_never_were(club: Discord, ours: Ours) -> None:
    """A server, a user or a thread that nobody knows of."""
    key = bobs(club)

    assert not await ours.belongs(replace(key, community="1"))
    assert not await ours.belongs(replace(key, user="1"))
    assert not await ours.belongs(replace(key, thread="1"))


async def test_in_private_who_can_be_written_to_belongs(club: Discord, ours: Ours) -> None:
    """There is no server to leave."""
    private = await ours.private(str(club.person("bob").id))
    assert private is not None

    assert await ours.belongs(private)
    assert not await ours.belongs(replace(private, user="1"))


async def refuse(club: Discord, status: int, code: int) -> None:
    club.faults.plan(Fault("*", status, {"message": "no", "code": code}, times=2))


@pytest.mark.parametrize(
    "trouble",
    [lambda club: refuse(club, 403, 50013), lambda club: refuse(club, 401, 0), lambda club: club.stop()],
    ids=["permission", "token", "outage"],
)
async def test_what_discord_does_not_say_is_not_known(
    club: Discord, ours: Ours, trouble: Callable[[Discord], Awaitable[None]]
) -> None:
    """A schedule must not be paused because of an outage, or of a token that was changed."""
    key = bobs(club)
    await trouble(club)
    with pytest.raises(PlatformDown):
        await ours.belongs(key)
    with pytest.raises(PlatformDown):
        await ours.private(key.user)

"""adapters.discord.outbox: a message that was put up and never written down is found again, however late."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import discord
import pytest
import yarl
from discord.http import HTTPClient

from adapters.discord.intake import read_message
from adapters.discord.outbox import CHANNEL, EVERYWHERE, Acks, DiscordScreen
from adapters.pace import Pace
from bot.chat import Origin
from bot.errors import PlatformDown
from bot.reply import Button, Page
from bot.turn import Turn, turn_id
from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from sandbox.discord.state import Message
from tests.judge import Judge

EMPTY, STOPPABLE = Page("…"), Page("…", buttons=(Button("Stop", "stop", "whatever"),))
LATER = timedelta(minutes=10)


class Bot:
    """Our side, in one life after the other."""

    def __init__(self, club: Discord, client: discord.Client) -> None:
        self.club = club
        self.client = client

    async def turn(self, text: str = "Why?") -> Turn:
        """Alice asks something."""
        asked = await self.club.say("general", "alice", f"{self.club.bot.mention} {text}")
        place = self.client.get_partial_messageable(asked.channel_id)
        said = read_message(await place.fetch_message(asked.id), self._me)
        assert said is not None
        return Turn(turn_id(said.origin), "session", "lane", said)

    def screen(self, turn: Turn, later: timedelta = timedelta()) -> DiscordScreen:
        """The turn's messages, as one life sees them that begins so much later."""
        now = turn.origin.at + later
        paces = Pace(CHANNEL), Pace(EVERYWHERE)
        return DiscordScreen(lambda: self.client.http, Acks(), turn, *paces, lambda: now)

    @property
    def _me(self) -> discord.ClientUser:
        assert self.client.user is not None
        return self.client.user

    def shown(self) -> list[Message]:
        return [each for each in self.club.messages("general") if each.author == self.club.bot]


@asynccontextmanager
async def logged_in(club: Discord) -> AsyncIterator[discord.Client]:
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(club.application.token)
        yield client


@pytest.fixture
async def bot(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Discord forgets nonces at once, so that no test waits for it."""
    async with Discord() as club:
        club.rules.nonce_seconds = 0
        judge = Judge("discord", club.traffic)
        monkeypatch.setattr(discord.http.Route, "BASE", club.api_base)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(club.gateway_url))
        async with logged_in(club) as client:
            yield Bot(club, client)
    assert [] == judge.violations


@pytest.mark.parametrize("page", [EMPTY, STOPPABLE])
async def test_a_first_message_is_found_again(bot: Bot, page: Page) -> None:
    """We died before its id was written down, and came back when its nonce was long forgotten."""
    turn = await bot.turn()
    page = replace(page, buttons=tuple(Button("Stop", "stop", turn.id) for _ in page.buttons))
    stray = await bot.screen(turn).create(0, page)

    assert stray == await bot.screen(turn, LATER).create(0, page)
    assert [int(stray)] == [each.id for each in bot.shown()]


async def test_a_later_message_is_found_again(bot: Bot) -> None:
    """The same for the second page of a long answer."""
    turn = await bot.turn()
    screen = bot.screen(turn)
    first = await screen.create(0, EMPTY)
    stray = await screen.create(1, EMPTY)

    assert stray == await bot.screen(replace(turn, parts=(first,)), LATER).create(1, EMPTY)
    assert 2 == len(bot.shown())


async def test_no_message_of_another_turn_is_taken(bot: Bot) -> None:
    """Two answers in one message would be worse than a stray."""
    one, other = await bot.turn(), await bot.turn("Why not?")
    theirs = await bot.screen(other).create(0, EMPTY)

    assert theirs != await bot.screen(one, LATER).create(0, EMPTY)


async def test_a_message_of_the_same_life_is_not_taken_for_a_stray(bot: Bot) -> None:
    """The second page is tried twice; the first one stands, and carries the turn's button too."""
    turn = await bot.turn()
    screen = bot.screen(turn, LATER)
    button = (Button("Stop", "stop", turn.id),)
    first = await screen.create(0, Page("…", buttons=button))
    bot.club.deny("general", Permission.SEND_MESSAGES)
    with pytest.raises(Exception, match="50013"):
        await screen.create(1, EMPTY)
    bot.club.allow("general", Permission.SEND_MESSAGES)

    assert first != await screen.create(1, EMPTY)


async def test_a_stray_is_found_behind_much_talk(bot: Bot) -> None:
    """People went on talking while we were gone."""
    turn = await bot.turn()
    for number in range(120):
        await bot.club.say("general", "bob", str(number))
    stray = await bot.screen(turn).create(0, EMPTY)

    assert stray == await bot.screen(turn, LATER).create(0, EMPTY)


async def test_a_young_question_costs_no_look_into_the_past(bot: Bot) -> None:
    """Nearly all of them: the nonce is known for minutes."""
    turn = await bot.turn()
    await bot.screen(turn, timedelta(minutes=1)).create(0, EMPTY)

    assert 0 == bot.club.counts.calls["GET /channels/{channel_id}/messages"]


async def test_where_the_past_is_hidden_a_new_message_is_made(bot: Bot) -> None:
    """An answer with a stray beside it is better than none."""
    turn = await bot.turn()
    turn = replace(turn, task=replace(turn.task, origin=_unreplied(turn.origin)))
    bot.club.deny("general", Permission.READ_MESSAGE_HISTORY)
    await bot.screen(turn).create(0, EMPTY)
    await bot.screen(turn, LATER).create(0, EMPTY)

    assert 2 == len(bot.shown())


async def test_the_first_edit_takes_the_mark_away(bot: Bot) -> None:
    """It is for us alone, and only until the first words."""
    screen = bot.screen(await bot.turn())
    message = await screen.create(0, EMPTY)
    marked = bot.shown()[0].controls
    await screen.edit(message, Page("Because."))

    assert [True] == [each["disabled"] for each in marked]
    assert () == bot.shown()[0].controls


async def test_a_connection_that_ends_under_a_call_is_no_fault_of_the_turn(bot: Bot) -> None:
    """The library's session is closed then, and says so in its own way."""
    turn = await bot.turn()
    lives = iter([bot.client.http])
    await bot.client.close()

    def http() -> HTTPClient:
        for alive in lives:
            return alive
        raise PlatformDown("not connected to Discord")

    screen = DiscordScreen(http, Acks(), turn, Pace(CHANNEL), Pace(EVERYWHERE), lambda: turn.origin.at)
    with pytest.raises(PlatformDown):
        await screen.create(0, EMPTY)


def _unreplied(origin: Origin) -> Origin:
    """Without its past we could not reply to a message of it either."""
    return replace(origin, address={**origin.address, "reply_to": ""})

"""
Gateway events in any order, twice, and damaged: nothing breaks, and every message to the bot makes one turn.

They go through the library's own parsers, without a gateway. `make test` tries some, PARLEY_LONG=1 a hundred thousand.
"""

import logging
import random
import sys
from typing import Any

import discord
import pytest

from adapters.discord.intake import read_interaction, read_message, read_typing
from bot.chat import Inbound
from bot.commands.book import BOOK
from tests.fuzz.amount import SEED, amount
from tests.fuzz.discord_events import GUILDS, UNTOLD, Gateway
from tests.fuzz.discord_samples import guild
from tests.fuzz.door import Door
from tests.fuzz.events import Event, disturbed

EVENTS = amount(3_000, 64_000)
ME = {"id": "42", "username": "Parley", "discriminator": "4242", "avatar": None, "bot": True}


class Ear:
    """A client of the library that is handed events, and passes on what they say."""

    def __init__(self, door: Door) -> None:
        client = discord.Client(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True), max_messages=None
        )
        self._state: Any = client._connection
        self._state.user = self._me = discord.ClientUser(state=self._state, data=ME)  # type: ignore[arg-type]
        self._state.dispatch = self._dispatch
        self._door = door
        self._said: list[Any] = []
        self.unread = 0

    async def hear(self, event: Event) -> None:
        """Take an event up. Only a damaged one may be past reading."""
        self._said.clear()
        try:
            for kind, what in event.body.items():
                self._state.parsers.get(kind, ignore)(what)
            for said in self._said:
                await (self._door.sessions.ask(said) if isinstance(said, Inbound) else self._door.sessions.call(said))
        except Exception:
            if not event.damaged:
                raise
            self.unread += 1

    def _dispatch(self, event: str, *given: Any) -> None:
        if event == "message":
            said: Any = read_message(given[0], self._me)
        elif event == "interaction" and given[0].type is discord.InteractionType.autocomplete:
            read_typing(given[0], self._me)
            return
        elif event == "interaction":
            said = read_interaction(given[0], self._me, BOOK)
        else:
            return
        if said is not None:
            self._said.append(said)


def ignore(what: Any) -> None:
    """An event that the library does not know."""


async def test_every_message_to_the_bot_makes_one_turn(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.CRITICAL)
    dice = random.Random(SEED)
    door = Door()
    ear = Ear(door)
    for number in GUILDS:
        await ear.hear(Event({"GUILD_CREATE": guild(number)}))
    gateway = Gateway(ME, dice)
    events = disturbed([gateway.make() for _ in range(EVENTS)], dice)
    for event in events:
        await ear.hear(event)

    with capsys.disabled():
        sys.stdout.write(f"\nDiscord: {len(events)} events, {len(door.turns.new)} turns, {ear.unread} unread\n")
    assert not (found := door.faults(events)), found[:5]


async def test_talk_in_a_server_that_we_do_not_know_yet_is_not_private() -> None:
    """A message may come before the gateway has told of its server: we would answer what was said to others."""
    door = Door()
    gateway = Gateway(ME, random.Random(SEED))
    where = {"channel_id": str(UNTOLD * 10), "guild_id": str(UNTOLD)}
    await Ear(door).hear(Event({"MESSAGE_CREATE": {**gateway.bare(where), "content": "So, what do you think?"}}))

    assert not door.turns.new


async def test_a_channel_of_a_kind_nobody_has_heard_of_is_answered() -> None:
    """The library then says nothing of the channel, not even its id."""
    door = Door()
    ear = Ear(door)
    gateway = Gateway(ME, random.Random(SEED))
    commands = [made for _ in range(200) if "INTERACTION_CREATE" in (made := gateway.make()).body and made.wanted]
    for event in commands:
        event.body["INTERACTION_CREATE"]["channel"]["type"] = 99
        if "message" not in event.body["INTERACTION_CREATE"]:
            await ear.hear(event)

    assert door.turns.new

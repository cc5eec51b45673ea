"""What people see: the feed and the snapshot that a web page shows."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from tests.sandbox.discord.conftest import connected, shown
from tests.sandbox.discord.test_interactions import bot


def said(events: list[dict[str, Any]]) -> list[str]:
    return [each["message"]["content"] for each in events if "message" in each]


async def test_a_page_sees_an_answer_grow(club: Discord) -> None:
    """Pending, posted as thinking, answered, edited: each step is an event of plain data."""
    async with connected(club, bot(), sync=True):
        with club.watch("bob") as screen:
            asked = await club.slash("general", "bob", "ask", {"prompt": "hoot", "length": 2})
            await club.wait_until(lambda: 2 == len(asked.made))
    events = shown(screen)

    assert [
        ("interaction", "pending"),
        ("message_posted", ""),
        ("interaction", "answered"),
        ("message_edited", "hoot"),
        ("message_edited", "hoot hoot"),
        ("message_posted", "That was all."),
    ] == [(each["type"], each.get("state") or each["message"]["content"]) for each in events]
    assert events == json.loads(json.dumps(events))


async def test_others_do_not_see_what_is_for_one(club: Discord) -> None:
    """An ephemeral answer, and the command itself, are on one screen only."""
    async with connected(club, bot(), sync=True):
        with club.watch("alice") as alice, club.watch("bob") as bob:
            asked = await club.slash("general", "bob", "left")
            await club.wait_until(lambda: 2 == len(asked.made))
            await club.say("general", "alice", "hello")
    hers = shown(alice)

    assert ["hello"] == said(hers)
    assert ["message_posted"] == [each["type"] for each in hers]
    assert ["You have 5 left.", "And 3 more.", "hello"] == said(shown(bob))


async def test_a_failed_command_says_what_a_person_reads(club: Discord) -> None:
    """Nobody answered: the note is the one that Discord's client shows."""
    club.rules.ack_seconds = 0.05
    async with connected(club, bot(), sync=True):
        with club.watch() as screen:
            asked = await club.slash("general", "bob", "silent")
            await club.wait_until(lambda: asked.failed)
    *_, last = shown(screen)

    assert ("failed", "The application did not respond") == (last["state"], last["note"])


async def test_a_modal_and_suggestions_come_with_what_a_page_draws(club: Discord) -> None:
    """Both can be shown from the event alone."""
    async with connected(club, bot(), sync=True):
        with club.watch("bob") as screen:
            asked = await club.slash("general", "bob", "feedback")
            await club.wait_until(lambda: asked.modal)
            await club.autocomplete("general", "bob", "model", "name", "hawk")
    *_, modal, _, suggestions = shown(screen)

    assert "Feedback" == modal["modal"]["title"]
    assert ("autocomplete", ["hawk"]) == (suggestions["type"], [each["value"] for each in suggestions["choices"]])


async def test_the_feed_is_a_loop(club: Discord) -> None:
    """The same events for whoever would rather write `async for`."""
    feed = club.feed("bob")
    first = asyncio.ensure_future(anext(feed))
    await asyncio.sleep(0)
    await club.say("general", "alice", "hello")

    assert ["hello"] == said([await first])


async def test_a_snapshot_shows_one_persons_screen(club: Discord) -> None:
    """Channels that one may see, with what stands in them."""
    club.add_channel("stewards", private=True)
    await club.say("general", "alice", "hello")
    alice, bob = club.snapshot("alice"), club.snapshot("bob")

    assert ["general", "random", "stewards"] == [each["name"] for each in alice["channels"]]
    assert ["general", "random"] == [each["name"] for each in bob["channels"]]
    assert "hello" == bob["messages"][str(club.channel("general").id)][0]["content"]
    assert not bob["online"]
    assert bob == json.loads(json.dumps(bob))


async def test_presence_follows_the_connection(club: Discord) -> None:
    """The page shows whether the bot is there."""
    with club.watch("bob") as screen:
        async with connected(club):
            pass
        await club.wait_until(lambda: not club.gateway.connections)
        await club.wait_until(lambda: not club.gateway.online)

    assert [True, False] == [each["online"] for each in shown(screen) if "presence" == each["type"]]


async def test_people_have_permissions_too(club: Discord) -> None:
    """Alice manages the guild and its channels, Bob does not."""
    general = club.channel("general")
    managing = Permission.MANAGE_GUILD | Permission.MANAGE_CHANNELS

    assert managing == club.world.permissions(club.people["alice"].id, general) & managing
    assert not club.world.permissions(club.people["bob"].id, general) & managing

"""What there is: every call that only reads, and what people may and may not do."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from sandbox.discord.clients import Impossible
from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from tests.sandbox.discord.conftest import Client, Raw, connected, heard, told


async def test_everything_can_be_read(club: Discord, raw: Raw) -> None:
    """Each answer is valid by Discord's own description, which judges it where it is at hand."""
    thread = await club.open_thread("general", "alice", "Owls")
    said = await club.say("general", "bob", "hello")
    await club.react("general", "bob", said, "🦉")
    await raw("PUT", f"/channels/{thread.id}/thread-members/@me")
    paths = (
        "/users/@me",
        "/users/@me/guilds",
        f"/users/{club.people['bob'].id}",
        "/oauth2/applications/@me",
        "/applications/@me",
        f"/applications/{club.application.id}/commands",
        f"/guilds/{club.guild.id}",
        f"/guilds/{club.guild.id}/roles",
        f"/guilds/{club.guild.id}/channels",
        f"/guilds/{club.guild.id}/members/{club.people['alice'].id}",
        f"/guilds/{club.guild.id}/threads/active",
        f"/channels/{said.channel_id}",
        f"/channels/{thread.id}",
        f"/channels/{club.dm('bob').id}",
        f"/channels/{said.channel_id}/messages",
        f"/channels/{said.channel_id}/messages/{said.id}",
        "/gateway",
        "/gateway/bot",
    )

    assert [200] * len(paths) == [(await raw("GET", path)).status for path in paths]


async def test_the_client_finds_its_way_about(club: Discord) -> None:
    """The library's caches and its fetches agree with the world."""
    async with connected(club) as client:
        (guild,) = client.guilds
        member = await guild.fetch_member(club.people["alice"].id)
        channel = await client.fetch_channel(club.channel("general").id)
        info = await client.application_info()
        rights = guild.me.guild_permissions

    assert ("The Owl Club", ["general", "random"]) == (guild.name, [each.name for each in guild.text_channels])
    assert (True, "Alice") == (member.guild_permissions.manage_guild, member.display_name)
    assert ("general", "keeper") == (channel.name, info.owner.name)  # type: ignore[union-attr]
    assert (True, False) == (rights.send_messages, rights.manage_guild)


async def test_people_cannot_do_everything(club: Discord) -> None:
    """What a client refuses raises before it reaches the bot."""
    private = club.add_channel("stewards", private=True)
    mine = await club.say("general", "alice", "mine")
    club.deny("random", Permission.SEND_MESSAGES, "bob")
    for act in (
        club.say("general", "bob", ""),
        club.say("general", "bob", "x" * 2001),
        club.say(private, "bob", "hello"),
        club.say("random", "bob", "hello"),
        club.edit("general", "bob", mine, "yours"),
        club.delete("general", "bob", mine),
        club.open_thread(private, "bob", "Owls"),
        club.open_thread(club.dm("bob"), "bob", "Owls"),
        club.slash("general", "bob", "nothing"),
        club.press("general", "bob", mine, "nothing"),
    ):
        with pytest.raises(Impossible):
            await act

    assert [mine] == club.messages("general")


async def test_a_private_thread_is_for_its_members(club: Discord) -> None:
    """The bot neither sees nor hears one to which nobody let it."""
    thread = await club.open_thread("general", "alice", "Secrets", private=True)
    async with connected(club) as client:
        await club.say(thread, "alice", "a secret")
        with pytest.raises(Impossible):
            await club.say(thread, "bob", "let me in")
        await club.say("general", "alice", "no secret")
        await heard(client)

    assert ["no secret"] == [each.content for each in client.heard]


async def test_other_bots_are_bots(club: Discord) -> None:
    """A bot that answered them would talk for ever."""
    club.add_person("Hawk", bot=True)
    async with connected(club) as client:
        await club.say("general", "hawk", "I am a machine, too")
        await heard(client)

    assert client.heard[0].author.bot


async def test_nobody_waits_for_ever(club: Discord) -> None:
    """What does not become true in time is a TimeoutError."""
    with pytest.raises(TimeoutError):
        await club.wait_until(lambda: False, 0.01)


async def test_who_is_notified_is_decided_when_a_message_is_posted(club: Discord, raw: Raw) -> None:
    """Those it mentions and may, who see it; an edit notifies nobody. In private, everything does."""
    alice, bob, private = club.people["alice"], club.people["bob"], club.add_channel("stewards", private=True)
    club.allow(private, Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)

    async def post(channel: int, text: str, **allowed: Any) -> str:
        body = {"content": text, "allowed_mentions": {"parse": [], **allowed}}
        return str((await raw("POST", f"/channels/{channel}/messages", body)).body["id"])

    general = club.channel("general").id
    text = f"{alice.mention} {bob.mention} @everyone"
    called = await post(general, text, users=[str(bob.id)])
    both = await post(private.id, text, parse=["users"])
    quiet = await post(general, text)
    direct = await post(club.dm("bob").id, "x")
    for each in (called, quiet):
        body = {"content": text, "allowed_mentions": {"parse": ["users"]}}
        assert 200 == (await raw("PATCH", f"/channels/{general}/messages/{each}", body)).status

    assert [int(called), int(direct)] == [each.id for each in club.notified("bob")]
    assert [int(both)] == [each.id for each in club.notified("alice")]


async def test_who_left_is_no_member(club: Discord, raw: Raw) -> None:
    """The bot can look that up, and is told of it where it may know the members."""
    bob = club.people["bob"]
    wanted = discord.Intents.default()
    wanted.members = True
    async with connected(club, Client(wanted)) as client:
        club.leave("bob")
        await told(client, "GUILD_MEMBER_REMOVE")
    answer = await raw("GET", f"/guilds/{club.guild.id}/members/{bob.id}")

    assert (404, {"message": "Unknown Member", "code": 10007}) == (answer.status, answer.body)
    with pytest.raises(Impossible, match="Bob cannot write there"):
        await club.say("general", "bob", "hello")

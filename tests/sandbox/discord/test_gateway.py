"""Sessions of the real client: what they are told, and how they come back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import discord
import pytest
from discord.backoff import ExponentialBackoff

from sandbox.discord.server import Discord
from sandbox.faults import Fault
from tests.sandbox.discord.conftest import Client, Raw, connected, heard, told


async def test_what_was_missed_is_replayed(club: Discord) -> None:
    """The line breaks, somebody speaks, the client resumes: it misses nothing and starts no new session."""
    async with connected(club) as client:
        await club.say("general", "alice", "before")
        await heard(client)
        await club.gateway.drop()
        await club.say("general", "alice", "meanwhile")
        await told(client, "RESUMED")
        await club.say("general", "alice", "after")
        messages = await heard(client, 3)

    assert ["before", "meanwhile", "after"] == [each.content for each in messages]
    assert (1, 1) == (club.counts.identifies, club.counts.resumes)


async def test_a_request_to_reconnect_is_followed(club: Discord) -> None:
    """Op 7 comes every few hours; the client resumes at once."""
    async with connected(club) as client:
        club.gateway.reconnect()
        await told(client, "RESUMED")

    assert 1 == club.counts.identifies


async def test_a_session_is_asked_to_resume(club: Discord) -> None:
    """Op 9 with true is rare; the client resumes as after op 7."""
    async with connected(club) as client:
        club.gateway.invalidate(resumable=True)
        await told(client, "RESUMED")

    assert 1 == club.counts.identifies


async def test_a_lost_session_is_started_anew_and_what_was_said_meanwhile_is_lost(club: Discord) -> None:
    """Op 9 with false: only the history knows what was missed."""
    club.rules.identify_seconds = 0
    async with connected(club) as client:
        club.gateway.forget()
        await club.gateway.drop()
        await club.say("general", "alice", "meanwhile")
        await told(client, "READY", 2)
        await club.say("general", "alice", "after")
        (message,) = await heard(client)

    assert ("after", 2) == (message.content, club.counts.identifies)


async def test_a_session_is_invalidated_while_it_runs(club: Discord) -> None:
    """The same, told over the open connection."""
    club.rules.identify_seconds = 0
    async with connected(club) as client:
        club.gateway.invalidate()
        await told(client, "READY", 2)

    assert 0 == club.counts.resumes


async def test_too_old_a_sequence_cannot_be_resumed(club: Discord) -> None:
    """The buffer is finite: who stayed away for too long begins anew."""
    club.rules.identify_seconds, club.rules.replay_events = 0, 3
    async with connected(club) as client:
        await club.gateway.drop()
        for number in range(6):
            await club.say("general", "alice", str(number))
        await told(client, "READY", 2)

    assert (2, 0) == (club.counts.identifies, club.counts.resumes)


async def test_a_session_that_was_away_for_too_long_cannot_be_resumed(club: Discord) -> None:
    """Discord keeps it for a few minutes."""
    club.rules.identify_seconds, club.rules.session_seconds = 0, 0
    async with connected(club) as client:
        await club.gateway.drop()
        await told(client, "READY", 2)

    assert (2, 0) == (club.counts.identifies, club.counts.resumes)


async def test_an_outage_of_a_guild_is_told_and_hides_what_is_said(club: Discord) -> None:
    """Only its history knows of it afterwards."""
    async with connected(club) as client:
        club.gateway.lose_guild(club.guild)
        await told(client, "GUILD_DELETE")
        names = [guild.name for guild in client.guilds if not guild.unavailable]
        await club.say("general", "alice", "during")
        club.gateway.restore_guild(club.guild)
        await told(client, "GUILD_CREATE", 2)
        await club.say("general", "alice", "after")
        (message,) = await heard(client)

    assert ([], "after") == (names, message.content)


@pytest.fixture
def hurried(club: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits a second or more before it tries again, and Discord five between two starts."""
    club.rules.identify_seconds = 0
    monkeypatch.setattr(ExponentialBackoff, "delay", lambda _: 0.02)


@pytest.mark.usefixtures("hurried")
async def test_a_refused_connection_is_tried_again(club: Discord) -> None:
    """After a failed attempt the library never resumes but starts anew: what was said meanwhile is lost."""
    async with connected(club) as client:
        club.gateway.refuse()
        await club.gateway.drop()
        await club.say("general", "alice", "anybody?")
        await club.wait_until(lambda: club.counts.refused)
        club.gateway.accept()
        await told(client, "READY", 2)
        await club.say("general", "alice", "there you are")
        (message,) = await heard(client)

    assert "there you are" == message.content


@pytest.mark.usefixtures("hurried")
async def test_a_gateway_that_hangs_up_is_called_again(club: Discord) -> None:
    """The connection is taken, and ended before a word."""
    async with connected(club) as client:
        club.gateway.hang_up()
        await club.gateway.drop()
        await told(client, "RESUMED")

    assert 0 == club.gateway.hanging_up


@pytest.mark.usefixtures("hurried")
async def test_the_whole_server_goes_and_comes_back(club: Discord) -> None:
    """A client that lost everything at once finds the same world on the same port."""
    async with connected(club) as client:
        await club.say("general", "alice", "one")
        await heard(client)
        await club.stop()
        await club.start()
        await club.wait_until(lambda: club.gateway.online)
        await club.say("general", "alice", "two")
        *_, last = await heard(client, 2)
        history = [each.content async for each in client.sendable(club.channel("general").id).history()]

    assert "two" == last.content
    assert ["two", "one"] == history


async def test_a_frozen_gateway_delivers_later(club: Discord) -> None:
    """Nothing is lost while the line is silent."""
    async with connected(club) as client:
        club.gateway.freeze()
        await club.say("general", "alice", "slow")
        await asyncio.sleep(0.05)
        before = len(client.heard)
        club.gateway.thaw()
        await heard(client)

    assert 0 == before


async def test_saying_goodbye_ends_the_session(club: Discord) -> None:
    """After a close with 1000 nothing is kept for a resume."""
    async with connected(club):
        sessions = len(club.gateway.sessions)
    await club.wait_until(lambda: not club.gateway.connections)

    assert (1, 0) == (sessions, len(club.gateway.sessions))


async def test_without_the_content_intent_texts_are_blank(club: Discord) -> None:
    """Except in DMs, where the bot is mentioned, and in what it says itself."""
    club.application.message_content = False
    client = Client(discord.Intents(guilds=True, guild_messages=True, dm_messages=True))
    async with connected(club, client):
        await club.say("general", "alice", "secret")
        await club.say("general", "alice", f"{club.bot.mention} open")
        await club.say(club.dm("alice"), "alice", "private")
        messages = await heard(client, 3)
        own = await client.sendable(club.channel("general").id).send("mine")
        history = [each.content async for each in client.sendable(club.channel("general").id).history()]

    assert ["", f"{club.bot.mention} open", "private"] == [each.content for each in messages]
    assert ["mine", f"{club.bot.mention} open", ""] == history
    assert "mine" == own.content


async def test_who_did_not_subscribe_hears_nothing(club: Discord) -> None:
    """Intents choose what comes: here DMs and no guild's messages."""
    client = Client(discord.Intents(guilds=True, dm_messages=True))
    async with connected(club, client):
        await club.say("general", "alice", "in the guild")
        await club.say(club.dm("alice"), "alice", "in private")
        (message,) = await heard(client)

    assert "in private" == message.content


async def test_privileged_intents_must_be_switched_on(club: Discord) -> None:
    """The developer portal's switch is off: close code 4014, which the library names."""
    club.application.message_content = False
    client = Client()
    async with client:
        await client.login(club.application.token)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.connect()


@pytest.mark.usefixtures("club")
async def test_a_wrong_token_cannot_log_in() -> None:
    """The HTTP API says 401, before any gateway."""
    client = Client()
    async with client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_guilds_are_divided_among_shards(club: Discord) -> None:
    """Each shard hears of its own guilds, the first of the DMs; the library adds it up."""
    club.rules.shards, club.rules.max_concurrency = 2, 2
    other = club.add_guild("The Hawk Club", number=club.guild.id + (1 << 22))
    channel = club.add_channel("sky", other)
    club.add_person("Alice", other)
    async with connected(club) as client:
        await club.say("general", "alice", "owls")
        await club.say(channel, "alice", "hawks")
        await club.say(club.dm("alice"), "alice", "both")
        messages = await heard(client, 3)
        shards = {guild.name: guild.shard_id for guild in client.guilds}

    assert {"owls", "hawks", "both"} == {each.content for each in messages}
    assert {"The Owl Club": (club.guild.id >> 22) % 2, "The Hawk Club": (other.id >> 22) % 2} == shards
    assert 2 == club.counts.identifies


async def test_a_guild_that_is_joined_later_is_told(club: Discord) -> None:
    """The bot is invited while it runs, thrown out, and invited again."""
    async with connected(club) as client:
        club.add_guild("The Hawk Club")
        await told(client, "GUILD_CREATE", 2)
        club.kick_bot()
        await told(client, "GUILD_DELETE")
        names = [guild.name for guild in client.guilds]
        club.invite_bot()
        await told(client, "GUILD_CREATE", 3)

    assert ["The Hawk Club"] == names


async def test_members_are_asked_for(club: Discord) -> None:
    """GUILD_CREATE names only the bot; the rest comes in chunks, to those who may."""
    client = Client(discord.Intents(guilds=True, members=True))
    async with connected(club, client):
        (guild,) = client.guilds
        names = sorted(each.name for each in guild.members)
        (found,) = await guild.query_members("bo")

    assert ["Parley", "alice", "bob", "keeper"] == names
    assert "bob" == found.name


async def test_a_busy_start_is_told_to_begin_again(club: Discord) -> None:
    """Two sessions within five seconds: the second gets op 9, waits, and comes."""
    club.rules.identify_seconds = 0.1
    async with connected(club):
        second = Client()
        async with connected(club, second):
            assert 2 <= club.counts.identifies

    assert 2 == club.rules.starts_per_day - club.gateway.starts.remaining


async def test_an_http_error_is_retried_by_the_library(club: Discord) -> None:
    """A planned fault strikes the named call once; the second attempt comes through."""
    club.faults.plan(Fault("POST /channels/{channel_id}/messages", status=502, body={"message": "bad gateway"}))
    async with connected(club) as client:
        await client.sendable(club.channel("general").id).send("at last")

    assert ["at last"] == club.texts("general")
    assert 2 == club.counts.calls["POST /channels/{channel_id}/messages"]


async def test_a_lost_answer_leaves_the_message(club: Discord) -> None:
    """The bot cannot know whether it was posted; the nonce makes the repetition harmless."""
    club.faults.plan(Fault("POST /channels/{channel_id}/messages", lose_reply=True))
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        with pytest.raises(aiohttp.ClientError):
            await channel.send("once", nonce="turn-1")
        message = await channel.send("once", nonce="turn-1")

    assert [message.id] == [each.id for each in club.messages("general")]


def identify(club: Discord, **changes: Any) -> str:
    data = {"token": club.application.token, "intents": 513, "properties": {}, **changes}
    return json.dumps({"op": 2, "d": data})


@pytest.mark.parametrize(
    ("code", "query", "sent"),
    [
        (4012, "?v=6", []),
        (4002, "?v=10", ["not json"]),
        (4002, "?v=10", [json.dumps({"op": 1, "d": "x" * 4096})]),
        (4001, "?v=10", [json.dumps({"op": 99})]),
        (4003, "?v=10", [json.dumps({"op": 3, "d": {}})]),
        (4004, "?v=10", [{"token": "wrong"}]),
        (4004, "?v=10", [json.dumps({"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}})]),
        (4005, "?v=10", [{}, {}]),
        (4008, "?v=10", [json.dumps({"op": 1, "d": None})] * 121),
        (4010, "?v=10", [{"shard": [2, 2]}]),
        (4013, "?v=10", [{"intents": 1 << 17}]),
        (4013, "?v=10", [{"intents": None}]),
        (4014, "?v=10", [{"intents": 1 << 8}]),
    ],
)
async def test_what_may_not_be_sent_closes_the_connection(
    club: Discord, raw: Raw, code: int, query: str, sent: list[Any]
) -> None:
    """Each offence has its close code, and a client tells from it whether to come back."""
    async with raw.connect(query) as socket:
        for each in sent:
            await socket.send_str(each if isinstance(each, str) else identify(club, **each))
        while not socket.closed:
            await socket.receive(5)

    assert code == socket.close_code


async def test_a_heart_that_stops_ends_the_connection(club: Discord, raw: Raw) -> None:
    """Dead peers are dropped after an interval and a half."""
    club.rules.heartbeat_seconds = 0.02
    async with raw.connect() as socket:
        await socket.send_str(identify(club))
        while not socket.closed:
            await socket.receive(5)

    assert 4000 == socket.close_code
    assert not club.gateway.online


async def test_a_sequence_from_the_future_is_invalid(club: Discord, raw: Raw) -> None:
    """A client that counts wrongly cannot resume; one that counts right gets all that came after."""
    async with raw.connect() as socket:
        await socket.send_str(identify(club))
        ready = await _received(socket, "READY")
        await socket.close(code=4000)
    resume = {"token": club.application.token, "session_id": ready["session_id"]}
    async with raw.connect() as wrong, raw.connect() as right:
        await wrong.send_str(json.dumps({"op": 6, "d": {**resume, "seq": 99}}))
        while not wrong.closed:
            await wrong.receive(5)
        await right.send_str(json.dumps({"op": 6, "d": {**resume, "seq": 1}}))
        guild = await _received(right, "GUILD_CREATE")

    assert 4007 == wrong.close_code
    assert "The Owl Club" == guild["name"]


async def _received(socket: Any, name: str) -> Any:
    while True:
        packet = json.loads((await socket.receive(5)).data)
        if packet["t"] == name:
            return packet["d"]


async def test_the_starts_of_a_day_are_counted_and_end(club: Discord, raw: Raw) -> None:
    """Whoever starts too many sessions loses them all, and the token with them."""
    club.rules.starts_per_day, club.rules.identify_seconds = 1, 0
    limit = (await raw("GET", "/gateway/bot")).body["session_start_limit"]
    token = club.application.token
    async with raw.connect() as first, raw.connect() as second:
        await first.send_str(identify(club))
        await _received(first, "READY")
        await second.send_str(identify(club))
        for socket in (first, second):
            while not socket.closed:
                await socket.receive(5)

    assert (1, 1) == (limit["total"], limit["remaining"])
    assert (4004, 4004) == (first.close_code, second.close_code)
    assert token != club.application.token

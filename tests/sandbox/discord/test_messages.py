"""What the real client does with messages, and what it is told of them."""

import asyncio
import io

import discord
import pytest

from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from sandbox.discord.state import File, Kind
from tests.sandbox.discord.conftest import Client, connected, heard, shown, told
from tests.sandbox.pictures import png


async def test_a_person_speaks_and_the_bot_answers(club: Discord) -> None:
    """The smallest conversation there is."""
    async with connected(club) as client:
        said = await club.say("general", "alice", "Hello there")
        (message,) = await heard(client)
        await message.reply("Good evening")

    assert ("Hello there", "Alice", club.guild.id) == (message.content, message.author.display_name, message.guild.id)  # type: ignore[union-attr]
    answer = club.messages("general")[-1]
    assert ("Good evening", said.id) == (answer.content, answer.reference.message_id if answer.reference else 0)
    assert (said.author.id,) == answer.mentions


async def test_a_growing_answer_is_edited_in_place(club: Discord) -> None:
    """Streaming is one message and many edits; the text is kept verbatim, what others see has no spaces at its end."""
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        message = await channel.send("One")
        edited = await message.edit(content="One, two \n")
        fetched = await channel.fetch_message(message.id)

    assert ["One, two \n"] == club.texts("general")
    assert ("One, two", "One, two") == (edited.content, fetched.content)
    assert fetched.edited_at is not None


async def test_history_is_read_from_a_place_on(club: Discord) -> None:
    """After a restart the bot catches up with what was said meanwhile."""
    first, *rest = [await club.say("general", "bob", f"line {number}") for number in range(5)]
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        after = [each.content async for each in channel.history(after=discord.Object(first.id))]
        before = [each.content async for each in channel.history(limit=2)]
        around = [each.content async for each in channel.history(around=discord.Object(rest[1].id), limit=3)]

    assert ["line 1", "line 2", "line 3", "line 4"] == after
    assert ["line 4", "line 3"] == before
    assert ["line 3", "line 2", "line 1"] == sorted(around, reverse=True)


async def test_the_same_nonce_posts_once(club: Discord) -> None:
    """A send repeated after a lost answer must not say everything twice."""
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        first = await channel.send("only once", nonce="turn-1")
        second = await channel.send("only once", nonce="turn-1")
        other = await channel.send("another", nonce="turn-2")

    assert first.id == second.id != other.id
    assert ["only once", "another"] == club.texts("general")


async def test_a_nonce_of_a_deleted_message_is_an_unknown_message(club: Discord) -> None:
    """Whoever repeats a send must expect that somebody deleted it in between."""
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        first = await channel.send("gone", nonce="turn-1")
        await first.delete()
        with pytest.raises(discord.NotFound) as caught:
            await channel.send("gone", nonce="turn-1")

    assert 10008 == caught.value.code


async def test_files_travel_both_ways(club: Discord) -> None:
    """The CDN hands out exactly the bytes that were sent, names and descriptions included."""
    sent = bytes(range(256)) * 50 + b"\r\n\r"
    async with connected(club) as client:
        await club.say("general", "bob", "", files=[File("notes.txt", b"my notes", "text/plain")])
        (message,) = await heard(client)
        received = await message.attachments[0].read()
        file = discord.File(io.BytesIO(sent), "Grüße.bin", description="bytes")
        answer = await message.reply("here", file=file)
        kept = await answer.edit(content="still here")
        returned = await kept.attachments[0].read()
        bare = await answer.edit(attachments=[])

    assert b"my notes" == received
    assert sent == returned
    assert ("Grüße.bin", "bytes") == (answer.attachments[0].filename, answer.attachments[0].description)
    assert [] == bare.attachments


async def test_a_picture_is_known_by_its_size(club: Discord) -> None:
    """A client leaves room for it; what only says that it is a picture has none."""
    async with connected(club) as client:
        files = [discord.File(io.BytesIO(data), f"{number}.png") for number, data in enumerate((png(30, 20), b"png"))]
        sent = await client.sendable(club.channel("general").id).send(files=files)

    assert [(30, 20), (None, None)] == [(each.width, each.height) for each in sent.attachments]


async def test_voice_messages_and_stickers_have_no_text(club: Discord) -> None:
    """The bot has to say that it cannot read them, so it must be able to tell."""
    async with connected(club) as client:
        await club.say("general", "bob", "", files=[File("voice.ogg", b"OggS", "audio/ogg", seconds=1.5)])
        await club.say("general", "bob", "", stickers=["Wave"])
        voice, sticker = await heard(client, 2)

    assert voice.flags.voice
    assert 1.5 == voice.attachments[0].duration
    assert ["Wave"] == [each.name for each in sticker.stickers]


async def test_a_dm_comes_without_a_channel_event(club: Discord) -> None:
    """Since version 8 a bot hears of a DM with its first message; the library must make the channel itself."""
    async with connected(club) as client:
        await club.say(club.dm("bob"), "bob", "psst")
        (message,) = await heard(client)
        assert isinstance(message.channel, discord.DMChannel)
        await message.channel.send("yes?")

    assert "CHANNEL_CREATE" not in client.events
    assert ["yes?"] == club.texts(club.dm("bob"))
    assert Kind.DM is club.dm("bob").kind


async def test_the_bot_opens_a_dm_unless_it_is_blocked(club: Discord) -> None:
    """A person who blocked the bot cannot be written to."""
    club.block_bot("bob")
    async with connected(club) as client:
        alice = await client.fetch_user(club.people["alice"].id)
        bob = await client.fetch_user(club.people["bob"].id)
        await alice.send("hello")
        with pytest.raises(discord.Forbidden) as caught:
            await bob.send("hello")

    assert 50007 == caught.value.code
    assert ["hello"] == club.texts(club.dm("alice"))


async def test_without_a_common_guild_nobody_can_be_written_to(club: Discord) -> None:
    """The bot was thrown out; its DMs with the members stay, but nothing goes in."""
    async with connected(club) as client:
        alice = await client.fetch_user(club.people["alice"].id)
        club.kick_bot()
        with pytest.raises(discord.Forbidden) as caught:
            await alice.send("hello")

    assert 50278 == caught.value.code
    assert "GUILD_DELETE" in client.events


async def test_missing_access_and_missing_permissions_differ(club: Discord) -> None:
    """A channel that the bot cannot see, and one in which it may not write."""
    private = club.add_channel("stewards", private=True)
    club.deny("random", Permission.SEND_MESSAGES)
    async with connected(club) as client:
        codes = []
        for number in (private.id, club.channel("random").id):
            with pytest.raises(discord.Forbidden) as caught:
                await client.sendable(number).send("hello")
            codes.append(caught.value.code)

    assert [50001, 50013] == codes


async def test_what_the_bot_cannot_see_it_does_not_hear(club: Discord) -> None:
    """No event of a channel without VIEW_CHANNEL reaches the bot, until somebody lets it in."""
    private = club.add_channel("stewards", private=True)
    async with connected(club) as client:
        await club.say(private, "alice", "a secret")
        club.allow(private, Permission.VIEW_CHANNEL)
        await club.say(private, "alice", "no secret")
        (message,) = await heard(client)

    assert "no secret" == message.content


async def test_threads_are_opened_by_both_sides(club: Discord) -> None:
    """A thread from a message has its id; the system messages that come with threads are nobody's question."""
    async with connected(club) as client:
        question = await club.say("general", "alice", "A long story?")
        (message,) = await heard(client)
        thread = await message.create_thread(name="The story")
        await thread.send("Once upon a time")
        theirs = await club.open_thread("general", "bob", "Owls only")
        await club.say(theirs, "bob", "Hoot")
        *_, starter, opened, hoot = await heard(client, 4)

    assert [discord.MessageType.thread_starter_message, discord.MessageType.thread_created] == [
        starter.type,
        opened.type,
    ]
    assert question.id == thread.id
    assert ["Once upon a time"] == club.texts(thread.id)
    assert isinstance(hoot.channel, discord.Thread)
    assert (theirs.id, club.channel("general").id) == (hoot.channel.id, hoot.channel.parent_id)


async def test_an_archived_thread_wakes_up_unless_it_is_locked(club: Discord) -> None:
    """Writing brings an archived thread back; editing in one is refused, and so is writing in a locked one."""
    async with connected(club) as client:
        thread = await club.open_thread("general", "alice", "Owls")
        message = await client.sendable(thread.id).send("first")
        club.archive(thread)
        with pytest.raises(discord.HTTPException) as frozen:
            await message.edit(content="changed")
        await client.sendable(thread.id).send("second")
        assert thread.thread is not None
        awake = not thread.thread.archived
        club.archive(thread, locked=True)
        with pytest.raises(discord.HTTPException) as locked:
            await client.sendable(thread.id).send("third")

    assert (50083, 160005) == (frozen.value.code, locked.value.code)
    assert awake
    assert ["first", "second"] == club.texts(thread)


async def test_typing_shows_on_both_sides(club: Discord) -> None:
    """The bot shows that it works; people's typing reaches a bot that asked for it."""
    client = Client(discord.Intents(guilds=True, guild_messages=True, guild_typing=True))
    with club.watch("alice") as screen:
        async with connected(club, client):
            await client.sendable(club.channel("general").id).typing()
            await club.begin_typing("general", "bob")
            await told(client, "TYPING_START", 2)

    assert ["Parley", "bob"] == [each["user"]["username"] for each in shown(screen) if "typing" == each["type"]]


async def test_reactions_are_told(club: Discord) -> None:
    """A thumb under an answer is an event of its own."""
    async with connected(club) as client:
        message = await client.sendable(club.channel("general").id).send("An answer")
        got = asyncio.create_task(client.wait_for("raw_reaction_add", timeout=5))
        await asyncio.sleep(0)
        await club.react("general", "bob", message.id, "👍")
        event = await got
        await message.add_reaction("🦉")
        await message.remove_reaction("🦉", client.user)  # type: ignore[arg-type]

    assert (club.people["bob"].id, "👍") == (event.user_id, event.emoji.name)
    assert {"👍": (club.people["bob"].id,)} == club.message("general", message.id).reactions


async def test_a_preview_is_an_update_that_nobody_made(club: Discord) -> None:
    """A bot that answers edits must not answer the preview of a link."""
    async with connected(club) as client:
        said = await club.say("general", "alice", "see https://example.com")
        await club.unfurl("general", said)
        await club.edit("general", "alice", said, "see https://example.com now")
        await told(client, "MESSAGE_UPDATE", 2)

    preview, edit = client.edits
    assert (None, 1) == (preview.data["edited_timestamp"], len(preview.data["embeds"]))
    assert edit.data["edited_timestamp"] is not None


async def test_deleted_messages_and_channels_are_gone(club: Discord) -> None:
    """Editing what somebody deleted says so, and so does writing where nothing is any more."""
    async with connected(club) as client:
        channel = client.sendable(club.channel("random").id)
        message = await channel.send("short-lived")
        await club.delete("random", "alice", message.id)
        with pytest.raises(discord.NotFound) as gone:
            await message.edit(content="still here?")
        club.remove_channel("random")
        with pytest.raises(discord.NotFound) as nowhere:
            await channel.send("anybody?")

    assert (10008, 10003) == (gone.value.code, nowhere.value.code)


async def test_mentions_are_what_is_allowed(club: Discord) -> None:
    """A model that writes @everyone must not wake everyone."""
    bob = club.people["bob"]
    async with connected(club) as client:
        channel = client.sendable(club.channel("general").id)
        await channel.send(f"@everyone {bob.mention}")
        await channel.send(f"@everyone {bob.mention}", allowed_mentions=discord.AllowedMentions.none())
        only = discord.AllowedMentions(everyone=False, users=[discord.Object(bob.id)])
        await channel.send(f"@everyone {bob.mention}", allowed_mentions=only)
        club.deny("general", Permission.MENTION_EVERYONE)
        await channel.send("@everyone")

    found = [(each.mention_everyone, each.mentions) for each in club.messages("general")]
    assert [(True, (bob.id,)), (False, ()), (False, (bob.id,)), (False, ())] == found

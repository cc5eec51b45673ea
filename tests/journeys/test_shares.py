"""Keys and quotas as people meet them: given in Discord, used in Telegram, asked for, warned of, taken away."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from adapters import tenure
from adapters.pace import Rule
from adapters.telegram import client as telegram_client
from bot.amounts import dollars
from bot.chat import Key, Origin
from bot.turn import turn_id
from sandbox.discord import places
from sandbox.discord.state import Channel
from sandbox.openai.script import say
from sandbox.pictures import kind_of, size_of
from sandbox.redis_server import RedisServer, redis_server
from tests.journeys.stage import PATIENCE, DiscordSeat, TelegramSeat, answers, discord_buttons, telegram_buttons
from tests.journeys.town import ID, KEY, SHARED, Town, in_town


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to wait for a pace, or long for another process."""
    monkeypatch.setattr(tenure, "ROUNDS", 75)
    for rules in ("PRIVATE", "GROUP"):
        monkeypatch.setattr(telegram_client, rules, (Rule(1_000, 1.0),))


@pytest_asyncio.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with redis_server("--appendonly", "yes") as server:
        yield server


def other_server(town: Town) -> Channel:
    """A channel of another server, in which Alice is, on the other of two shards."""
    guild = town.discord.add_guild("The Bat Club", number=((town.discord.guild.id >> 22) + 1) << 22)
    town.discord.add_person("Alice", guild, steward=True)
    return town.discord.add_channel("attic", guild)


# Keys.


async def test_a_key_is_issued_in_discord_and_spent_in_both(tmp_path: Path) -> None:
    """One share, two platforms: both end at the same point, and say which limit it was and when there is more."""
    async with in_town(tmp_path, quotas={"user": ["1 question per day"], "community": SHARED}) as town:
        await town.issue(limit="4 questions per day")
        key = await town.show()
        assert "Done: until" in (await town.slash("redeem", key=key)).content
        assert "Done: until" in (await town.write(key)).text

        said = [await town.ask(), (await town.write("Why?")).text, await town.ask(), (await town.write("Why?")).text]
        assert 4 == sum(text.startswith("Hoo.") for text in said)
        refusals = [await town.ask(), (await town.write("Why?")).text]
        assert 4 == town.openai.books.calls
        for refusal in refusals:
            assert re.fullmatch(
                r"Your key has used its 4 questions a day\. More comes in \d+ (h|min|s)( \d+ min)?\.", refusal
            )


async def test_a_key_is_seen_by_nobody_else(tmp_path: Path) -> None:
    """Neither by the rest of the room, nor by whoever issued it."""
    async with in_town(tmp_path) as town:
        bob = town.discord.people["bob"]
        issued = await town.slash("key issue", user=bob, limit="10k")
        shown = await town.slash("key show", "bob")

        assert KEY.search(shown.content)
        assert shown.ephemeral
        assert not KEY.search(issued.content)
        for who in ("alice", None):
            assert not any(KEY.search(text) for text in town.discord.texts("general", who))
        assert "no key for you" in (await town.slash("key show", "alice", id=ID.findall(issued.content)[0])).content
        assert "no key for you" in (await town.slash("key show", "bob")).content


async def test_a_key_is_used_from_the_letter_that_brings_it(tmp_path: Path) -> None:
    """Nobody has to copy anything where they are known."""
    async with in_town(tmp_path) as town:
        bob = town.discord.people["bob"]
        await town.slash("key issue", user=bob, limit="2 questions per day")
        dm = town.discord.dm(bob)
        await town.discord.wait_until(lambda: town.discord.messages(dm), PATIENCE)
        (letter,) = town.discord.messages(dm)

        assert "There is a key for you: 2 questions a day." in letter.content
        assert "Done" in await town.press(letter, "Use it here", "bob")
        assert "2 questions left" in (await town.slash("quota show", "bob")).content


async def test_a_key_is_redeemed_in_telegram_by_command(tmp_path: Path) -> None:
    async with in_town(tmp_path, quotas={"key_needed": True, "community": SHARED}) as town:
        await town.issue(limit="10k")
        key = await town.show()
        typo = key[:-1] + ("a" if key[-1] != "a" else "b")

        assert "You need a key" in (await town.write("Why?")).text
        assert "typo" in (await town.write(f"/redeem {typo}")).text
        assert "Done: until" in (await town.write(f"/redeem {key}")).text
        assert "Hoo." == (await town.write("Why?")).text


async def test_a_key_for_one_person_serves_one_account_on_each_platform(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        await town.issue(limit="10k")
        key = await town.show()
        assert "Done" in (await town.write(key, "bob")).text

        assert "does not work here" in (await town.write(key, "alice")).text
        assert "does not work here" in (await town.slash("redeem", "bob", key=key)).content
        assert "Done" in (await town.slash("redeem", key=key)).content


async def test_a_revoked_key_is_refused_at_once_in_every_process(tmp_path: Path, redis: RedisServer) -> None:
    """The next question after the revocation is refused, whoever hears it."""
    changes = {"discord": {"processes": 2}, "quotas": {"key_needed": True, "community": SHARED}}
    async with in_town(tmp_path, redis, **changes) as town, town.another_process():
        attic = other_server(town)
        await town.discord.wait_until(lambda: len(town.discord.gateway.connections) == 2, PATIENCE)
        id = await town.issue(limit="10k")
        key = await town.show()
        await town.write(key)
        await town.slash("redeem", key=key)
        assert ["Hoo.", "Hoo.", "Hoo."] == [await town.ask(), await town.ask(where=attic), (await town.write("?")).text]

        assert "revoked" in (await town.slash("key revoke", id=id)).content
        said = [await town.ask(), await town.ask(where=attic), (await town.write("?")).text]
        assert all("Your key was revoked" in text for text in said), said
        assert 3 == town.openai.books.calls


async def test_a_client_issues_to_its_own_users_only(tmp_path: Path) -> None:
    """It does not even learn which other keys there are."""
    async with in_town(tmp_path) as town:
        bob, carol = town.discord.people["bob"], town.discord.add_person("Carol")
        assert "may issue keys" in (await town.slash("client add", user=bob, limit="1 question per day")).content
        theirs = await town.issue(user=bob, limit="10k", name="secret-plans")
        issued = (await town.slash("key issue", "bob", user=carol, limit="1M")).content
        own = ID.findall(issued)[0]

        listed = (await town.slash("key list", "bob")).content
        assert own in listed
        assert theirs not in listed
        for command in ("key revoke", "key rotate"):
            assert "There is no key" in (await town.slash(command, "bob", id=theirs)).content
        offered = await town.discord.autocomplete("general", "bob", "key revoke", "id", "")
        assert [own] == [each["value"] for each in offered]
        assert [] == await town.discord.autocomplete(town.discord.dm(carol), carol, "key revoke", "id", "")
        await town.slash("redeem", carol, key=await town.show(carol))
        assert (await town.ask(who=carol)).startswith("Hoo.")
        assert "whoever gave you yours" in await town.ask(who=carol)
        assert "is revoked" in (await town.slash("key revoke", "bob", id=own)).content


@pytest.mark.parametrize("said", ["/ask@{bot} Is {key} good?", "/redeem@{bot} {key}", "/key@{bot} {key}"])
async def test_a_key_said_before_others_is_revoked(tmp_path: Path, said: str) -> None:
    """On both platforms, and all whom it concerns are told: who issued it, whose it is, who redeemed it."""
    async with in_town(tmp_path, quotas={"key_needed": True, "community": SHARED}) as town:
        bob = town.discord.people["bob"]
        id = await town.issue(user=bob, limit="10k")
        key = await town.show("bob")
        assert "Done" in (await town.write(key, "bob")).text
        await town.write(said.format(key=key, bot=town.telegram.bot.username), "bob", town.telegram.club)
        revoked = f"Your key `{id}` was shown where others could read it, so it works no longer."
        await town.discord.wait_until(
            lambda: revoked in " ".join(town.letters("alice")) and revoked in " ".join(town.letters("bob")), PATIENCE
        )
        await town.telegram.wait_until(lambda: any("shown where others" in text for text in town.said("bob")), PATIENCE)

        assert "was revoked" in (await town.write("Why?", "bob")).text
        assert 0 == town.openai.books.calls


async def test_a_key_said_in_a_channel_is_revoked(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        id = await town.issue(limit="10k")
        key = await town.show()
        await DiscordSeat(town.discord).say(f"Is {key} a good key?", "bob")
        *_, answer = await answers(DiscordSeat(town.discord), 3)

        assert f"`{id}` works no longer. Please delete your message." in answer.text
        assert any("so it works no longer" in text for text in town.letters("alice"))
        assert "was revoked" in (await town.slash("redeem", key=key)).content


# Asking for more.


async def test_a_request_is_approved_in_a_channel(tmp_path: Path) -> None:
    """By somebody who runs the place; once, however often it is pressed; and the asker is told in private."""
    async with in_town(tmp_path) as town:
        bob = town.discord.people["bob"]
        await town.slash("quota set", user=bob, limit="1 question per day")
        await town.ask(who="bob")
        assert "You have used your 1 question a day" in await town.ask(who="bob")
        asked = await town.slash("request", "bob", limit="1 question per day", why="homework")
        assert "Bob asks for 1 question a day more. “homework”" in asked.content
        assert not asked.ephemeral

        assert "/approve is for the people who run this server" in await town.press(asked, "Give it", "bob")
        assert "Bob has 1 question more now." == await town.press(asked, "Give it")
        assert "approved already" in await town.press(asked, "Give it")
        assert "approved already" in await town.press(asked, "Decline")
        assert ["You were given 1 question more: what you asked for."] == town.letters("bob")
        assert (await town.ask(who="bob")).startswith("Hoo.")
        assert "You have used your 2 questions a day" in await town.ask(who="bob")


async def test_a_request_is_approved_in_a_group(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        club, bot = town.telegram.club, town.telegram.bot.username
        bob = town.person("bob")
        set_words = f"/quota@{bot} set 1 question per day user={bob.id}"
        assert "1 question a day" in (await town.write(set_words, "alice", club)).text
        await town.write(f"/ask@{bot} Why?", "bob", club)
        asked = await town.write(f"/request@{bot} 1 question per day", "bob", club)
        assert "Bob asks for 1 question a day more." in asked.text

        assert "is for the people who run" in await town.tap(asked, "Give it", "bob")
        assert "Bob has 1 question more now." == await town.tap(asked, "Give it")
        assert "approved already" in await town.tap(asked, "Give it")
        await town.telegram.wait_until(lambda: town.said("bob"), PATIENCE)
        assert ["You were given 1 question more: what you asked for."] == town.said("bob")
        assert (await town.write(f"/ask@{bot} Why?", "bob", club)).text.startswith("Hoo.")


async def test_a_request_is_declined_and_its_asker_told(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        asked = await town.slash("request", "bob", limit="1M")

        assert "Declined." == await town.press(asked, "Decline")
        assert ["You asked for 1M more: not now."] == town.letters("bob")
        assert "declined already" in await town.press(asked, "Give it")


async def test_nobody_gives_what_is_not_theirs_to_give(tmp_path: Path) -> None:
    """What each user has in all is the owner's affair; an admin who pressed in vain is told so, not thanked."""
    async with in_town(tmp_path, quotas={"user": ["1 question per day"], "community": SHARED}) as town:
        await town.ask(who="bob")
        asked = await town.slash("request", "bob", limit="1 question per day")

        assert "only the owner can raise" in await town.press(asked, "Give it")
        assert [] == town.letters("bob")
        assert "You have used your 1 question a day" in await town.ask(who="bob")


async def test_nobody_approves_their_own_request_in_private(tmp_path: Path) -> None:
    """An app of one's own making can send any button's data, and in a private chat everybody runs the place."""
    async with in_town(
        tmp_path, owners=["discord:1"], quotas={"user": ["1 question per day"], "community": SHARED}
    ) as town:
        alice = town.person("alice")
        await town.write("Why?")
        hello = await town.write("/request 5 questions per day")
        said = next(each for each in reversed(town.telegram.messages(alice)) if each.sender == alice)
        where = Key("telegram", str(town.telegram.bot.id), "", str(alice.id), "", str(alice.id))
        request = turn_id(Origin(where, f"m{said.id}", "Alice", datetime.now(UTC)))
        toast = await town.telegram.press(alice, alice, hello.id, f"approve:{request}", stale=True)

        assert toast is not None
        assert "/approve is for the owner of this bot only." == toast.text
        assert "used your 1 question a day" in (await town.write("Why?")).text


# What is left.


async def test_what_is_left_is_shown(tmp_path: Path) -> None:
    """To whoever asked alone: where a platform cannot whisper, in private."""
    async with in_town(tmp_path, quotas={"user": ["5 questions per day"]}) as town:
        await town.ask()
        shown = await town.slash("quota show")
        in_group = await town.write(f"/quota@{town.telegram.bot.username}", place=town.telegram.club)

        assert re.search(r"▰▰▱{8} 4 questions left of 5 questions a day, more in \d+ ", shown.content)
        assert shown.ephemeral
        assert [] == [text for text in town.discord.texts("general", "bob") if "left of" in text]
        assert "I have written to you in private." == in_group.text
        assert "▱▱▱▱▱▱▱▱▱▱ 5 questions left of 5 questions a day" in town.said("alice")[-1]


async def test_nearly_used_up_is_said_once_and_all_used_up_once(tmp_path: Path) -> None:
    async with in_town(
        tmp_path, quotas={"user": ["5 questions per day"], "community": ["10 questions per day"]}
    ) as town:
        said = [await town.ask(where=("general", "random")[number % 2]) for number in range(5)]

        assert [0, 0, 0, 1, 1] == [text.count("You have used") for text in said]
        assert "You have used 80 % of your 5 questions a day. More comes in " in said[3]
        assert "You have used all of your 5 questions a day. More comes in " in said[4]


async def test_an_answer_is_shortened_to_what_is_left(tmp_path: Path) -> None:
    """The provider is told how long it may get, so that nobody takes more than there is."""
    async with in_town(tmp_path, quotas={"user": ["500 tokens per day"], "community": SHARED}) as town:
        town.openai.otherwise(say("a " * 3_000))
        answer = await town.ask()
        (asked,) = town.openai.books.requests
        (bill,) = town.openai.books.invoice

        assert 256 <= asked["max_tokens"] < 500
        assert bill.total <= 500
        assert "The answer reached its length limit here." in answer
        left = 500 - bill.total
        assert f"{left} tokens left of 500 tokens a day" in (await town.slash("quota show")).content
        assert f"You have {left} tokens left of your 500 tokens a day: too little" in await town.ask()


async def test_a_burst_of_sixty_on_a_quota_of_five_admits_five(tmp_path: Path, redis: RedisServer) -> None:
    """From two servers that two processes hear, and from Telegram, all on one key."""
    changes = {"discord": {"processes": 2}, "scope": "reply", "limits": {"waiting": 100}}
    async with in_town(tmp_path, redis, **changes) as town, town.another_process():
        other_server(town)
        await town.discord.wait_until(lambda: len(town.discord.gateway.connections) == 2, PATIENCE)
        await town.issue(limit="5 questions per day")
        key = await town.show()
        await town.write(key)
        await town.slash("redeem", key=key)
        guilds = list(town.discord.world.guilds.values())
        rooms = [town.discord.add_channel(f"room-{number}", guilds[number % 2]) for number in range(20)]

        for number in range(20):
            await town.telegram.say(town.telegram.club, town.person("alice"), f"/ask@{town.telegram.bot.username} Why?")
            for room in (rooms[number], rooms[(number + 7) % 20]):
                await town.discord.slash(room, "alice", "ask", {"prompt": "Why?"})

        def said_there() -> list[str]:
            shown = [message for room in rooms for message in DiscordSeat(town.discord, room).shown()]
            return [message.text for message in shown if message.final]

        def said_here() -> list[str]:
            return [message.text for message in TelegramSeat(town.telegram).shown() if message.final]

        await town.discord.wait_until(lambda: len(said_there()) == 40, PATIENCE)
        await town.telegram.wait_until(lambda: len(said_here()) == 20, PATIENCE)
        said = [*said_there(), *said_here()]
        assert {(0, 2), (1, 2)} == {
            (line.session.shard, line.session.shards) for line in town.discord.gateway.connections if line.session
        }
        assert 5 == town.openai.books.calls
        assert 5 == sum(text.startswith("Hoo.") for text in said)
        assert 55 == sum("Your key has used its 5 questions a day" in text for text in said)


# Figures.


async def test_a_community_sees_what_it_used_in_a_picture(tmp_path: Path) -> None:
    """As an attachment in Discord; two members of one name are two."""
    async with in_town(tmp_path) as town:
        twin = town.discord.world.add_user("Bob")
        places.join(town.discord.world, town.discord.guild, twin, steward=False)
        for who in ("alice", "bob", "bob", twin):
            await town.ask("Why is the sky blue?", who)
        shown = await town.slash("usage", of="community")
        (attached,) = shown.attachments

        bills = town.openai.books.invoice
        tokens, cost = sum(bill.total for bill in bills), sum(bill.prompt + 2 * bill.completion for bill in bills)
        assert f"4 questions, {tokens:,} tokens, {dollars(cost)}" in shown.content
        bob = town.discord.people["bob"]
        for name, own in (("Alice", bills[:1]), (f"Bob ({bob.id})", bills[1:3]), (f"Bob ({twin.id})", bills[3:])):
            assert re.search(rf"{re.escape(name)} .* {len(own)} .* {sum(bill.total for bill in own)} ", shown.content)
        assert "image/png" == kind_of(attached.file.data)
        assert min(size_of(attached.file.data)) > 300
        assert shown.ephemeral
        (tmp_path / "usage.png").write_bytes(attached.file.data)


async def test_who_runs_a_group_sees_what_it_used_in_a_photo(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        club, bot = town.telegram.club, town.telegram.bot.username
        await town.write(f"/ask@{bot} Why?", "alice", club)
        await town.write(f"/ask@{bot} Why?", "bob", club)
        assert "written to you" in (await town.write(f"/usage@{bot} community", "alice", club)).text
        shown = town.telegram.answers(town.person("alice"))[-1]
        photo = town.telegram.world.files.by_id[shown.media["photo"][-1]["file_id"]]

        tokens = sum(bill.total for bill in town.openai.books.invoice)
        assert f"2 questions, {tokens:,} tokens" in shown.text
        assert "image/png" == kind_of(photo.data)
        refused = await town.write(f"/usage@{bot} community", "bob", club)
        assert "is for the people who run" in refused.text


# Who may.


async def test_a_member_who_gives_an_admins_command_is_told_who_can(tmp_path: Path) -> None:
    """In a channel, in a group, and in private, where nobody becomes an admin by being alone."""
    async with in_town(tmp_path) as town:
        club, bot, alice = town.telegram.club, town.telegram.bot.username, town.person("alice")
        assert (
            "/key issue is for those who issue keys here only."
            == (await town.slash("key issue", "bob", limit="1M")).content
        )
        assert (
            "/quota set is for the people who run this server or group only."
            == (await town.slash("quota set", "bob", limit="1M")).content
        )
        for line in (f"ban {alice.id}", f"quota set {alice.id} 1M", "key list", f"client add {alice.id} 1M", "audit"):
            word, _, rest = line.partition(" ")
            said = (await town.write(f"/{word}@{bot} {rest}", "bob", club)).text
            assert re.search("is for (the people who run|those who issue)", said), said
            said = (await town.write(f"/{line}", "bob")).text
            assert re.search("is for (the owner|those who issue)|in a server or a group", said), said


async def test_who_is_banned_gets_no_answers_until_unbanned(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        bob, bot = town.discord.people["bob"], town.telegram.bot.username
        await town.slash("ban", user=bob)
        assert "I was asked to give you no answers." in await town.ask(who="bob")
        await town.slash("unban", user=bob)
        assert "Hoo." == await town.ask(who="bob")
        await town.write(f"/ban@{bot} {town.person('bob').id}", place=town.telegram.club)
        banned = await town.write(f"/ask@{bot} Why?", "bob", town.telegram.club)

        assert "I was asked to give you no answers." in banned.text
        assert not telegram_buttons(banned.keyboard)
        assert (
            "gets answers again"
            in (await town.write(f"/unban@{bot} {town.person('bob').id}", place=town.telegram.club)).text
        )
        assert 1 == town.openai.books.calls


# A store that is away.


async def test_nothing_is_free_while_the_store_is_away(tmp_path: Path, redis: RedisServer) -> None:
    """What is asked meanwhile waits or is refused; an answer under way is charged when the store is back."""
    async with in_town(tmp_path, redis, quotas={"user": ["3 questions per day"], "community": SHARED}) as town:
        town.openai.queue(say("one two three four", rate=4.0))
        under_way = await town.discord.slash("general", "alice", "ask", {"prompt": "Slowly?"})
        await town.discord.wait_until(lambda: town.openai.books.open, PATIENCE)
        await redis.kill()
        await town.telegram.say(town.person("bob"), town.person("bob"), "And me?")
        refused = await town.discord.slash("general", "alice", "ask", {"prompt": "Now?"})
        await town.discord.wait_until(lambda: town.discord.response(refused), PATIENCE)
        sentence = town.discord.response(refused)
        assert sentence is not None
        assert "I cannot reach my memory right now. Please try again in a minute." == sentence.content
        assert 1 == town.openai.books.calls
        await redis.start()

        def is_answered() -> bool:
            answer = town.discord.response(under_way)
            words = "" if answer is None else answer.content  # those of a second beginning, if the first was lost
            return words.endswith(("four", "Hoo.")) and answer is not None and "Stop" not in discord_buttons(answer)

        await town.discord.wait_until(is_answered, PATIENCE)
        await town.telegram.wait_until(lambda: town.said("bob") == ["Hoo."], PATIENCE)
        assert "2 questions left of 3" in (await town.slash("quota show")).content
        assert "2 questions left of 3" in (await town.write("/quota", "bob")).text

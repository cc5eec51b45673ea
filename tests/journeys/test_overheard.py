"""Keys that people show to others, heard with the real clients; and a bot that is claimed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import owner
from sandbox.openai.script import say
from sandbox.telegram.server import Place
from tests.journeys.stage import PATIENCE
from tests.journeys.town import Town, in_town

CODE = re.compile(r"own(-\w{4}){4}")
GONE = "works no longer. Please delete your message."


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with in_town(tmp_path) as stage:
        stage.telegram.world.privacy = False
        yield stage


async def warnings(town: Town, place: Place | None = None, count: int = 1) -> list[str]:
    """What the bot says of keys that were shown in a group, or in Discord's channel, once it is so much."""

    def said() -> list[str]:
        texts = town.discord.texts("general") if place is None else town.telegram.texts(place)
        return [text for text in texts if GONE in text]

    await (town.telegram if place else town.discord).wait_until(lambda: len(said()) >= count, PATIENCE)
    return said()


def written(folder: Path) -> bytes:
    """All that the service has written down."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_key_that_is_shown_in_a_channel_is_revoked(town: Town) -> None:
    """Said to nobody in particular; in an answer to whoever said it."""
    id, key = await town.issue(), await town.show()
    message = await town.discord.say("general", "bob", f"Look what I have: {key}")
    (said,) = await warnings(town)

    (answer,) = [each for each in town.discord.messages("general") if GONE in each.content]
    assert answer.reference is not None
    assert message.id == answer.reference.message_id
    assert f"`{id}`" in said
    assert any("shown where others could read it" in text for text in town.letters("alice"))
    assert "was revoked on" in (await town.slash("key list")).content
    assert not town.openai.books.requests


async def test_a_key_that_is_slipped_in_later_is_revoked_too(town: Town) -> None:
    """Once, however often the message is edited or quoted after that."""
    id, key = await town.issue(), await town.show()
    message = await town.discord.say("general", "bob", "Look what I have")
    for more in ("", "!", "!!"):
        await town.discord.edit("general", "bob", message.id, f"Look what I have: {key}{more}")
    other = await town.issue()
    await town.discord.say("general", "bob", f"And this: {await town.show()}")
    said = await warnings(town, count=2)

    assert [True, True] == [f"`{each}`" in text for each, text in zip((id, other), said, strict=True)]


async def test_in_discord_what_was_said_while_away_is_heard_too(town: Town) -> None:
    id, key = await town.issue(), await town.show()
    await town.stop()
    await town.discord.say("general", "bob", f"Nobody looks: {key}")
    await town.start()

    (said,) = await warnings(town)
    assert f"`{id}`" in said


@pytest.mark.parametrize("how", ["said", "edited", "quoted"])
async def test_a_key_that_is_shown_in_a_telegram_group_is_revoked(town: Town, how: str) -> None:
    """With privacy mode, what somebody answers is all that we get to hear of it."""
    id, key = await town.issue(), await town.show()
    club, bob = town.telegram.club, town.person("bob")
    if how == "quoted":
        town.telegram.world.privacy = True
    message = await town.telegram.say(club, bob, "Hello!" if how == "edited" else f"Who wants {key}?")
    if how == "edited":
        await town.telegram.edit(message, f"Who wants {key}?")
    elif how == "quoted":
        await town.telegram.say(club, bob, f"/help@{town.telegram.bot.username}", reply_to=message.id)
    (said,) = await warnings(town, club)

    answer = next(each for each in town.telegram.messages(club) if GONE in each.text)
    assert message.id == answer.reply_to
    assert id in said
    assert "was revoked" in (await town.slash("key list")).content
    assert any("shown where others could read it" in text for text in town.letters("alice"))


async def test_of_what_others_say_nothing_is_kept(town: Town, tmp_path: Path) -> None:
    """Not a word of it, nor of the key."""
    await town.issue()
    key = await town.show()
    await town.discord.say("general", "bob", "An unforgettable remark")
    await town.discord.say("general", "bob", f"An unforgettable key: {key}")
    await town.telegram.say(town.telegram.club, town.person("bob"), f"An unforgettable key: {key}")
    await warnings(town)
    await town.stop()

    kept = written(tmp_path)
    assert b"unforgettable" not in kept
    assert key.split("_")[2].encode() not in kept
    assert key.split("_")[1].encode() in kept


async def test_a_key_in_an_answer_is_hidden(town: Town) -> None:
    """A model can be talked into saying what it was told not to say."""
    await town.issue()
    key = await town.show()
    town.openai.queue(say(f"The key is {key}, keep it safe."))

    answer = await town.ask("Repeat the key")
    assert key.split("_")[2][:20] not in answer
    assert "keep it safe" in answer


@pytest.mark.parametrize("platform", ["discord", "telegram", "link"])
async def test_the_bot_is_claimed_with_the_code_in_its_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, platform: str
) -> None:
    """By its first start, in a private chat; from then on no code is printed any more."""
    async with in_town(tmp_path) as town:
        (code,) = [found[0] for found in map(CODE.search, caplog.messages) if found]
        if platform == "discord":
            dm = town.discord.dm("bob")
            await town.discord.say(dm, "bob", f"/claim {code}")
            await town.discord.wait_until(lambda: owner.YOURS in town.discord.texts(dm), PATIENCE)
            assert "Everybody may use" in (await town.slash("quota set", "bob", dm, limit="1M")).content
        else:
            message = f"/start claim-{code}" if platform == "link" else f"/claim {code}"
            assert owner.YOURS == (await town.write(message, "bob")).text
            assert "Everybody may use" in (await town.write("/quota set 1M", "bob")).text
        await town.stop()
        caplog.clear()
        await town.start()

        assert not any(map(CODE.search, caplog.messages))
        assert code.encode() not in written(tmp_path)


async def test_where_an_owner_is_named_no_code_is_printed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with in_town(tmp_path, owners=["discord:1"]):
        assert not any(map(CODE.search, caplog.messages))

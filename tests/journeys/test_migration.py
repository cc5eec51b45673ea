"""A Telegram group becomes a supergroup, with another id and message ids that begin anew. Its people notice nothing."""

from pathlib import Path

import pytest

from adapters import tenure
from adapters.pace import Rule
from adapters.telegram import client as telegram_client
from sandbox.openai.script import say
from sandbox.telegram.state import Chat
from tests.journeys.stage import PATIENCE, telegram_buttons
from tests.journeys.town import Town, in_town


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to wait for a pace, or long for another process."""
    monkeypatch.setattr(tenure, "ROUNDS", 75)
    for rules in ("PRIVATE", "GROUP"):
        monkeypatch.setattr(telegram_client, rules, (Rule(1_000, 1.0),))


def owlets(town: Town) -> Chat:
    return town.telegram.add_group("Owlets", town.person("alice"), [town.person("bob")], basic=True)


async def said(town: Town, place: Chat, line: str, who: str = "alice") -> str:
    """Give a command to the bot among others, and return its answer."""
    word, _, rest = line.partition(" ")
    return (await town.write(f"{word}@{town.telegram.bot.username} {rest}", who, place)).text


async def heard(town: Town) -> None:
    """Wait until the bot has acknowledged every update."""
    await town.telegram.wait_until(lambda: not town.telegram.updates.pending and town.telegram.updates.polled, PATIENCE)


async def upgraded(town: Town, group: Chat, when: str) -> Chat:
    """The supergroup, with the service running in the end."""
    if when == "while we are away":
        await town.stop()
    place = await town.telegram.upgrade(group, town.person("alice"))
    if when == "before a restart":
        await heard(town)
        await town.stop()
    if when != "while we run":
        await town.start()
    return place


@pytest.mark.parametrize("when", ["while we run", "before a restart", "while we are away"])
async def test_a_group_that_becomes_a_supergroup_keeps_everything(tmp_path: Path, when: str) -> None:
    """What was said, what was used and what is left, who is banned, who leads."""
    async with in_town(tmp_path) as town:
        group, bob = owlets(town), town.person("bob").id
        assert "2 questions" in await said(town, group, "/quota set here 2 questions per day")
        assert "Hoo." == await said(town, group, "/ask Who hoots?")
        await said(town, group, f"/ban {bob}")
        place = await upgraded(town, group, when)

        assert "I was asked to give you no answers." in await said(town, place, "/ask And I?", "bob")
        assert (await said(town, place, "/ask Why?")).startswith("Hoo.")
        assert ["Alice: Who hoots?", "Hoo.", "Alice: Why?"] == town.prompt()
        assert "used its 2 questions a day" in await said(town, place, "/ask Again?")
        assert "is for the people who run this" in await said(town, place, f"/unban {bob}", "bob")
        assert "gets answers again" in await said(town, place, f"/unban {bob}")
        assert "this channel" in (await said(town, place, "/quota set here 3 questions per day")).lower()
        assert (await said(town, place, "/ask Now?", "bob")).startswith("Hoo.")


async def test_an_answer_under_way_goes_on_in_the_supergroup(tmp_path: Path) -> None:
    """Put up anew, once; it is part of the conversation, and its buttons work."""
    async with in_town(tmp_path) as town:
        group = owlets(town)
        town.openai.queue(say("one two three four five six", rate=4.0))
        asking = f"/ask@{town.telegram.bot.username} Count!"
        await town.telegram.say(group, town.person("alice"), asking)
        await town.telegram.wait_until(lambda: any("one" in text for text in town.telegram.texts(group)), PATIENCE)
        place = await town.telegram.upgrade(group, town.person("alice"))
        whole = "one two three four five six"
        await town.telegram.wait_until(lambda: [whole] == town.telegram.texts(place), PATIENCE)
        (answer,) = town.telegram.answers(place)

        await town.telegram.wait_until(
            lambda: "Regenerate" in telegram_buttons(town.telegram.answers(place)[0].keyboard), PATIENCE
        )
        assert "Hoo." == await said(town, place, "/ask And now?")
        assert ["Alice: Count!", whole, "Alice: And now?"] == town.prompt()
        await town.telegram.press(place, town.person("alice"), answer.id, _regenerate(town, place))
        await town.telegram.wait_until(lambda: town.openai.books.calls == 3, PATIENCE)
        assert ["Alice: Count!"] == town.prompt()


def _regenerate(town: Town, place: Chat) -> str:
    return telegram_buttons(town.telegram.answers(place)[0].keyboard)["Regenerate"]


async def test_updates_of_the_move_may_come_twice_and_in_any_order(tmp_path: Path) -> None:
    """While we are away they gather, and are shuffled."""
    async with in_town(tmp_path) as town:
        group = owlets(town)
        await said(town, group, "/ask Who hoots?")
        await town.stop()
        place = await town.telegram.upgrade(group, town.person("alice"))
        moves = [update.id for update in town.telegram.updates.pending]
        town.telegram.updates.reorder(lambda pending: list(reversed(pending)))
        for move in moves:
            town.telegram.updates.repeat(move)
        await town.start()
        await said(town, place, "/ask Why?")

        assert ["Alice: Who hoots?", "Hoo.", "Alice: Why?"] == town.prompt()

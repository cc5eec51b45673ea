"""What the bot says by itself: reminders, and answers at set times, on both platforms, whatever happens in between."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import clockwork
from adapters.pace import Rule
from adapters.telegram import client as telegram_client
from sandbox.discord.permissions import Permission
from sandbox.discord.state import Message as DiscordMessage
from tests.journeys.stage import PATIENCE, discord_buttons, telegram_buttons
from tests.journeys.town import Town, in_town

NOTE = "has me do this at set times."

SOON = "in 2 seconds"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to wait for a pace, or long for a look at what is due."""
    monkeypatch.setattr(clockwork, "LOOK", 0.1)
    for rules in ("PRIVATE", "GROUP"):
        monkeypatch.setattr(telegram_client, rules, (Rule(1_000, 1.0),))


async def scheduled(town: Town, when: str, text: str, **more: str) -> DiscordMessage:
    """Have Alice make a schedule in Discord, and return what she was shown before she saved it."""
    shown = await town.slash("schedule", when=when, text=text, **more)
    assert "Saved as" in await town.press(shown, "Save")
    return shown


def said(town: Town, where: str = "general") -> list[str]:
    """What the bot says in a Discord channel, for all to see, once it has ended."""
    messages = town.discord.messages(where, None)
    own = [each for each in messages if each.author == town.discord.bot and "Stop" not in discord_buttons(each)]
    return [each.content for each in own if not each.content.endswith("…")]


async def heard(town: Town, count: int, where: str = "general") -> list[str]:
    """The same, once there is so much of it."""
    await town.discord.wait_until(lambda: len(said(town, where)) >= count, PATIENCE)
    return said(town, where)


async def reminded(town: Town, text: str, who: str = "alice") -> None:
    """Wait until somebody was reminded in Telegram, in private."""
    await town.telegram.wait_until(lambda: text in town.said(who), PATIENCE)


# Reminders.


async def test_a_reminder_in_telegram(tmp_path: Path) -> None:
    """The answer says when it will be, and it is said then, once."""
    async with in_town(tmp_path) as town:
        answer = await town.write(f"/remind {SOON} to call mum")
        assert "call mum" in answer.text
        assert {"Delete"} == set(telegram_buttons(answer.keyboard))

        await reminded(town, "call mum")
        assert 1 == town.said("alice").count("call mum")
        assert "nothing at set times" in (await town.write("/schedules")).text
        assert 0 == town.openai.books.calls


async def test_a_reminder_in_a_channel_calls_whoever_asked_for_it(tmp_path: Path) -> None:
    """The others read it too; only one telephone rings."""
    async with in_town(tmp_path) as town:
        await town.slash("remind", when=SOON, text="the owls are out")
        (text,) = await heard(town, 1)

        alice = town.discord.people["alice"]
        assert f"<@{alice.id}> the owls are out" == text
        assert [text] == [message.content for message in town.discord.notified("alice")]


async def test_a_reminder_can_be_taken_back(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        answer = await town.write("/remind in 3 seconds to call mum")
        assert "Deleted." == await town.tap(answer, "Delete")
        await town.write(f"/remind {SOON} to sleep")
        await reminded(town, "sleep")
        await asyncio.sleep(2)

        assert "call mum" not in town.said("alice")


async def test_where_somebody_is_is_asked_once(tmp_path: Path) -> None:
    """Nothing is saved before; a wrong zone gets a proposal."""
    async with in_town(tmp_path) as town:
        assert "/timezone Europe/Oslo" in (await town.write("/remind tomorrow 9:30 am to call mum")).text
        assert "nothing at set times" in (await town.write("/schedules")).text
        assert "Europe/Oslo" in (await town.write("/timezone oslo")).text
        assert "I know no zone" in (await town.write("/timezone Owlham")).text

        answer = (await town.write("/remind tomorrow 9:30 am to call mum")).text
        assert "09:30 (Europe/Oslo)" in answer
        assert "call mum" in (await town.write("/schedules")).text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/remind", "tomorrow 9:00"),
        ("/remind in 2 h", "When, and of what?"),
        ("/remind 6:30 call mum", "18:30"),
        ("/remind 2020-01-01 10:00 call mum", "passed"),
        ("/remind every month on the 31st at 9:30 am pay", "31"),
        ("/schedule every 5 seconds news", "too often"),
        ("/schedule soonish news", ""),
        ("/schedules pause nosuch", "You have no schedule"),
    ],
)
async def test_what_cannot_be_understood_is_asked_back(tmp_path: Path, line: str, sentence: str) -> None:
    async with in_town(tmp_path) as town:
        await town.write("/timezone Europe/Oslo")
        answer = await town.write(line)
        assert sentence in answer.text
        assert not telegram_buttons(answer.keyboard)
        assert "nothing at set times" in (await town.write("/schedules")).text


# Answers.


async def test_an_answer_at_a_set_time_in_a_channel(tmp_path: Path) -> None:
    """It is shown before it is saved; then the model answers for all to see, at the cost of whoever asked for it."""
    async with in_town(tmp_path) as town:
        shown = await scheduled(town, SOON, "three facts about owls")
        assert "three facts about owls" in shown.content
        assert "Next:" in shown.content

        (answer,) = await heard(town, 1)
        assert answer.startswith("Hoo.")
        assert NOTE in answer
        assert "three facts about owls" in town.prompt()[-1]
        (spending,) = await town.store.ledger.spendings("2000-01-01", "2999-12-31")
        assert f"discord:{town.discord.people['alice'].id}" == spending.user


async def test_what_is_not_saved_is_not_done(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        shown = await town.slash("schedule", when=SOON, text="three facts about owls")
        assert "Nothing was saved." == await town.press(shown, "Cancel")
        assert "too old" in await town.press(shown, "Save")
        await town.slash("remind", when="in 3 seconds", text="sleep")
        assert 1 == len(await heard(town, 1))
        assert 0 == town.openai.books.calls


async def test_the_conversation_goes_on_from_what_was_said_by_itself(tmp_path: Path) -> None:
    """The model's own words are part of the channel's conversation."""
    async with in_town(tmp_path) as town:
        await scheduled(town, SOON, "three facts about owls")
        await heard(town, 1)
        await town.ask("And bats?")
        assert any("three facts about owls" in each for each in town.prompt())
        assert "Hoo." in town.prompt()


async def test_list_pause_resume_run_delete(tmp_path: Path) -> None:
    """Each with a button, and nobody else can."""
    async with in_town(tmp_path) as town:
        await town.slash("timezone", zone="Europe/Oslo")
        shown = await scheduled(town, "every monday 18:00", "three facts about owls")
        assert "18:00" in shown.content

        card = await town.slash("schedules list")
        assert {"Pause", "Do it now", "Delete"} == set(discord_buttons(card))
        assert "Paused." == await town.press(card, "Pause")
        card = await town.slash("schedules list")
        assert "Paused." in card.content
        assert "goes on" in await town.press(card, "Go on")
        card = await town.slash("schedules list")
        assert "I do it now." == await town.press(card, "Do it now")
        assert NOTE in (await heard(town, 1))[0]

        (id,) = re.findall("`([a-z2-7]{6})`", card.content)
        assert "You have no schedule" in (await town.slash("schedules delete", "bob", id=id)).content
        assert "Deleted." == await town.press(card, "Delete")
        assert "nothing at set times" in (await town.slash("schedules list")).content


# Whatever happens in between.


async def test_a_restart_in_between(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        await scheduled(town, "in 4 seconds", "three facts about owls")
        await town.write("/remind in 4 seconds to call mum")
        await town.stop()
        await town.start()

        await reminded(town, "call mum")
        assert 1 == len(await heard(town, 1))
        assert 1 == town.openai.books.calls


async def test_what_was_due_while_nobody_was_there_is_done_late(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        await scheduled(town, SOON, "three facts about owls")
        await town.write(f"/remind {SOON} to call mum")
        await town.stop()
        await asyncio.sleep(3)
        await town.start()

        await reminded(town, "call mum")
        assert (await heard(town, 1))[0].startswith("Hoo.")


async def test_what_is_too_late_is_told(tmp_path: Path) -> None:
    """A button has it answered after all."""
    async with in_town(tmp_path, schedule={"grace": 0}) as town:
        await scheduled(town, SOON, "three facts about owls")
        await town.stop()
        await asyncio.sleep(3)
        await town.start()

        (told,) = await heard(town, 1)
        assert "I was away" in told
        assert 0 == town.openai.books.calls
        message = town.discord.messages("general", None)[-1]
        await town.discord.press("general", "bob", message, discord_buttons(message)["Answer now"])
        assert (await heard(town, 2))[1].startswith("Hoo.")


async def test_a_share_that_is_used_up_skips_it_and_tells_its_owner_alone(tmp_path: Path) -> None:
    async with in_town(tmp_path, quotas={"user": ["1 question per day"]}) as town:
        await scheduled(town, "in 3 seconds", "three facts about owls")
        await town.ask()
        alice = town.discord.people["alice"]
        await town.discord.wait_until(lambda: town.letters(alice), PATIENCE)

        (letter,) = town.letters(alice)
        assert "I skipped “three facts about owls”" in letter
        assert "1 question a day" in letter
        assert 1 == town.openai.books.calls
        assert 1 == len(said(town))


async def test_where_there_is_no_channel_any_more_its_owner_gets_it_in_private(tmp_path: Path) -> None:
    async with in_town(tmp_path) as town:
        await town.slash("remind", where="random", when="in 3 seconds", text="the owls are out")
        town.discord.remove_channel("random")
        await town.discord.wait_until(lambda: town.letters("alice"), PATIENCE)

        (letter,) = town.letters("alice")
        assert letter.startswith("the owls are out")
        assert "You are not in that place any more, or I am not." in letter


async def test_where_we_may_not_write_any_more_its_owner_gets_it_in_private(tmp_path: Path) -> None:
    """The answer was paid for."""
    async with in_town(tmp_path) as town:
        await scheduled(town, "in 3 seconds", "three facts about owls")
        town.discord.deny("general", Permission.SEND_MESSAGES)
        await town.discord.wait_until(lambda: town.letters("alice"), PATIENCE)

        (letter,) = town.letters("alice")
        assert letter.startswith("Hoo.")
        assert "I cannot write there any more." in letter


async def test_whoever_blocked_us_is_reminded_of_nothing(tmp_path: Path) -> None:
    """It is given up, and nothing is tried for ever."""
    async with in_town(tmp_path) as town:
        await town.write(f"/remind {SOON} to call mum")
        await town.telegram.block(town.person("alice"))
        async with asyncio.timeout(PATIENCE):
            while not await town.store.letters.newest(1):
                await asyncio.sleep(0.1)
        assert [] == await town.store.schedules.due(datetime.max.replace(tzinfo=UTC), 10)

"""What was said on Discord while nobody listened: during a restart, or when a session is lost in the middle of talk."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
import pytest_asyncio
from discord.backoff import ExponentialBackoff

from adapters.config.shape import Config
from adapters.discord import connection
from adapters.discord.catchup import PAGE, PAGES, SORRY
from adapters.discord.identify import LIMIT
from adapters.wiring import open_store, utc_now
from sandbox.discord.permissions import Permission
from sandbox.faults import Fault
from tests.journeys.stage import PATIENCE, DiscordSeat, Stage, answers, on_stage

HISTORY = "GET /channels/{channel_id}/messages"


class Away(Stage):
    """Discord alone, in a hurry, with lanes in which everybody finds room."""

    shards: ClassVar[int] = 1

    def config(self) -> Config:
        config = super().config().model_dump()
        config["telegram"] = None
        config["limits"]["waiting"] = 100
        return Config.model_validate(config)

    async def start(self) -> None:
        rules = self.discord.rules
        rules.identify_seconds, rules.shards, rules.max_concurrency = 0, self.shards, self.shards
        await super().start()

    def looks(self) -> int:
        """How often a channel's past was read."""
        return self.discord.counts.calls[HISTORY]

    def questions(self) -> list[str]:
        """What the model was asked, in that order."""
        return [request["messages"][-1]["content"].removeprefix("Alice: ") for request in self.openai.books.requests]

    async def tell(self, text: str, where: str = "general") -> None:
        await self.discord.say(where, "alice", f"{self.discord.bot.mention} {text}")

    async def until_asked(self, *texts: str) -> None:
        """Wait until the model was asked that, whatever else, and every answer is there."""
        await self.discord.wait_until(lambda: set(texts) <= set(self.questions()), PATIENCE)
        await self.discord.wait_until(lambda: len(self.questions()) == self.answers(), PATIENCE)

    def answers(self) -> int:
        """How many answers stand, in whichever channel."""
        return sum(self.discord.texts(channel).count("Hoo.") for channel in self.discord.world.channels.values())


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library waits a second or more before it connects again, and Discord wants five between two starts."""
    monkeypatch.setattr(connection, "APART", 0.0)
    monkeypatch.setattr(ExponentialBackoff, "delay", lambda _: 0.02)


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Away]:
    async with on_stage(tmp_path, Away) as running:
        assert isinstance(running, Away)
        yield running
    assert [] == running.violations()


@pytest_asyncio.fixture
async def general(stage: Away) -> DiscordSeat:
    """A channel in which one question was asked and answered."""
    seat = DiscordSeat(stage.discord)
    await seat.say("First?")
    await answers(seat, 1)
    return seat


async def test_what_was_said_during_a_restart_is_answered(stage: Away, general: DiscordSeat) -> None:
    """Mentions and private messages, once each and in order; talk among people is left in peace."""
    private = DiscordSeat(stage.discord, stage.discord.dm("alice"))
    await stage.discord.say(stage.discord.dm("alice"), "alice", "Private first?")
    await answers(private, 1)
    await stage.stop()
    await stage.tell("Second?")
    await stage.discord.say("general", "bob", "How do you do?")
    await stage.discord.say(stage.discord.dm("alice"), "alice", "Private second?")
    await stage.tell("Third?")
    await stage.start()
    await answers(general, 3)
    await answers(private, 2)

    asked = stage.questions()
    assert {"First?", "Private first?", "Second?", "Private second?", "Third?"} == set(asked)
    assert 5 == len(asked)
    assert asked.index("Second?") < asked.index("Third?")


async def test_a_reply_during_a_restart_finds_its_conversation(stage: Away, general: DiscordSeat) -> None:
    """Read again, a message is all that it was when it was live: whom it answers, and who said it."""
    (first,) = general.shown()
    await stage.stop()
    await stage.discord.say("general", "alice", "And bats?", first.id)
    await stage.start()
    await answers(general, 2)

    assert ["Alice: First?", "Hoo.", "Alice: And bats?"] == stage.prompt()


async def test_a_thread_that_was_opened_during_a_restart_is_heard(stage: Away) -> None:
    """A thread is heard from its first message on."""
    await stage.stop()
    thread = await stage.discord.open_thread("general", "alice", "Owls")
    await stage.discord.say(thread, "alice", f"{stage.discord.bot.mention} In here?")
    await stage.start()

    assert "Hoo." == (await answers(DiscordSeat(stage.discord, thread), 1))[0].text


@pytest.mark.usefixtures("general")
async def test_a_restart_that_missed_nothing_asks_for_nothing(stage: Away) -> None:
    """Thousands of channels must not cost thousands of calls."""
    await stage.stop()
    before = stage.looks()
    await stage.start()
    await stage.tell("Second?")
    await stage.until_asked("Second?")

    assert before == stage.looks() == 0


async def test_a_channel_that_is_hidden_from_us_is_not_asked_for(stage: Away) -> None:
    """Discord tells of it all the same, and shuts out who is refused too often."""
    await stage.stop()
    for where in ("general", "random"):
        await stage.tell("Hello?", where)
    stage.discord.deny("random", Permission.READ_MESSAGE_HISTORY)
    await stage.start()
    await stage.until_asked("Hello?")

    assert 1 == stage.looks()


async def test_an_answer_for_one_alone_makes_no_channel_private(stage: Away) -> None:
    """The gateway tells of it as if it stood in a private chat; its channel's talk is still not for us."""
    await stage.discord.slash("general", "bob", "help")
    await stage.discord.wait_until(lambda: any(stage.discord.texts("general", "bob")), PATIENCE)
    await stage.stop()
    await stage.discord.say("general", "bob", "How do you do?")
    await stage.start()
    await stage.tell("Now?")
    await stage.until_asked("Now?")

    assert (["Now?"], 1) == (stage.questions(), stage.looks())


async def test_what_comes_live_waits_for_what_was_missed(stage: Away, general: DiscordSeat) -> None:
    """Order is what makes a conversation."""
    await stage.stop()
    await stage.tell("Second?")
    stage.discord.faults.plan(Fault(HISTORY, delay=2.0))
    await stage.start()
    await stage.tell("Third?")
    await answers(general, 3)

    assert ["First?", "Second?", "Third?"] == stage.questions()


@pytest.mark.usefixtures("general")
async def test_trouble_with_the_past_is_waited_out(stage: Away) -> None:
    """The gateway may stand while the HTTP API does not."""
    await stage.stop()
    await stage.tell("Second?")
    stage.discord.faults.plan(Fault(HISTORY, status=503, body={"message": "503", "code": 0}, times=2))
    await stage.start()
    await stage.until_asked("Second?")

    assert ["First?", "Second?"] == stage.questions()


async def test_too_much_to_read_is_capped_and_the_channel_is_told(stage: Away, general: DiscordSeat) -> None:
    """Once, and not again at the next start."""
    await stage.stop()
    for number in range(400):
        ours = number in (7, PAGE * PAGES - 1, 350)
        await stage.discord.say("general", "alice", f"{stage.discord.bot.mention if ours else 'Bob,'} {number}?")
    for _ in range(2):
        await stage.start()
        await stage.discord.wait_until(lambda: SORRY in stage.discord.texts("general"), PATIENCE)
        await stage.until_asked("7?", f"{PAGE * PAGES - 1}?")
        await stage.stop()

    assert ["First?", "7?", f"{PAGE * PAGES - 1}?"] == stage.questions()
    assert Counter({"Hoo.": 3, SORRY: 1}) == Counter(message.text for message in general.shown())
    assert PAGES == stage.looks()


@pytest.mark.parametrize("trouble", ["reconnect", "resume", "invalidate", "forget", "drop", "refuse"])
async def test_every_message_is_answered_once_whatever_happens_to_the_session(stage: Away, trouble: str) -> None:
    """People talk on while the session is lost, again and again."""
    gateway = stage.discord.gateway
    said = [f"{number}?" for number in range(8)]
    for number, text in enumerate(said):
        if number % 2:
            await _make(stage, trouble)
        await stage.tell(text, ("general", "random")[number % 2])
        await asyncio.sleep(0.05 * (number % 3))
        gateway.accept()
    await stage.until_asked(*said)

    assert Counter(said) == Counter(stage.questions())
    assert 8 == sum(len(stage.discord.texts(where)) for where in ("general", "random")) == stage.answers()


async def _make(stage: Away, trouble: str) -> None:
    gateway = stage.discord.gateway
    match trouble:
        case "reconnect":
            gateway.reconnect()
        case "resume":
            gateway.invalidate(resumable=True)
        case "invalidate":
            gateway.invalidate()
        case "forget":
            gateway.forget()
            await gateway.drop()
        case "drop":
            await gateway.drop(4000)
        case "refuse":
            gateway.refuse()
            await gateway.drop()


async def test_a_connection_that_ends_before_it_begins_is_made_again(stage: Away, general: DiscordSeat) -> None:
    """Discord restarts its gateways by and by: one refuses us, the next one hangs up."""
    gateway = stage.discord.gateway
    gateway.refuse()
    await gateway.drop()
    await stage.discord.wait_until(lambda: stage.discord.counts.refused, PATIENCE)
    gateway.hang_up()
    gateway.accept()
    await stage.tell("Second?")

    assert ["Hoo.", "Hoo."] == [message.text for message in await answers(general, 2)]


async def test_an_outage_of_one_server_is_caught_up_with(stage: Away) -> None:
    """Discord takes a server away and brings it back, and tells nothing of what was said meanwhile."""
    await stage.tell("First?")
    await stage.until_asked("First?")
    stage.discord.gateway.lose_guild(stage.discord.guild)
    await stage.tell("Second?")
    stage.discord.gateway.restore_guild(stage.discord.guild)
    await stage.tell("Third?")
    await stage.until_asked("Second?", "Third?")

    assert ["First?", "Second?", "Third?"] == stage.questions()


async def test_a_server_that_is_away_at_the_start_is_caught_up_with_when_it_comes(stage: Away) -> None:
    """The start does not wait for it, and its watermarks stay where they are."""
    await stage.stop()
    stage.discord.gateway.lose_guild(stage.discord.guild)
    await stage.tell("Hello?")
    await stage.start()
    before = stage.questions()
    stage.discord.gateway.restore_guild(stage.discord.guild)
    await stage.until_asked("Hello?")

    assert ([], ["Hello?"]) == (before, stage.questions())


async def test_a_new_server_is_not_read_back(stage: Away) -> None:
    """What people said before they invited us is none of our business."""
    await stage.stop()
    other = stage.discord.add_guild("The Hawk Club")
    stage.discord.add_person("Alice", other)
    sky = stage.discord.add_channel("sky", other)
    await stage.discord.say(sky, "alice", f"{stage.discord.bot.mention} Anybody?")
    await stage.start()
    await stage.tell("Now?", "sky")
    await stage.until_asked("Now?")

    assert ["Now?"] == stage.questions()


async def test_each_shard_catches_up_with_its_own(tmp_path: Path) -> None:
    """And private messages come over the first."""

    class Sharded(Away):
        shards: ClassVar[int] = 2

    async with on_stage(tmp_path, Sharded) as stage:
        assert isinstance(stage, Sharded)
        other = stage.discord.add_guild("The Hawk Club", number=stage.discord.guild.id + (1 << 22))
        stage.discord.add_person("Alice", other)
        stage.discord.add_channel("sky", other)
        dm = stage.discord.dm("alice")
        await stage.discord.say(dm, "alice", "Private first?")
        await stage.tell("Sky first?", "sky")
        await stage.until_asked("Private first?", "Sky first?")
        await stage.stop()
        await stage.tell("Earth?")
        await stage.tell("Sky?", "sky")
        await stage.discord.say(dm, "alice", "Private?")
        await stage.start()
        await stage.until_asked("Earth?", "Sky?", "Private?")

        assert 5 == len(stage.questions())
        assert 4 == stage.discord.counts.identifies


async def test_a_storm_of_lost_sessions_slows_down(stage: Away) -> None:
    """Ten come at once; from then on each waits longer than the one before."""
    for identifies in range(1, 12):
        await stage.discord.wait_until(lambda: stage.discord.gateway.online, PATIENCE)
        stage.discord.gateway.invalidate()
        await stage.discord.wait_until(lambda n=identifies: n < stage.discord.counts.identifies, PATIENCE)  # type: ignore[misc]
    await stage.tell("Still there?")
    await stage.until_asked("Still there?")

    assert 12 == stage.discord.counts.identifies


async def test_at_the_limit_nothing_is_sent_and_the_log_says_until_when(
    stage: Away, caplog: pytest.LogCaptureFixture
) -> None:
    """Another one too many and Discord would take the token away."""
    await stage.stop()
    sent, at = stage.discord.counts.identifies, utc_now() - timedelta(hours=1)
    store = await open_store(stage.config())
    name = f"discord:{stage.discord.bot.id}/identifies"
    await store.settings.put(name, {f"{at.timestamp():.6f} {number}": "sent" for number in range(LIMIT)})
    await store.close()
    await stage.launch()
    until = f"{at + timedelta(hours=24):%Y-%m-%d %H:%M} UTC"
    async with asyncio.timeout(PATIENCE):
        while not any(until in record.message and record.levelno == logging.ERROR for record in caplog.records):
            await asyncio.sleep(0.02)

    assert sent == stage.discord.counts.identifies


async def test_an_event_that_nobody_can_read_ends_nothing(
    stage: Away, general: DiscordSeat, caplog: pytest.LogCaptureFixture
) -> None:
    """The library would end the whole client."""
    (line,) = stage.discord.gateway.connections
    assert line.session is not None
    line.session.tell("MESSAGE_CREATE", {"id": "1", "channel_id": "5"})
    async with asyncio.timeout(PATIENCE):
        while "could not be read" not in caplog.text:
            await asyncio.sleep(0.05)
    await general.say("Still there?")

    assert "Hoo." == (await answers(general, 1))[0].text

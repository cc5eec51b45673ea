"""Starting and stopping: a platform that is down, a wrong token, answers in progress."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.config.shape import Config
from adapters.service import NobodyToServe, Service
from adapters.wiring import open_store, utc_now
from bot.guesses import GUESSES
from bot.owner import CODES
from bot.upkeep import note_done
from sandbox.faults import Fault
from sandbox.openai.script import say
from storage.memory import open_memory
from tests.journeys.stage import PATIENCE, DiscordSeat, Stage, TelegramSeat, answers, on_stage


class Patched(Stage):
    """The same, with some values changed."""

    changes: ClassVar[dict[str, dict[str, object]]] = {}

    def config(self) -> Config:
        config = super().config().model_dump()
        for section, values in self.changes.items():
            config[section].update(values)
        return Config.model_validate(config)


async def test_a_platform_that_is_down_at_the_start_comes_later(tmp_path: Path) -> None:
    """The other one is served meanwhile."""

    class WithoutDiscord(Stage):
        async def start(self) -> None:
            await self.discord.stop()
            await self.launch()

    async with on_stage(tmp_path, WithoutDiscord) as stage:
        seat = TelegramSeat(stage.telegram)
        await seat.say("Hello?")
        assert "Hoo." == (await answers(seat, 1))[0].text

        await stage.discord.start()
        await asyncio.wait_for(stage.ready(), PATIENCE)
        other = DiscordSeat(stage.discord)
        await other.say("Hello?")
        assert "Hoo." == (await answers(other, 1))[0].text


async def test_what_need_not_be_kept_is_forgotten(tmp_path: Path) -> None:
    """Who guessed keys, and may try again; codes of earlier starts by which nobody claimed the bot."""

    class WithRemains(Stage):
        async def start(self) -> None:
            store = await open_store(self.config())
            await store.records.swap(GUESSES, "person/test:1", None, "1")
            await store.records.swap(CODES, "0" * 64, None, "1")
            await note_done(store.records, "tidy", utc_now() - timedelta(hours=2))
            await store.close()
            await super().start()

        async def kept(self) -> set[str]:
            store = await open_store(self.config())
            found = {*await store.records.all(GUESSES), *await store.records.all(CODES)}
            await store.close()
            return found

    async with on_stage(tmp_path, WithRemains) as stage:
        assert isinstance(stage, WithRemains)
        async with asyncio.timeout(PATIENCE):
            while {"person/test:1", "0" * 64} & await stage.kept():
                await asyncio.sleep(0.05)


async def test_a_store_without_a_pepper_is_not_served_from(tmp_path: Path) -> None:
    """Every key's digest could be forged."""

    class Bare(Stage):
        async def start(self) -> None:
            with pytest.raises(ValueError, match="no pepper"):
                Service(self.config(), open_memory())

    async with on_stage(tmp_path, Bare):
        pass


async def test_a_wrong_token_leaves_the_other_platform_alone(tmp_path: Path) -> None:
    """And the log says which token it was."""

    class WrongToken(Patched):
        changes: ClassVar = {"discord": {"token": "wrong"}}

        async def start(self) -> None:
            await self.launch()

    async with on_stage(tmp_path, WrongToken) as stage:
        seat = TelegramSeat(stage.telegram)
        await seat.say("Hello?")
        assert "Hoo." == (await answers(seat, 1))[0].text


async def test_two_wrong_tokens_end_the_service(tmp_path: Path) -> None:
    """There is nobody left to serve."""

    class WrongTokens(Patched):
        changes: ClassVar = {"discord": {"token": "wrong"}, "telegram": {"token": "1:wrong"}}

    with pytest.raises(NobodyToServe):
        async with on_stage(tmp_path, WrongTokens):
            raise AssertionError("it should not have started")


async def test_an_answer_in_progress_may_end_before_the_service_does(tmp_path: Path) -> None:
    """An update of the service should cost nobody an answer."""

    class Patient(Patched):
        changes: ClassVar = {"limits": {"drain": 10}}

    async with on_stage(tmp_path, Patient) as stage:
        stage.openai.queue(say("one two three four", rate=4))
        seat = DiscordSeat(stage.discord)
        await seat.say("Count")
        await seat.until(lambda: seat.shown())
        await stage.stop()

        assert ["one two three four"] == [shown.text for shown in seat.shown()]


async def test_a_lost_reply_of_the_platform_doubles_nothing_on_discord(stage: Stage) -> None:
    """The message was made, but we never heard: its nonce finds it again."""
    stage.discord.faults.plan(Fault("POST /channels/{channel_id}/messages", lose_reply=True))
    seat = DiscordSeat(stage.discord)
    await seat.say("Hello?")

    assert ["Hoo."] == [shown.text for shown in await answers(seat, 1)]


async def test_trouble_of_the_platform_is_waited_out(stage: Stage) -> None:
    """An edit that fails is done again; the answer is in the end what the model said."""
    for call in ("PATCH /channels/{channel_id}/messages/{message_id}", "POST /channels/{channel_id}/messages"):
        stage.discord.faults.plan(Fault(call, status=503, body={"message": "503", "code": 0}))
    stage.telegram.faults.plan(Fault("editMessageText", status=502, body="<html>Bad Gateway</html>"))
    for seat in (DiscordSeat(stage.discord), TelegramSeat(stage.telegram)):
        await seat.say("Hello?")
        assert ["Hoo."] == [shown.text for shown in await answers(seat, 1)]

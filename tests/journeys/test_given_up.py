"""What cannot be done is told, kept for the operator, and can be tried again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters import dead
from bot.errors import Broken
from bot.worker import Worker
from tests.journeys.stage import Seat, Stage, TelegramSeat, answers

Operator = Callable[..., Coroutine[Any, Any, str]]


@pytest.fixture
def operator(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Runs `parley dead` beside the service. Returns what it says."""
    monkeypatch.setattr(dead, "settings_of", lambda _: stage.config())
    monkeypatch.setattr("adapters.logs.configure", lambda _: None)

    async def parley_dead(*arguments: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, dead.app, arguments)
        return done.output

    return parley_dead


async def test_an_update_that_nobody_can_read_holds_up_no_other(stage: Stage, operator: Operator) -> None:
    seat = TelegramSeat(stage.telegram)
    number = stage.telegram.updates.inject({"message": {"message_id": "not a number", "chat": 7, "date": []}})
    await seat.say("Hello?")

    assert "Hoo." == (await answers(seat, 1))[0].text
    letter = f"telegram-{stage.telegram.bot.id}-{number}"
    assert letter in await operator("list")
    assert "not a number" in await operator("show", letter)
    assert "still cannot be done" in await operator("retry", letter)
    assert letter in await operator("list")
    await operator("forget", letter)
    assert "Nothing was given up.\n" == await operator("list")


async def test_an_update_can_be_taken_once_it_can_be_read(
    stage: Stage, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a newer Parley knows what an older one did not."""
    seat = TelegramSeat(stage.telegram)
    with monkeypatch.context() as older:
        older.setattr("adapters.telegram.client.read", None)
        await seat.say("Hello?")
        await seat.until(lambda: not stage.telegram.updates.pending)

    assert "on its way again" in await operator("retry", "--all")
    assert "Hoo." == (await answers(seat, 1))[0].text
    assert "Nothing was given up.\n" == await operator("list")


async def test_a_turn_that_was_given_up_is_answered_in_its_place(
    seat: Seat, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence that said sorry becomes the answer."""
    with monkeypatch.context() as broken:
        broken.setattr(Worker, "_is_hopeless", lambda *_: True)
        await seat.say("Hello?")
        sorry = (await answers(seat, 1))[0]
        assert Broken.for_user in sorry.text

    while "given up at attempt 1" not in (listed := await operator("list")):
        await asyncio.sleep(0.1)
    assert "Hello?" in await operator("show", listed.split()[0])
    assert "on its way again" in await operator("retry", "--all")
    await seat.until(lambda: "Hoo." in seat.shown()[0].text)
    assert [sorry.id] == [message.id for message in await answers(seat, 1)]
    assert "Nothing was given up.\n" == await operator("list")


async def test_a_letter_that_is_not_there_is_said_so(operator: Operator) -> None:
    assert "There is no letter nonsense." in await operator("show", "nonsense")
    assert "Say which" in await operator("retry")

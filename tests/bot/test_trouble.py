"""What a platform or a provider may do to an answer."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from unittest.mock import AsyncMock, patch

import pytest

from bot.access import Rank
from bot.delivery import MISSING, Delivery, repair
from bot.errors import Busy, ModelBusy, PlatformBusy, PlatformDown, StorageDown, Unsure
from bot.ports import Lease
from bot.reply import Page
from bot.turn import State, Turn, turn_id
from tests.bot.core import core
from tests.clock import now, virtual
from tests.make import key, origin, question

DOWN = PlatformDown("502")
UNSURE = Unsure("timed out")


@virtual
async def test_a_platform_that_is_down_does_not_make_the_model_speak_again() -> None:
    """The answer is paid for: only its showing is tried again."""
    async with core() as running:
        running.chat.troubles = [DOWN] * 40
        await running.ask()
        await running.until(lambda: running.chat.texts == ["Hoo."])

        assert 1 == running.model.begun


@virtual
async def test_each_lost_reply_leaves_one_empty_message_at_most() -> None:
    async with core() as running:
        running.chat.troubles = [UNSURE, UNSURE]
        await running.ask()
        await running.until(lambda: "Hoo." in running.chat.texts)

        assert ["…", "…", "Hoo."] == running.chat.texts
        assert 1 == running.model.begun


@virtual
async def test_lost_replies_come_to_an_end() -> None:
    """Else a chat would fill with empty messages for as long as the network loses replies."""
    async with core() as running:
        running.chat.troubles = [UNSURE] * 1_000
        await running.ask()
        await asyncio.sleep(24 * 3600)

        assert len(running.chat.texts) <= 8
        (letter,) = await running.store.letters.newest(10)
        assert "given up" in letter.why


@virtual
async def test_an_answer_is_never_put_off_for_long() -> None:
    """An answer that is there gets twice the tries: doubled with each, the wait would be minutes in the end."""
    async with core() as running:
        running.chat.troubles = [UNSURE] * 5
        clock = asyncio.get_running_loop().time
        began = clock()
        await running.ask()
        await running.until(lambda: any("Hoo." in text for text in running.chat.texts))

        assert clock() - began < 200


@pytest.mark.parametrize("retry_after", [0.0, -5.0, 0.001])
@virtual
async def test_a_provider_that_may_be_asked_again_at_once_is_not_hammered(retry_after: float) -> None:
    async with core() as running:
        running.model.troubles = [ModelBusy("429", retry_after)] * 1_000
        await running.ask()
        await running.until(
            lambda: (
                any("too much to do" in text for text in running.chat.texts) or len("".join(running.chat.texts)) > 20
            )
        )

        assert running.model.begun <= 62


@virtual
async def test_a_platform_that_says_wait_is_left_alone() -> None:
    async with core() as running:
        running.chat.troubles = [PlatformBusy("429", 60.0)] * 3
        await running.ask()
        await running.until(lambda: running.chat.texts == ["Hoo."])

        assert running.chat.calls <= 7


@virtual
async def test_a_flood_wait_does_not_hold_up_a_shutdown() -> None:
    loop = asyncio.get_running_loop()
    async with core() as running:
        running.chat.troubles = [PlatformBusy("429", 3_600.0)] * 3
        await running.ask()
        await asyncio.sleep(5)
        begun = loop.time()

    assert loop.time() - begun < 5
    turn = await running.store.turns.get("test:bot:10", turn_id(origin()))
    assert turn is not None
    assert turn.state < State.DONE


@virtual
async def test_half_a_character_does_not_spoil_a_conversation() -> None:
    """Python can hold what no wire can carry."""
    async with core() as running:
        running.model.pieces = ("\ud83d", "\ude00 ", "\ud800!")
        await running.ask("\udc00 why?")
        await running.until(lambda: any("!" in text for text in running.chat.texts))

        assert "😀 \ufffd!" == "".join(running.chat.texts)
        "".join(running.chat.texts).encode()


@virtual
async def test_only_the_asker_and_who_runs_the_place_may_stop_an_answer() -> None:
    async with core() as running:
        running.model.pieces = ("word ",) * 30
        await running.ask(user="1")
        await asyncio.sleep(5)
        await running.command("stop", "c1", user="2")
        await asyncio.sleep(5)
        assert any("Only the" in text for text in running.chat.texts)

        running.chat.ranks["3"] = Rank.ADMIN
        await running.command("stop", "c2", user="3")
        await running.until(lambda: any("Stopped." in text for text in running.chat.texts))


@virtual
async def test_a_command_that_is_refused_as_busy_is_not_done() -> None:
    async with core(waiting=1) as running:
        running.model.pieces = ("word ",) * 10
        await running.ask("one", "e1")
        await asyncio.sleep(2)
        before = len(running.chat.texts)
        await running.command("new")
        await asyncio.sleep(2)

        said = "".join(running.chat.texts[before:])
        assert Busy(1).for_user[:20] in said
        assert "begins" not in said


@virtual
async def test_an_answer_goes_on_as_soon_as_the_store_is_back() -> None:
    """Not only when its lease has run out, half a minute later."""
    async with core() as running:
        down = AsyncMock(side_effect=StorageDown("connection refused"))
        await running.ask()
        await running.until(lambda: running.chat.texts != [])
        began = asyncio.get_running_loop().time()
        with patch.object(running.store.turns, "save", down), patch.object(running.store.turns, "postpone", down):
            await asyncio.sleep(3)
        await running.until(lambda: running.chat.texts == ["Hoo."])

        assert asyncio.get_running_loop().time() - began < 8


@virtual
async def test_an_attempt_that_broke_while_the_store_was_down_is_not_left_to_its_lease() -> None:
    """Nothing else in that lane would go on for half a minute."""
    async with core() as running:
        down = AsyncMock(side_effect=StorageDown("connection refused"))
        fail = AsyncMock(side_effect=RuntimeError("broke"))
        with patch.object(Delivery, "_create", fail), patch.object(running.store.turns, "postpone", down):
            await running.ask()
            await asyncio.sleep(3)
        began = asyncio.get_running_loop().time()
        await running.until(lambda: running.chat.texts == ["Hoo."])

        assert asyncio.get_running_loop().time() - began < 8


@virtual
async def test_an_answer_that_cannot_be_shown_whole_says_so() -> None:
    """Its process died each time that the second message was put up. What stands there is a part, and is called so."""
    async with core() as running:
        running.chat.page = 100
        running.model.pieces = ("word " * 60,)
        refuse = AsyncMock(side_effect=RuntimeError("died"))
        with patch.object(Delivery, "_create", autospec=True, side_effect=only_the_first(refuse)):
            await running.ask()
            await running.until(lambda: "could not be shown" in "".join(running.chat.texts))

        (shown,) = running.chat.texts
        assert {"word"} == set(shown.removesuffix(MISSING).split())
        assert len(shown) <= 100

        given_up = await running.store.turns.get(key("1").room, turn_id(question("Why?", "e1", key("1")).origin))
        assert given_up is not None
        running.chat.screenful.messages = dict.fromkeys(running.chat.screenful.messages, "late")
        await repair(given_up, running.chat.screen(given_up))
        assert [shown] == running.chat.texts


def only_the_first(refuse: AsyncMock) -> Callable[..., Awaitable[None]]:
    """Put up an answer's first message, and fail at any other."""
    create = Delivery._create

    async def call(self: Delivery, part: int, page: Page) -> None:
        await (create(self, part, page) if part == 0 else refuse())

    return call


@virtual
async def test_a_shutdown_while_the_store_is_down_leaves_the_turn_to_its_lease(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody can be asked what the store has; whoever comes next finds out."""
    async with core() as running:
        down = AsyncMock(side_effect=StorageDown("connection refused"))
        await running.ask()
        await running.until(lambda: running.chat.texts != [])
        with patch.object(running.store.turns, "get", down), patch.object(running.store.turns, "save", down):
            await running.worker.drain()

        (lane,) = await running.store.turns.due(now() + timedelta(minutes=1), 10)
        assert "*" in lane
        assert "left to its lease" in caplog.text
        assert "broke" not in caplog.text


@virtual
async def test_a_message_that_was_put_up_is_written_down_when_the_store_is_back() -> None:
    """Else it stays empty, and another is put up beside it."""
    async with core() as running:
        save, calls = running.store.turns.save, itertools.count()

        async def failing(lease: Lease, turn: Turn) -> bool:
            if turn.parts and next(calls) < 3:
                raise StorageDown("connection refused")
            return await save(lease, turn)

        with patch.object(running.store.turns, "save", failing):
            await running.ask()
            await running.until(lambda: running.chat.texts == ["Hoo."])

        assert 1 == running.model.begun

"""What a platform or a provider may do to an answer."""

import asyncio

import pytest

from bot.access import Rank
from bot.errors import Busy, ModelBusy, PlatformBusy, PlatformDown, Unsure
from bot.turn import State, turn_id
from tests.bot.core import core
from tests.clock import virtual
from tests.make import origin

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

        assert len(running.chat.texts) <= 7
        (letter,) = await running.store.letters.newest(10)
        assert "given up" in letter.why


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

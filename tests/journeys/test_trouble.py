"""Whatever goes wrong at the provider, the asker sees a plain sentence and a way on, and the operator a log line."""

import logging

import pytest

from sandbox.openai import errors
from sandbox.openai.script import Ending, say
from tests.journeys.stage import Seat, Stage, answers


async def test_a_server_error_becomes_a_sentence_and_a_button(
    stage: Stage, seat: Seat, caplog: pytest.LogCaptureFixture
) -> None:
    """Silence or a traceback is what other bots give."""
    stage.openai.queue(errors.server_error(), say("Here it is."))
    await seat.say("Why?")
    (failed,) = await answers(seat, 1)

    assert "The model is not answering right now" in failed.text
    assert any(record.levelno == logging.ERROR and "turn " in record.message for record in caplog.records)
    await seat.press(failed.id, "Regenerate")
    shown = await answers(seat, 2)
    assert "Here it is." == shown[-1].text
    assert ["Alice: Why?"] == stage.prompt()


async def test_a_cut_stream_is_begun_once_more(stage: Stage, seat: Seat) -> None:
    """Most cuts are a passing thing, and the asker need not know."""
    stage.openai.queue(say("Half an ans", Ending.CUT), say("A whole answer."))
    await seat.say("Why?")
    (answer,) = await answers(seat, 1)

    assert "A whole answer." == answer.text


async def test_a_stream_that_is_cut_twice_shows_what_came(stage: Stage, seat: Seat) -> None:
    """What was heard is not thrown away, and nobody takes it for the whole."""
    stage.openai.queue(say("Half an answer", Ending.EOF), say("Half an ans", Ending.CUT))
    await seat.say("Why?")
    (answer,) = await answers(seat, 1)

    assert answer.text.startswith("Half an ans")
    assert "cut off" in answer.text
    assert {"Continue", "Regenerate"} == set(answer.buttons)


async def test_a_busy_provider_is_waited_for(stage: Stage, seat: Seat) -> None:
    """A 429 that says when to come back costs a moment, not the answer."""
    stage.openai.queue(errors.rate_limited(1), say("Now."))
    await seat.say("Why?")
    (answer,) = await answers(seat, 1)

    assert "Now." == answer.text


async def test_a_provider_that_is_busy_for_long_says_when_to_come_back(stage: Stage, seat: Seat) -> None:
    """Nobody should sit before three dots for ten minutes."""
    stage.openai.queue(errors.rate_limited(600))
    await seat.say("Why?")
    (answer,) = await answers(seat, 1)

    assert "It should be back in about 10 min." in answer.text


async def test_an_empty_answer_is_no_answer(stage: Stage, seat: Seat) -> None:
    """An empty message cannot even be sent."""
    stage.openai.queue(say(""))
    await seat.say("Why?")
    (answer,) = await answers(seat, 1)

    assert "empty answer" in answer.text


async def test_a_failed_question_is_not_in_the_history(stage: Stage, seat: Seat) -> None:
    """The model should not read a question that nobody answered."""
    stage.openai.queue(errors.server_error())
    await seat.say("First")
    await answers(seat, 1)
    await seat.say("Second")
    await answers(seat, 2)

    assert ["Alice: Second"] == stage.prompt()


@pytest.mark.parametrize("answer", ["\u200b\u200d", "\u200f", "```\n```", "> ", "\u2800"])
async def test_an_answer_of_which_nothing_shows_is_empty(stage: Stage, seat: Seat, answer: str) -> None:
    """Else a "…" would stand there for ever, as if an answer were on its way."""
    stage.openai.queue(say(answer))
    await seat.say("Hello?")

    assert "empty answer" in (await answers(seat, 1))[0].text

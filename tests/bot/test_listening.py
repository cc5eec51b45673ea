"""bot.listening: what an answer took is at most what was held for it, whoever counts."""

import pytest

from bot.catalogue import ModelSpec
from bot.chat import Message
from bot.listening import Heard, judged
from bot.ports import Request
from bot.turn import Ending, Usage

SPEC = ModelSpec("owl", "owl-1", 8_000, 500)
ASKED = Request(SPEC, (Message("m", "", "user", "Why?"),), "", 300, 20)


@pytest.mark.parametrize(("text", "output"), [("Hoo.", 4), ("Hoo. " * 1_000, 300)])
def test_words_that_we_count_are_no_more_than_were_granted(text: str, output: int) -> None:
    """An agent tells no usage and says as much as it likes."""
    heard = Heard([text], ending=Ending.COMPLETE)
    assert Usage(20, output, counted=True) == judged(heard, ASKED, len, bool).usage


def test_tokens_that_a_provider_tells_are_no_more_than_were_granted() -> None:
    heard = Heard(["Hoo."], ending=Ending.COMPLETE, usage=Usage(22, 1 << 40))
    assert Usage(22, 300) == judged(heard, ASKED, len, bool).usage


def test_an_answer_with_nothing_in_it_took_nothing() -> None:
    assert None is judged(Heard([], ending=Ending.COMPLETE), ASKED, len, bool).usage

"""bot.window: the newest that fits, never half a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import Message
from bot.errors import TooLong
from bot.window import PRIMING, cost, fit
from tests.make import message


def words(text: str) -> int:
    return len(text.split())


def exchange(number: int, length: int = 3) -> list[Message]:
    return [
        message(f"{number}q", f"{number - 1}a", " ".join(["ask"] * length)),
        message(f"{number}a", f"{number}q", " ".join(["say"] * length), role="assistant"),
    ]


def test_everything_is_sent_when_it_fits() -> None:
    """A short conversation is not shortened."""
    past = [*exchange(1), *exchange(2)]
    prompt, size = fit("system", past, message("q", "2a"), 1_000, words)

    assert ["", "1q", "1a", "2q", "2a", "q"] == [sent.id for sent in prompt]
    assert PRIMING + sum(cost(sent.text, words) for sent in prompt) == size


def test_the_oldest_is_left_out_first() -> None:
    """What was said last matters most."""
    past = [*exchange(1), *exchange(2), *exchange(3)]
    prompt, _ = fit("system", past, message("q", "3a"), 33, words)

    assert ["", "3q", "3a", "q"] == [sent.id for sent in prompt]


def test_an_answer_without_its_question_is_left_out() -> None:
    """A conversation that begins with the model's own words confuses it."""
    past = [*exchange(1), *exchange(2)]
    prompt, _ = fit("system", past, message("q", "2a"), 20, words)

    assert ["", "q"] == [sent.id for sent in prompt]


def test_a_question_that_is_too_long_is_refused_with_figures() -> None:
    """Its asker can shorten it."""
    with pytest.raises(TooLong, match="50 tokens asked") as refused:
        fit("system", [], message("q", "root", "word " * 46), 40, words)

    assert "28" in refused.value.for_user


@given(lengths=st.lists(st.integers(0, 30), max_size=12), asked=st.integers(0, 30), budget=st.integers(20, 300))
def test_the_prompt_never_exceeds_its_budget(lengths: list[int], asked: int, budget: int) -> None:
    """The provider would refuse it."""
    past = [each for number, length in enumerate(lengths) for each in exchange(number, length)]
    question = message("q", "x", "word " * asked)
    try:
        prompt, size = fit("system", past, question, budget, words)
    except TooLong:
        assert PRIMING + cost("system", words) + cost(question.text, words) > budget
        return
    assert size == PRIMING + sum(cost(sent.text, words) for sent in prompt)
    assert size <= budget
    assert question == prompt[-1]
    assert len(prompt) == 2 or prompt[1].role == "user"
    kept = len(prompt) - 2
    assert past[len(past) - kept :] == list(prompt[1:-1])

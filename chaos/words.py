"""What is asked and what is answered: every word of an answer tells its question, its attempt, and its place."""

import re
from dataclasses import dataclass

WORD = re.compile(r"\bq(\d+)c(\d+)w(\d+)of(\d+)\b")
NUMBER = re.compile(r"\bq(\d+)\b")

LINE = 6
"""Words in a line: no line is too long for any platform's message."""


@dataclass(frozen=True, slots=True)
class Word:
    """
    One word of an answer.

    Args:
        question: The number of the question.
        call: Which of the provider's answers to it: no two calls say the same word.
        place: Where it stands in the answer, from 1 to `of`.
    """

    question: int
    call: int
    place: int
    of: int

    def __str__(self) -> str:
        return f"q{self.question}c{self.call}w{self.place}of{self.of}"


def question(number: int) -> str:
    return f"What do you know of q{number}?"


def number_in(text: str) -> int:
    """The number of the question that a text asks. Raises ValueError when it asks none."""
    found = NUMBER.findall(text)
    if not found:
        raise ValueError(f"no question in {text!r}")
    return int(found[-1])


def answer(number: int, call: int, length: int) -> list[str]:
    """The pieces of an answer of so many words, each with what stands after it."""
    words = (Word(number, call, place, length) for place in range(1, length + 1))
    return [f"{word}{' ' if word.place % LINE else chr(10)}" for word in words]


def words_in(text: str) -> list[Word]:
    return [Word(*map(int, groups)) for groups in WORD.findall(text)]


def without_words(text: str) -> str:
    """What a text says besides."""
    return WORD.sub("", text).strip()

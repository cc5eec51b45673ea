"""What became of each question, judged by nothing but what stands in the chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chaos.words import Word, without_words, words_in

EMPTY = ("", "…")
"""What a message says that was put up and never filled."""


class Fate(StrEnum):
    """The first three are promised; the others must not be."""

    ANSWERED = "answered"
    CUT = "answered in part, and said so"
    REFUSED = "an error was shown"
    LOST = "lost"
    UNFINISHED = "unfinished"
    DOUBLED = "doubled"
    MIXED = "mixed"


KEPT = frozenset({Fate.ANSWERED, Fate.CUT, Fate.REFUSED})
"""Exactly one visible end."""


@dataclass(frozen=True, slots=True)
class Shown:
    """
    One message of the bot's, as it stands on the screen.

    Args:
        answers: The id of the message to which it is a reply, 0 for none.
        open: Whether it can be stopped: more is to come.
    """

    id: int
    text: str
    answers: int = 0
    open: bool = False

    @property
    def empty(self) -> bool:
        return self.text in EMPTY


def fate(number: int, message: int, shown: Sequence[Shown]) -> Fate:
    """
    What became of question `number`, which was asked in `message`.

    Args:
        shown: The bot's messages in that chat, oldest first.
    """
    own = [each for each in shown if not each.empty and (each.answers == message or _speaks_of(each, number))]
    spoken = [each for each in own if words_in(each.text)]
    if not own:
        return Fate.LOST
    if any(each.open for each in own):
        return Fate.UNFINISHED
    if len(own) - len(spoken) + bool(spoken) > 1:
        return Fate.DOUBLED
    if not spoken:
        return Fate.REFUSED
    said = [word for each in spoken for word in words_in(each.text)]
    return _of_words(number, said, noted=_is_noted(spoken[-1], shown))


def _is_noted(last: Shown, shown: Sequence[Shown]) -> bool:
    """Whether a sentence stands below an answer's last words, in a message of its own where there was no room."""
    below = next((each for each in shown if each.id > last.id), None)
    alone = below is not None and not (below.answers or below.empty or words_in(below.text))
    return alone or bool(without_words(last.text))


def _speaks_of(shown: Shown, number: int) -> bool:
    return any(word.question == number for word in words_in(shown.text))


def _of_words(number: int, said: Sequence[Word], *, noted: bool) -> Fate:
    """Judge the words of all the messages of one answer. `noted`: a sentence stands below them."""
    if sum(word.place == 1 for word in said) > 1:
        return Fate.DOUBLED
    whole = [Word(number, said[0].call, place, said[0].of) for place in range(1, said[0].of + 1)]
    if said == whole:
        return Fate.ANSWERED
    return Fate.CUT if noted and said == whole[: len(said)] else Fate.MIXED

"""The conversation as the demo model reads it: who spoke last, what they said, and what they said before."""

import re
from dataclasses import dataclass

from sandbox.openai.asked import Asked

_AUTHOR = re.compile(r"(?P<name>[^\s:][^:\n]{0,63}): (?P<text>.*)", re.DOTALL)

WORDS_OF_A_NAME = 4
"""A longer beginning of a line is a sentence with a colon, not somebody's name."""


@dataclass(frozen=True, slots=True)
class Talk:
    """
    Args:
        text: What was said last, without its author.
        speaker: Who said it; "" outside a room, where lines carry no authors.
        earlier: What the same person said before, oldest first.
        answers: How many answers were given in this conversation.
    """

    text: str
    speaker: str
    earlier: tuple[str, ...]
    answers: int


def talk(asked: Asked) -> Talk:
    lines = [_authored(line) for line in asked.lines("user")] or [("", "")]
    if not all(author for author, _ in lines):
        lines = [("", line) for line in asked.lines("user")] or [("", "")]
    speaker, text = lines[-1]
    earlier = tuple(line for author, line in lines[:-1] if author == speaker)
    return Talk(text, speaker, earlier, len(asked.lines("assistant")))


def _authored(line: str) -> tuple[str, str]:
    """In a room each line begins with its author's name: who, and what. "" when it does not."""
    found = _AUTHOR.fullmatch(line)
    if found is None or len(found["name"].split()) > WORDS_OF_A_NAME:
        return "", line
    return found["name"], found["text"]

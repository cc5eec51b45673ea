"""What a person gets to see: a reply in Markdown, and the pages that a platform makes of it."""

import re
from collections.abc import Hashable
from dataclasses import dataclass

MEANING = re.compile(r"([!-/:-@\[-`{-~])")
"""What Markdown may take for its own: any ASCII punctuation, as CommonMark 2.4 says."""

LONGEST_ECHO = 80


def plain(words: str) -> str:
    """Somebody's own words, to stand inside a reply as they are: no link, no format, one line."""
    line = " ".join(words.split())
    return MEANING.sub(r"\\\1", line if len(line) <= LONGEST_ECHO else f"{line[:LONGEST_ECHO]}…")


@dataclass(frozen=True, slots=True)
class Button:
    """
    Pressing it is the same as giving `command` with `argument`.

    `command:argument` stays within 64 bytes, the smaller of the platforms' limits
    (core.telegram.org/bots/api#inlinekeyboardbutton, callback_data).
    """

    label: str
    command: str
    argument: str

    @property
    def data(self) -> str:
        """What the platform hands back when the button is pressed."""
        return f"{self.command}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What should be on the asker's screen.

    `text` is Markdown as models write it. `note` is a short remark of ours below it, in our voice rather than the
    model's. No text and no note means that the answer has not begun.
    """

    text: str = ""
    note: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """
    One message as a platform takes it, within that platform's limits.

    `text` is what is sent; `marks` is what goes beside it (Telegram's entities), comparable and opaque to the core.
    """

    text: str
    marks: tuple[Hashable, ...] = ()
    buttons: tuple[Button, ...] = ()

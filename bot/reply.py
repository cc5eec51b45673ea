"""What a person gets to see: a reply in Markdown, and the pages that a platform makes of it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Self

MEANING = re.compile(r"([!-/:-@\[-`{-~])")
"""What Markdown may take for its own: any ASCII punctuation, as CommonMark 2.4 says."""

_ESCAPED = re.compile(rf"(?![(\[]){MEANING.pattern}")
r"""What is escaped of it. A bracket that opens means nothing when none closes it, and `\(` would begin a formula."""

_WAS_ESCAPED = re.compile(rf"\\{MEANING.pattern}")

LONGEST_ECHO = 80


def plain(words: str) -> str:
    """Somebody's own words, to stand inside a reply as they are: no link, no format, one line."""
    line = " ".join(words.split())
    return _ESCAPED.sub(r"\\\1", line if len(line) <= LONGEST_ECHO else f"{line[:LONGEST_ECHO]}…")


def literal(sentence: str) -> str:
    """A sentence of ours where nothing reads Markdown: with people's own words in it as they wrote them."""
    return _WAS_ESCAPED.sub(r"\1", sentence)


@dataclass(frozen=True, slots=True)
class Button:
    """
    Pressing it is the same as giving `command` with `argument`; one with a `url` (https, http) leads there instead.

    `command:argument` stays within 64 bytes, the smaller of the platforms' limits
    (core.telegram.org/bots/api#inlinekeyboardbutton, callback_data).
    """

    label: str
    command: str = ""
    argument: str = ""
    url: str = ""

    @property
    def data(self) -> str:
        """What the platform hands back when the button is pressed."""
        return f"{self.command}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Picture:
    """
    A picture to look at, made with `Picture.of`.

    It may have 10 MB, and 10,000 pixels in width and height together, one at most 20 times the other: the smaller of
    the platforms' limits (core.telegram.org/bots/api#sendphoto).

    Args:
        base64: A PNG file in letters, so that it can be written down with its turn.
        name: The file's: "usage.png".
        alt: In words what is to be seen, for those who cannot see it; up to 1024 characters.
    """

    base64: str
    name: str
    alt: str

    @classmethod
    def of(cls, png: bytes, name: str, alt: str) -> Self:
        return cls(b64encode(png).decode(), name, alt)

    @property
    def png(self) -> bytes:
        return b64decode(self.base64)


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What should be on the asker's screen.

    `text` is Markdown as models write it. `note` is a short remark of ours below it, in our voice rather than the
    model's. No text and no note means that the answer has not begun, unless there is a picture; only a command's answer
    can have one. Of `buttons` there are at most five.

    Args:
        mention: The platform's id of a user whose attention is called to it: their name stands before the text, and
            they are notified as that platform does; "" for nobody.
        opening: What the message says before its text stands there, which is all that a telephone shows of it.
    """

    text: str = ""
    note: str = ""
    buttons: tuple[Button, ...] = ()
    picture: Picture | None = None
    mention: str = ""
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """
    One message as a platform takes it, within that platform's limits.

    `text` is what is sent; `marks` is what goes beside it (Telegram's entities), comparable and opaque to the core. The
    `picture` of a reply stands with its first page, and is shown by `Screen.tell` only.
    """

    text: str
    marks: tuple[Hashable, ...] = ()
    buttons: tuple[Button, ...] = ()
    picture: Picture | None = None

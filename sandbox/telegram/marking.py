"""
What a person's client marks in a text that was typed: commands, mentions, links.

After TDLib's find_entities; phone numbers, cashtags and bank cards are left out.
"""

import re
from collections.abc import Iterator

from sandbox.telegram.state import Json
from sandbox.telegram.text import units

_KINDS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}\b")),
    ("url", re.compile(r"(?<![\w@.])https?://[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#][^\s<>\"]*)?")),
    (
        "url",
        re.compile(r"(?<![\w@./:])[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*\.(?:com|org|net|io|dev|me|ai)\b(?:/[^\s<>\"]*)?"),
    ),
    ("bot_command", re.compile(r"(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/<>@])")),
    ("mention", re.compile(r"(?<!\w)@[a-zA-Z0-9_]{4,32}\b")),
    ("hashtag", re.compile(r"(?<!\w)#(?=\w*[^\W\d_])\w{1,256}")),
)


def mark(text: str) -> tuple[Json, ...]:
    """Find what a client would mark; where two kinds overlap, the first of the list above wins."""
    found: list[tuple[int, int, str]] = []
    for kind, start, end in _candidates(text):
        if all(end <= other_start or other_end <= start for other_start, other_end, _ in found):
            found.append((start, end, kind))
    return tuple(
        {"type": kind, "offset": units(text[:start]), "length": units(text[start:end])}
        for start, end, kind in sorted(found)
    )


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    for kind, pattern in _KINDS:
        for match in pattern.finditer(text):
            found = _without_punctuation(match[0]) if kind == "url" else match[0]
            yield kind, match.start(), match.start() + len(found)


def _without_punctuation(url: str) -> str:
    url = url.rstrip(".,;:!?'\"")
    return url.rstrip(")") if "(" not in url else url


def command_for(text: str, entities: tuple[Json, ...]) -> tuple[str, str] | None:
    """
    Split off the command that a text opens with.

    Returns:
        Its name and the username it is addressed to ("" for none), both lower case; None without a command.
    """
    opens = any(entity["type"] == "bot_command" and entity["offset"] == 0 for entity in entities)
    if not opens:
        return None
    name, _, username = text.split(maxsplit=1)[0][1:].lower().partition("@")
    return name, username

"""Telegram's text with entities beside it, as a tree. Source: core.telegram.org/bots/api#messageentity."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sandbox.page.highlight import highlight
from sandbox.page.nodes import Mark, Node, Nodes, joined

Entity = dict[str, Any]

_KINDS = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "quote",
    "expandable_blockquote": "quote",
    "text_link": "link",
    "url": "link",
    "bot_command": "command",
    "mention": "mention",
    "text_mention": "mention",
    "hashtag": "mention",
    "email": "mention",
}
"""Telegram's names of entities -> ours of marks. Others are shown as plain text."""

_RANK = ("quote", "pre", "code", "link", "bold", "italic", "underline", "strike", "spoiler")
"""Of entities with the same extent, the first is the outermost."""

_BLOCKS = ("quote", "pre")
"""Marks that end their line themselves."""


def tree(text: str, entities: Sequence[Entity]) -> Nodes:
    """Offsets and lengths count UTF-16 code units, of which most emoji take two."""
    known = [entity for entity in entities if entity["type"] in _KINDS]
    known.sort(key=lambda entity: (entity["offset"], -entity["length"], _rank(entity)))
    units = text.encode("utf-16-le")
    return _within(units, 0, len(units) // 2, known)


def _rank(entity: Entity) -> int:
    kind = _KINDS[entity["type"]]
    return _RANK.index(kind) if kind in _RANK else len(_RANK)


def _within(units: bytes, start: int, end: int, entities: Sequence[Entity]) -> Nodes:
    """The part from `start` to `end`, with the entities that begin in it, in order."""
    found: list[Node] = []
    at = start
    while entities and entities[0]["offset"] < end:
        first, *rest = entities
        begin, close = max(first["offset"], at), min(first["offset"] + first["length"], end)
        inside = [entity for entity in rest if entity["offset"] < close]
        entities = rest[len(inside) :]
        mark = _mark(first, _text(units, begin, close), _within(units, begin, close, inside))
        found += [_text(units, at, begin), mark]
        at = close + (mark.kind in _BLOCKS and _text(units, close, min(close + 1, end)) == "\n")
    return joined([*found, _text(units, at, end)])


def _text(units: bytes, start: int, end: int) -> str:
    return units[2 * start : 2 * end].decode("utf-16-le", "replace")


def _mark(entity: Entity, plain: str, inside: Nodes) -> Mark:
    mark = partial(Mark, _KINDS[entity["type"]])
    match entity["type"]:
        case "pre":
            return mark(highlight(plain, entity.get("language", "")), entity.get("language", ""))
        case "text_link":
            return mark(inside, entity["url"])
        case "url":
            return mark(inside, plain if "://" in plain else f"https://{plain}")
    return mark(inside)

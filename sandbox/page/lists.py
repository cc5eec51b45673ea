"""Lists in Discord Markdown: lines that begin with a bullet or a number, nested by how far they are indented."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.page.nodes import Mark, Nodes

_MARKER = r" *(?:[-*]|\d{1,9}\.) +"
ITEMS = re.compile(rf"{_MARKER}[^\n]+(?:\n(?:{_MARKER}| {{2,}})[^\n]+)*(?:\n|\Z)")
"""A whole list: items, and indented lines that go on with them."""

_ITEM = re.compile(r"(?P<indent> *)(?P<marker>[-*]|\d{1,9}\.) +(?P<text>.+)")


@dataclass(slots=True)
class _Item:
    indent: int
    number: str
    lines: list[str]
    below: list["_Item"] = field(default_factory=list)


def nested(source: str, read: Callable[[str], Nodes]) -> Mark:
    """
    The list that matched `ITEMS`, as `ul` or `ol` with its first number, and `li` in it.

    Args:
        read: Makes the tree of one item's text.
    """
    top: list[_Item] = []
    path: list[_Item] = []
    for line in source.rstrip("\n").split("\n"):
        found = _ITEM.fullmatch(line)
        if found is None:
            path[-1].lines.append(line.strip())
            continue
        item = _Item(len(found["indent"]), found["marker"].rstrip(".-*"), [found["text"]])
        while path and path[-1].indent >= item.indent:
            path.pop()
        (path[-1].below if path else top).append(item)
        path.append(item)
    return _list(top, read)


def _list(items: list[_Item], read: Callable[[str], Nodes]) -> Mark:
    """One level; what kind of list it is, its first item says."""
    first = items[0].number
    return Mark("ol" if first else "ul", tuple(_item(item, read) for item in items), first)


def _item(item: _Item, read: Callable[[str], Nodes]) -> Mark:
    below = (_list(item.below, read),) if item.below else ()
    return Mark("li", (*read("\n".join(item.lines)), *below))

"""
What a message looks like, as a tree: text, and marks around it.

The trees are made here rather than in the browser, where both platforms would need a parser in a second language, and
tests a browser to reach it. The page gets no HTML, ever: it makes one known element for each known mark and puts text
into it as text, so whatever a model says stays something to read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """
    Something around a part of a message.

    `kind` names an element that the page knows how to draw. `detail` is what else it needs: a link's address, the
    language of code, the first number of a list, the id of who is mentioned.
    """

    kind: str
    inside: "Nodes" = ()
    detail: str = ""


Node = str | Mark
Nodes = tuple[Node, ...]


def as_json(nodes: Iterable[Node]) -> list[Any]:
    """The tree as the page takes it: strings, and objects with `kind`, `inside` and `detail`."""
    return [node if isinstance(node, str) else _marked(node) for node in nodes]


def _marked(mark: Mark) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": mark.kind, "inside": as_json(mark.inside)}
    return {**shown, "detail": mark.detail} if mark.detail else shown


def text_of(nodes: Iterable[Node]) -> str:
    """What is left without the marks."""
    return "".join(node if isinstance(node, str) else text_of(node.inside) for node in nodes)


def joined(nodes: Iterable[Node]) -> Nodes:
    """The same with neighbouring texts in one piece and empty ones left out."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        elif node != "":
            found.append(node)
    return tuple(found)

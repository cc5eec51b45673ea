"""Code in colours, as both platforms' clients show it."""

from collections.abc import Iterator
from typing import Any

# Rich brings Pygments along, which has no types of its own.
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, String
from pygments.util import ClassNotFound

from sandbox.page.nodes import Mark, Node, Nodes, joined

KINDS = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Number, "number"),
    (String, "string"),
    (Literal, "number"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Builtin, "builtin"),
    (Name.Decorator, "builtin"),
    (Name.Tag, "keyword"),
    (Name.Attribute, "name"),
)
"""Which tokens get a colour. The first that fits counts."""


def highlight(code: str, language: str) -> Nodes:
    """The code with its tokens marked; as it is when the language is not known."""
    if not language:
        return (code,)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return (code,)
    return joined(_coloured(lexer.get_tokens(code)))


def _coloured(tokens: Iterator[tuple[Any, str]]) -> Iterator[Node]:
    for token, text in tokens:
        kind = next((kind for within, kind in KINDS if token in within), "")
        yield Mark(kind, (text,)) if kind else text

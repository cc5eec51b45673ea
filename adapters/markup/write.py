"""
Markdown to Rich, a piece at a time.

An answer is rendered again for every edit while it grows at its end. Blocks that something else follows stay as they
are, so a long source is read in pieces, and the work on the latest of them is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it.token import Token

from adapters.markup.blocks import write
from adapters.markup.draft import Draft
from adapters.markup.parse import parse
from adapters.markup.rich import Rich, Style, clean, joined, trimmed

PIECE = 4_000
"""Code points that we look ahead for the end of a block, at first."""

_FURTHER = 4
"""How many times as far we look when no block ends there."""

_MAY_END = re.compile(r"\n[ \t]*\n(?!(?:[-+*]|\d+[.)])\s)(?=\S)")
"""A blank line, then neither an indentation nor a further item: where there is none, one long block goes on."""

_KEPT = 512
"""Pieces that are kept, of up to PIECE * _FURTHER code points each: about 25 KB for an ordinary one, with its spans."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """
    The first blocks of a source.

    Args:
        length: Of their source, in code points; 0 when no block ends for certain.
        after_heading: Whether the last of them is a heading.
    """

    rich: Rich
    length: int
    after_heading: bool


def read(text: str, style: Style) -> Rich:
    """
    Read `text` as Markdown, or as the beginning of some: it renders at every moment of its growth.

    Nothing that can be read is dropped; what is no Markdown shows as it stands, HTML too.
    """
    return trimmed(joined(_pieces(clean(text), style)))


def _pieces(source: str, style: Style) -> Iterator[Rich]:
    at, reach = 0, PIECE
    continues = after_heading = False
    while end := _line_end(source, at + reach):
        first = _kept if reach <= PIECE * _FURTHER else _first_blocks
        piece = first(source[at:end], style, continues, after_heading)
        if not piece.length:
            reach *= _FURTHER
            continue
        yield piece.rich
        at, reach = at + piece.length, PIECE
        continues, after_heading = continues or bool(piece.rich.text), piece.after_heading
    yield _written(parse(source[at:]), Draft(style, source[at:].split("\n"), continues, after_heading)).done()


def _line_end(source: str, at: int) -> int:
    """Behind the line end that comes next, 0 when there is none."""
    return source.find("\n", at) + 1


def _first_blocks(source: str, style: Style, continues: bool, after_heading: bool) -> _Piece:
    """All blocks of `source` but those that what follows it could change."""
    tokens, lines = parse(source) if _MAY_END.search(source) else [], source.split("\n")
    ends = _last_start(tokens, lines)
    if not ends:
        return _Piece(Rich(""), 0, after_heading)
    draft = _written(tokens[:ends], Draft(style, lines, continues, after_heading))
    blank_line = _line(tokens[ends]) - 1  # it goes with the next piece, where it tells that there was one
    return _Piece(draft.done(), sum(len(line) + 1 for line in lines[:blank_line]), draft.after_heading)


_kept = lru_cache(maxsize=_KEPT)(_first_blocks)


def _last_start(tokens: list[Token], lines: list[str]) -> int:
    """The last token that begins a block of its own below a blank line: what is above it can grow no more."""
    for at in range(len(tokens) - 1, 0, -1):
        if tokens[at].level == 0 and tokens[at].map and not lines[_line(tokens[at]) - 1].strip(" \t"):
            return at
    return 0


def _line(token: Token) -> int:
    """The first line of a block."""
    return token.map[0] if token.map else 0


def _written(tokens: list[Token], draft: Draft) -> Draft:
    write(tokens, draft)
    return draft

"""Reading a table whole: no cell is dropped, and the text below a table is no row of it."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as gfm_table
from markdown_it.rules_block.table import escapedSplit, getLine
from markdown_it.token import Token

_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_BAR = re.compile(r"(?<!\\)\|")
_LONGEST = 2_000
"""Characters of a row in which we look for code; bounds the search."""


def extend(parser: MarkdownIt) -> None:
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("paragraph", "table_end", _table_end, {"alt": ["blockquote"]})


def _table_end(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """GFM takes any line below a table for one more row; a line without a bar is not."""
    return silent and state.parentType == "table" and "|" not in getLine(state, start)


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """GFM's rule, which drops the cells beyond the header's; models forget to escape the bars within code."""
    known = len(state.tokens)
    if not gfm_table(state, start, end, silent):
        return False
    cells: list[Token] = []
    line = start
    for token in state.tokens[known:]:
        if token.type == "tr_open" and token.map:
            cells, line = [], token.map[0]
        elif token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close":
            _complete(cells, getLine(state, line).strip())
    return True


def _complete(cells: list[Token], line: str) -> None:
    written = _split(line)
    if len(written) <= len(cells):
        return
    if len(line) < _LONGEST:
        mended = _split(_CODE.sub(lambda code: _BAR.sub(r"\|", code[0]), line))
        written = mended if len(mended) == len(cells) else written
    last = len(cells) - 1
    for cell, text in zip(cells, [*written[:last], "|".join(written[last:])], strict=True):
        cell.content = text.strip()


def _split(line: str) -> list[str]:
    columns = escapedSplit(line)
    return columns[not columns[0] : len(columns) - (len(columns) > 1 and not columns[-1])]

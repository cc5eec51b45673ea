"""Where models and CommonMark part ways: bold beside punctuation, bare addresses, `<br>`, endless nesting."""

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.emphasis import tokenize as commonmark_emphasis

from adapters.markup.addresses import bare

DEEPEST = 24
"""
Levels of nesting; deeper quotes and lists stay text. A list costs two levels, one for itself and one for the item.

The library drops what lies deeper than its own limit, and each level is a Python call inside the last.
"""

_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ENDS = frozenset(".,:;!?…。，：；！？、）")


def extend(parser: MarkdownIt) -> None:
    parser.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.block.ruler.at("list", _list, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler.before("escape", "bare_address", _bare_address)
    parser.inline.ruler.before("autolink", "line_break", _line_break)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < DEEPEST and blockquote(state, start, end, silent)


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < DEEPEST and list_block(state, start, end, silent)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """Take an address as it stands, so that no mark in it is read as Markdown."""
    if not state.src.startswith("://", state.pos):
        return False
    for scheme in ("https", "http"):
        start = state.pos - len(scheme)
        address = bare(state.src, start, state.posMax) if start >= 0 else ""
        if address:
            if not silent:
                state.pending += address[len(scheme) :]
            state.pos += len(address) - len(scheme)
            return True
    return False


def _line_break(state: StateInline, silent: bool) -> bool:
    """`<br>`: the one tag whose meaning a chat can show, and the only way to break a line inside a table."""
    match = _LINE_BREAK.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """
    CommonMark's rule, and asterisks that open or close a word where it has none: `**注意：**这`, `**Note:**this`.

    A single asterisk outside Chinese, Japanese and Korean keeps to the rule, since `5*(3+2)*4` is arithmetic.
    See github.com/tats-u/markdown-cjk-friendly for the problem.
    """
    start, known = state.pos, len(state.delimiters)
    if not commonmark_emphasis(state, silent):
        return False
    if state.src[start] == "*":
        before = state.src[start - 1] if start else " "
        after = state.src[state.pos] if state.pos < state.posMax else " "
        strong = state.pos - start > 1
        for delimiter in state.delimiters[known:]:
            delimiter.open |= (strong or _east_asian(before)) and _may_begin(after)
            delimiter.close |= (strong or _east_asian(after)) and _may_end(before)
    return True


def _may_begin(char: str) -> bool:
    return not char.isspace() and char not in _ENDS and unicodedata.category(char) not in ("Pe", "Pf")


def _may_end(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in ("Ps", "Pi")


def _east_asian(char: str) -> bool:
    return char >= "\u1100" and unicodedata.east_asian_width(char) in ("W", "F")

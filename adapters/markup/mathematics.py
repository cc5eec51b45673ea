r"""
LaTeX as models write it: `\(x\)`, `$x$`, `\[x\]`, `$$x$$`. It becomes code, or Markdown would eat its backslashes.

One dollar is money until the text between two of them looks like a formula.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_LONGEST = 2_000
"""Characters of a formula within a line; bounds the search for its end."""

# How it opens and closes, and what its inside must look like: brackets may as well be escaped prose, `\[1\]`.
_INLINE = (
    ("\\(", "\\)", re.compile(r"[\\^_{}=]|^(?!.*[^\W\d_]{3})", re.DOTALL)),
    ("\\[", "\\]", re.compile(r"[\\^_{}=]")),
    ("$$", "$$", re.compile(r"\S")),
    ("$", "$", re.compile(r"^(?!\s)(?=.*[\\^_{}]|\D.*=).*(?<!\s)\Z")),
)
_FENCES = {"$$": "$$", "\\[": "\\]"}


def extend(parser: MarkdownIt) -> None:
    parser.inline.ruler.before("escape", "math_inline", _inline)
    parser.block.ruler.before("fence", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _inline(state: StateInline, silent: bool) -> bool:
    for opening, closing, formula in _INLINE:
        if state.src.startswith(opening, state.pos):
            start = state.pos + len(opening)
            end = state.src.find(closing, start, min(state.posMax, start + _LONGEST))
            if end < 0 or not formula.search(state.src[start:end]) or (opening == "$" and _within_word(state, end)):
                return False
            if not silent:
                state.push("code_inline", "code", 0).content = " ".join(state.src[start:end].split())
            state.pos = end + len(closing)
            return True
    return False


def _within_word(state: StateInline, end: int) -> bool:
    """`US$5 = A$7` is no formula."""
    return state.src[max(0, state.pos - 1) : state.pos].isalnum() or state.src[end + 1 : end + 2].isalnum()


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own. One that is open at the end goes on to it, when its opening stands alone."""
    if state.is_code_block(start):
        return False
    first = _line(state, start)
    closing = _FENCES.get(first[:2])
    if closing is None:
        return False
    last = _last_line(state, start, end, closing)
    if last is None:
        return False
    if silent:
        return True
    content = "\n".join(_line(state, line) for line in range(start, min(last + 1, end)))
    token = state.push("fence", "code", 0)
    token.info, token.content = "latex", content[2:].removesuffix(closing).strip("\n")
    token.map = [start, min(last + 1, end)]
    state.line = token.map[1]
    return True


def _last_line(state: StateBlock, start: int, end: int, closing: str) -> int | None:
    """The line that ends with `closing`, `end` when there is none yet, None when this is no block of mathematics."""
    first = _line(state, start)
    if closing in first[2:]:
        return start if first[2:].index(closing) == len(first) - 4 > 0 else None
    for line in range(start + 1, end):
        text = _line(state, line)
        if (text and state.sCount[line] < state.blkIndent) or (not text and first[2:].strip()):
            return None
        if closing in text:
            return line if text.index(closing) == len(text) - 2 else None
    return None if first[2:].strip() else end


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()

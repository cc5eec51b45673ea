"""Tokens of Markdown to text with spans."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from markdown_it.token import Token

from adapters.markup.draft import Draft
from adapters.markup.inline import write_inline
from adapters.markup.layout import aligned, collect, write_records
from adapters.markup.rich import Kind

_LANGUAGE = re.compile(r"[\w+#.-]{1,32}", re.ASCII)

RULE = "─" * 10
_NESTED_QUOTE = "› "
_DEEPEST_INDENT = 8
"""Levels of a list that are moved in; a phone's screen has no room for more."""


def write(tokens: list[Token], draft: Draft) -> None:
    """Write a document, or some whole blocks of one, at the end of `draft`."""
    _Writer(draft).write(tokens)


@dataclass(slots=True)
class _Numbers:
    """One list's numbers: the one in the source last, and the one shown for it."""

    read: int = -1
    shown: int = -1

    def next(self, number: int) -> tuple[int, bool]:
        """The number to show, and whether it follows the last. `1. 1. 1.` counts up, `3. 5.` stays as it is."""
        first, repeated = self.read < 0, number == self.read
        shown = self.shown + 1 if repeated else number
        follows = first or shown == self.shown + 1
        self.read, self.shown = number, shown
        return shown, follows


@dataclass(slots=True)
class _Writer:
    """Walks the tokens. `_quotes` counts the open quotes; the outermost starts with the first line in it."""

    draft: Draft
    _lists: list[_Numbers] = field(default_factory=list)
    _quotes: int = 0
    _quote_start: int | None = None

    def write(self, tokens: list[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                self._table(tokens[at:end])
                at = end
            elif token.type in _BLOCKS:
                _BLOCKS[token.type](self, token)
            elif token.type == "inline":
                self._inline(token, tokens[at - 1])
            at += 1

    def _begin(self, token: Token, *, whole_lines: bool = False, heading: bool = False) -> None:
        self.draft.begin(token.map[0] if token.map else 0, whole_lines=whole_lines, heading=heading)
        if self._quotes and self._quote_start is None:
            self._quote_start = self.draft.line_start

    def _inline(self, token: Token, opened_by: Token) -> None:
        heading = opened_by.type == "heading_open"
        if not token.content:
            return
        self._begin(token, heading=heading)
        start = self.draft.length
        write_inline(self.draft, token.children or [])
        if heading:
            # Among list items the large type of a title would shout.
            inner = bool(self._lists) or self._quotes > 1
            self.draft.span(Kind.HEADING, start, "6" if inner else opened_by.tag[1:])

    def _code(self, token: Token) -> None:
        content = token.content.strip("\n").replace("\t", self.draft.style.tab)
        language, caption = _info(token.info)
        if caption:
            self._begin(token)
            self.draft.write(self.draft.style.plain(caption))
        if content.strip():
            if caption:
                self.draft.new_line(margin=False)
            else:
                self._begin(token, whole_lines=True)
            with self.draft.spanned(Kind.PRE, language):
                self.draft.write(content)

    def _table(self, tokens: list[Token]) -> None:
        cells = collect(tokens)
        block = aligned(cells, self.draft.style)
        if block == "":
            return
        self._begin(tokens[0], whole_lines=block is not None)
        if block is None:
            write_records(self.draft, cells)
        else:
            with self.draft.spanned(Kind.PRE):
                self.draft.write(block)

    def _rule(self, token: Token) -> None:
        self._begin(token, whole_lines=True)
        self.draft.mark(RULE)

    def _open_list(self, _token: Token) -> None:
        self._lists.append(_Numbers())

    def _close_list(self, _token: Token) -> None:
        self._lists.pop()

    def _open_item(self, token: Token) -> None:
        self._begin(token)
        if "checked" in token.meta:
            self.draft.item("☑ " if token.meta["checked"] else "☐ ")
        elif token.info:
            number, follows = self._lists[-1].next(int(token.info))
            self.draft.item(f"{number}{token.markup} ", ours=follows)
        else:
            bullets = self.draft.style.bullets
            self.draft.item(bullets[(len(self._lists) - 1) % len(bullets)])
        self.draft.margins.append(self.draft.style.indent if len(self._lists) <= _DEEPEST_INDENT else "")

    def _close_item(self, _token: Token) -> None:
        self.draft.margins.pop()
        self.draft.end_item()

    def _open_quote(self, _token: Token) -> None:
        if self._quotes:
            self.draft.margins.append(_NESTED_QUOTE)
        self._quotes += 1

    def _close_quote(self, _token: Token) -> None:
        self._quotes -= 1
        if self._quotes:
            self.draft.margins.pop()
        elif self._quote_start is not None:
            self.draft.span(Kind.QUOTE, self._quote_start)
            self._quote_start = None


def _info(info: str) -> tuple[str, str]:
    """What stands behind an opening fence: the language, and what else was said, which may well be the file's name."""
    first, _, rest = info.strip().partition(" ")
    return (first, rest.strip()) if _LANGUAGE.fullmatch(first) else ("", info.strip())


_BLOCKS: dict[str, Callable[[_Writer, Token], None]] = {
    "fence": _Writer._code,
    "code_block": _Writer._code,
    "hr": _Writer._rule,
    "bullet_list_open": _Writer._open_list,
    "bullet_list_close": _Writer._close_list,
    "ordered_list_open": _Writer._open_list,
    "ordered_list_close": _Writer._close_list,
    "list_item_open": _Writer._open_item,
    "list_item_close": _Writer._close_item,
    "blockquote_open": _Writer._open_quote,
    "blockquote_close": _Writer._close_quote,
}

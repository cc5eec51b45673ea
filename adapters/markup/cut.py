"""Cutting a Rich into pages: at the best place that fits, so that nothing is lost and nothing is torn."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

from adapters.markup.rich import Kind, Rich, Span, part, visible

Drawn = TypeVar("Drawn")

_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*(?=\s)|[。！？]+")
_BLANK_LINE = re.compile(r"\n(?=\n)")
_LINE_END = re.compile(r"\n")
_SPACE = re.compile(r"\s+")
_VIRAMA = 9
"""The combining class of the sign that binds two consonants of an Indian script into one."""
_CLUSTER = 64
"""Code points that we look back for the beginning of a character; longer ones are an attack on somebody's screen."""

_KEPT = 512
"""Pages that are kept, with what stood ahead of them: about 20 KB for each."""


def cut(rich: Rich, limit: int, draw: Callable[[Rich], Drawn], size: Callable[[Drawn], int]) -> tuple[Drawn, ...]:
    """
    Cut `rich` into pieces of at most `limit`, and draw them.

    Where a page ends depends on what stands on it and right behind, so that pages before the last hold still while
    the text grows.

    Args:
        limit: The largest piece, in the unit of `size`.
        draw, size: The same functions for the same platform, since their work is kept.
        size: How large a piece is once it is drawn; never less than its number of code points before.

    Returns:
        Pieces that join back to `rich`, white space at the seams aside; none of them is blank.
    """
    pages = []
    windows, fits = _Windows(rich), limit
    windows.skip(_start(windows.next(limit + 1), 0))
    while windows.left:
        window = windows.next(min(limit, 2 * fits) + 1)
        more = len(window.text) < windows.left
        page, end, fits = (_full if more else _page)(window, limit, draw, size, fits)
        if more and end == len(window.text):
            fits = end  # all of it, so we should have looked further
            continue
        if visible(window.text[:end]):
            pages.append(page)
        windows.skip(_start(window, end))
    return tuple(pages)


class _Windows:
    """Looks at the part ahead of a long text, without going through all its spans each time."""

    def __init__(self, rich: Rich) -> None:
        self._rich = rich
        self._at = 0
        self._next = 0  # the first span that begins further on
        self._open: list[Span] = []  # those that began before and have not ended

    @property
    def left(self) -> int:
        return len(self._rich.text) - self._at

    def next(self, length: int) -> Rich:
        end = self._at + length
        behind = bisect_left(self._rich.spans, end, self._next, key=lambda span: span.start)
        ahead = Rich(self._rich.text, (*self._open, *self._rich.spans[self._next : behind]))
        return part(ahead, self._at, end)

    def skip(self, length: int) -> None:
        self._at += length
        behind = bisect_left(self._rich.spans, self._at, self._next, key=lambda span: span.start)
        passed = (*self._open, *self._rich.spans[self._next : behind])
        self._open = [span for span in passed if span.end > self._at]
        self._next = behind


def _page(
    window: Rich, limit: int, draw: Callable[[Rich], Drawn], size: Callable[[Drawn], int], guess: int
) -> tuple[Drawn, int, int]:
    """
    The first page of `window`, where it ends, and about how much would have fitted on it.

    Args:
        guess: How much fitted on the page before.
    """
    if len(window.text) <= limit and size(page := draw(_trimmed(window, len(window.text)))) <= limit:
        return page, len(window.text), guess
    most = _most(window, limit, lambda piece: size(draw(piece)), guess)
    at = _place(window, most)
    while size(page := draw(_trimmed(window, at))) > limit and at > 1:
        at = _place(window, at - 1)
    return page, at, most


_full = lru_cache(maxsize=_KEPT)(_page)
"""For a page that something follows: it stays while the text grows."""


def _most(window: Rich, limit: int, measure: Callable[[Rich], int], guess: int) -> int:
    """
    No more than this much of `window` fits, and little less.

    A place is looked for from here downwards, so that it does not depend on the guesses which led here.
    """
    fits, size = 0, 0
    over = len(window.text)
    over_size = max(limit + limit // 20, over * limit // guess)
    while over - fits > 1 and limit - size > limit // 25:
        # As if the marks were spread evenly between the last two guesses.
        guess = fits + (over - fits) * (limit - size) // max(over_size - size, 1)
        guess = min(max(guess, fits + 1), over - 1)
        guessed = measure(part(window, 0, guess))
        if guessed <= limit:
            fits, size = guess, guessed
        else:
            over, over_size = guess, guessed
    return max(min(over - 1, fits + limit - size), 1)


def _place(window: Rich, end: int) -> int:
    """The best place to cut at or before `end`, on the second half of the page while there is one."""
    floor = end // 2
    for places in (_blocks, _blanks, _lines, _sentences, _spaces):
        at = max(places(window, floor, end), default=0)
        if at:
            return at
    return _between_characters(window.text, end)


def _blocks(window: Rich, floor: int, end: int) -> Iterator[int]:
    """Between blocks, never right below a heading."""
    headings = {span.end for span in window.spans if span.kind is Kind.HEADING}
    solid = [span for span in window.spans if span.kind is Kind.PRE]
    starts = [span.start for span in solid]
    for edge in (*(start - 1 for start in starts), *(span.end for span in solid)):
        if max(floor, 1) <= edge <= end and edge not in headings:
            yield edge
    for blank in _blanks(window, floor, end):
        block = bisect_right(starts, blank) - 1
        if block < 0 or solid[block].end <= blank:
            yield blank


def _blanks(window: Rich, floor: int, end: int) -> Iterator[int]:
    """At blank lines, those within code too."""
    return (match.start() for match in _BLANK_LINE.finditer(window.text, floor, end + 2))


def _lines(window: Rich, floor: int, end: int) -> Iterator[int]:
    headings = {span.end for span in window.spans if span.kind is Kind.HEADING}
    for line_end in _LINE_END.finditer(window.text, floor, end + 1):
        if line_end.start() not in headings:
            yield line_end.start()


def _sentences(window: Rich, floor: int, end: int) -> Iterator[int]:
    return (match.end() for match in _SENTENCE.finditer(window.text, floor, end + 1) if match.end() <= end)


def _spaces(window: Rich, floor: int, end: int) -> Iterator[int]:
    return (match.start() for match in _SPACE.finditer(window.text, floor, end + 1))


def _between_characters(text: str, end: int) -> int:
    """The last place that tears no accent, no family and no flag apart."""
    nearest = (at for at in range(end, max(0, end - _CLUSTER), -1) if not _joined(text, at))
    return next(nearest, end)


def _joined(text: str, at: int) -> bool:
    """Whether the code points around `at` are seen as one character, after unicode.org/reports/tr29."""
    if at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    if _is_flag_letter(before) and _is_flag_letter(after):
        letters = next((n for n in range(at) if not _is_flag_letter(text[at - 1 - n])), at)
        return letters % 2 == 1
    return (
        unicodedata.category(after) in ("Mn", "Mc", "Me")
        or "\u200d" in (before, after)
        or unicodedata.combining(before) == _VIRAMA
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # flags of regions
        or "\u1160" <= after <= "\u11ff"  # the later letters of a Korean syllable
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _trimmed(window: Rich, end: int) -> Rich:
    return part(window, 0, len(window.text[:end].rstrip()))


def _start(window: Rich, end: int) -> int:
    """Where the page after `end` begins: behind the white space, save the indentation of code."""
    code = next((span for span in window.spans if span.kind is Kind.PRE and span.end > end), None)
    if code is not None and code.start < end:
        return end + _leading(window.text[end:], "\n")
    return end + _leading(window.text[end : code.start if code else None], None)


def _leading(text: str, blanks: str | None) -> int:
    return len(text) - len(text.lstrip(blanks))

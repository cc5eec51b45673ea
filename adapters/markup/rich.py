"""Text with spans: what an answer says and how it should look, before any platform has its way with it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strike"
    CODE = "code"
    PRE = "pre"
    """A block of code or an aligned table: whole lines. `detail` is the language, "" when none was named."""
    LINK = "link"
    """`detail` is the address; a bare address in the text has no span."""
    QUOTE = "quote"
    """Whole lines. Never inside another: a quote in a quote has a marker before each of its lines."""
    HEADING = "heading"
    """One line. `detail` is the level, "1" to "6"."""
    MARKER = "marker"
    """A bullet, a number or a box that we wrote, so that it is not taken for the model's own text."""
    NOTE = "note"
    """Our own remark below the answer."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets count code points; `end` is the first one outside."""

    start: int
    end: int
    kind: Kind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rich:
    """Spans are ordered as they open, outer before inner, and one never crosses another's edge."""

    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with the same spans all along, outermost first."""

    start: int
    end: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """
    What a platform makes different before anything is measured.

    Args:
        bullets: The marker of a list item, one for each depth; deeper ones begin anew.
        indent: What each level of a list is moved in by.
        tab: What a tab becomes inside code.
        table_width: The widest aligned table, in cells of a fixed-width font; a wider one becomes a list.
        linkable: Whether an address may hide behind a label; any other is written out after it.
        plain: What the model's words become before anything is measured; code and addresses stay as they are.
    """

    bullets: tuple[str, ...]
    indent: str
    tab: str
    table_width: int
    linkable: Callable[[str], bool]
    plain: Callable[[str], str] = str


# Control characters, those that turn the direction of all that follows, and what Unicode keeps for no character.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Drop what no platform takes or shows: controls, bidirectional overrides, halves of surrogate pairs."""
    text = _LINE_ENDS.sub("\n", text)
    return _SURROGATES.sub("\ufffd", _UNWANTED.sub("", text))


def visible(text: str) -> bool:
    """Whether there is anything to see: both platforms refuse a message without."""
    return any(unicodedata.category(char) not in _UNSEEN and char not in _BLANKS for char in text)


_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp")
# Letters, symbols and marks by category, yet nothing to see: Hangul fillers, an empty Braille cell, selectors.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f" + "".join(map(chr, range(0xFE00, 0xFE10))))


def part(rich: Rich, start: int, end: int) -> Rich:
    """The stretch from `start` to `end`; spans that reach beyond it are cut with it."""
    return Rich(
        rich.text[start:end],
        tuple(
            Span(max(span.start, start) - start, min(span.end, end) - start, span.kind, span.detail)
            for span in rich.spans
            if span.start < end and span.end > start
        ),
    )


def joined(pieces: Iterable[Rich]) -> Rich:
    """The pieces one behind the other, with nothing between them."""
    texts: list[str] = []
    spans: list[Span] = []
    at = 0
    for piece in pieces:
        spans += [Span(at + span.start, at + span.end, span.kind, span.detail) for span in piece.spans]
        texts.append(piece.text)
        at += len(piece.text)
    return Rich("".join(texts), tuple(spans))


def trimmed(rich: Rich) -> Rich:
    """`rich` without the white space at its end."""
    end = len(rich.text.rstrip())
    return part(rich, 0, end) if end < len(rich.text) else rich


def noted(rich: Rich, note: str) -> Rich:
    """`rich` with a remark of ours below it. The remark is plain text."""
    remark = clean(note).strip()
    if not remark:
        return rich
    gap = "\n\n" if rich.text else ""
    start = len(rich.text) + len(gap)
    span = Span(start, start + len(remark), Kind.NOTE)
    return Rich(rich.text + gap + remark, (*rich.spans, span))


def runs(rich: Rich) -> Iterator[Run]:
    """Cut `rich` at every edge of a span."""
    covering: list[Span] = []
    at = 0
    for span in rich.spans:
        yield from _until(span.start, at, covering)
        at = span.start
        covering.append(span)
    yield from _until(len(rich.text), at, covering)


def _until(goal: int, at: int, covering: list[Span]) -> Iterator[Run]:
    """The runs from `at` to `goal`; takes the spans that end on the way off `covering`."""
    while at < goal:
        end = min(goal, covering[-1].end) if covering else goal
        if end > at:
            yield Run(at, end, tuple(covering))
        at = end
        while covering and covering[-1].end <= at:
            covering.pop()

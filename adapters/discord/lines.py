"""
Lines of Discord Markdown.

Discord reads with regular expressions, first match first: github.com/discord/SimpleAST (Android) and simple-markdown
(github.com/Khan/perseus, desktop). So marks open and close on one line, bold always outside italic, and where one
closes right before another opens something invisible keeps them apart. Code and addresses cannot be escaped: marks
step aside for those that hold marks themselves.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile

from adapters.discord import escape
from adapters.markup.addresses import all_bare
from adapters.markup.rich import Kind, Rich, Span, runs

# Outermost first. One order for all, since `***a** b*` is read in different ways on different devices.
_MARKS = {Kind.STRIKE: "~~", Kind.BOLD: "**", Kind.ITALIC: "*"}
_LARGE = ("1", "2", "3")
_LANGUAGE = re.compile(r"[\w+.-]{1,32}", re.ASCII)
_LANGUAGES = {"c#": "cs", "f#": "fs"}
_LABEL = re.compile(r"(?:[^\[\]]|\[[^\[\]]*\](?!\())+")

Looks = frozenset[Kind]
"""Of the kinds in `_MARKS`."""
_PLAIN: Looks = frozenset()


@dataclass(frozen=True, slots=True)
class _Bit:
    """A stretch of one line that looks the same all along. `kind` is CODE, MARKER, or None for text."""

    text: str
    looks: Looks = _PLAIN
    kind: Kind | None = None
    link: Span | None = None
    address: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """Its own spans (QUOTE, HEADING, NOTE, PRE), and what is on it. A block of code counts as one line."""

    spans: dict[Kind, Span]
    bits: list[_Bit]


def markdown(rich: Rich) -> str:
    return "\n".join(_written(line) for line in _lines(rich))


def _lines(rich: Rich) -> Iterator[_Line]:
    line = _Line({}, [])
    for run in runs(rich):
        spans = {span.kind: span for span in run.spans} if run.spans else {}
        text = rich.text[run.start : run.end]
        for number, stretch in enumerate([text] if Kind.PRE in spans else text.split("\n")):
            if number:
                yield line
                line = _Line({}, [])
            if spans:
                line.spans.update(spans)
            if stretch:
                line.bits.append(_bit(stretch, spans))
    yield line


def _bit(text: str, spans: dict[Kind, Span]) -> _Bit:
    if not spans or Kind.MARKER in spans:
        return _Bit(text, kind=Kind.MARKER if spans else None)
    looks = frozenset(kind for kind in spans if kind in _MARKS)
    if Kind.HEADING in spans and spans[Kind.HEADING].detail not in _LARGE:
        looks |= {Kind.BOLD}
    return _Bit(text, looks, Kind.CODE if Kind.CODE in spans else None, spans.get(Kind.LINK))


def _written(line: _Line) -> str:
    prefix = "> " if Kind.QUOTE in line.spans else ""
    if block := line.spans.get(Kind.PRE):
        return "\n".join(prefix + row for row in _fence(line.bits[0].text, block.detail))
    if not line.bits:
        return prefix
    title = line.spans.get(Kind.HEADING)
    if Kind.NOTE in line.spans:
        prefix += "-# "
    elif title and title.detail in _LARGE:
        prefix += "#" * int(title.detail) + " "
    return prefix + _inline(_spaced(_apart(line.bits)), starts_line=True)


def _fence(code: str, language: str) -> Iterator[str]:
    language = _LANGUAGES.get(language.lower(), language)
    yield "```" + (language if _LANGUAGE.fullmatch(language) else "")
    yield from escape.block(code).split("\n")
    yield "```"


def _apart(bits: Iterable[_Bit]) -> Iterator[_Bit]:
    """Addresses by themselves; no looks on what holds their marks."""
    for bit in bits:
        if bit.kind is Kind.CODE:
            yield _bare(bit)
        elif bit.kind is None and "://" in bit.text:
            yield from _addresses(bit)
        else:
            yield bit


def _addresses(bit: _Bit) -> Iterator[_Bit]:
    at = 0
    for start, address in all_bare(bit.text):
        if start > at:
            yield replace(bit, text=bit.text[at:start])
        yield _bare(replace(bit, text=address, address=True))
        at = start + len(address)
    if at < len(bit.text):
        yield replace(bit, text=bit.text[at:])


def _bare(bit: _Bit) -> _Bit:
    return replace(bit, looks=_PLAIN) if bit.looks and ("*" in bit.text or "~~" in bit.text) else bit


def _spaced(bits: Iterable[_Bit]) -> list[_Bit]:
    """White space at an edge keeps only the marks that stay open across it: `** bold**` would not be bold."""
    apart = [piece for bit in bits for piece in _without_edges(bit)]
    for at, bit in enumerate(apart):
        if bit.looks and bit.text.isspace():
            before = next((other.looks for other in reversed(apart[:at]) if not other.text.isspace()), _PLAIN)
            after = next((other.looks for other in apart[at:] if not other.text.isspace()), _PLAIN)
            apart[at] = replace(bit, looks=_kept(before, bit.looks, after))
    return apart


def _kept(*looks: Looks) -> Looks:
    """The outermost marks that all of them share."""
    kept = []
    for kind in _MARKS:
        have = [kind in some for some in looks]
        if any(have) and not all(have):
            break
        if all(have):
            kept.append(kind)
    return frozenset(kept)


def _without_edges(bit: _Bit) -> Iterator[_Bit]:
    core = bit.text.strip()
    if not bit.looks or bit.kind or len(core) in (0, len(bit.text)):
        yield bit
        return
    start = bit.text.index(core)
    for text in (bit.text[:start], core, bit.text[start + len(core) :]):
        if text:
            yield replace(bit, text=text)


def _inline(bits: Sequence[_Bit], *, starts_line: bool = False) -> str:
    out: list[str] = []
    opened: list[Kind] = []
    for link, group in groupby(bits, key=lambda bit: bit.link):
        if link:
            label = list(group)
            shared = frozenset.intersection(*(bit.looks for bit in label))
            _turn(out, opened, shared)
            out.append(_masked([replace(bit, looks=bit.looks - shared, link=None) for bit in label], link.detail))
            starts_line = False
            continue
        for bit in group:
            _turn(out, opened, bit.looks)
            out.append(_text(bit, out, starts_line=starts_line))
            starts_line = starts_line and (bit.kind is Kind.MARKER or bit.text.isspace())
    _turn(out, opened, _PLAIN)
    return "".join(out)


def _turn(out: list[str], opened: list[Kind], wanted: Looks) -> None:
    """Close and open marks until just those that are wanted are open."""
    target = [kind for kind in _MARKS if kind in wanted] if wanted else []
    if target == opened:
        return
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(opened, target, strict=False))))
    closing = "".join(_MARKS[kind] for kind in reversed(opened[same:]))
    opening = "".join(_MARKS[kind] for kind in target[same:])
    if closing and out and out[-1].endswith(closing[0]):
        out.append(escape.GAP)
    between = escape.GAP if closing and opening and closing[-1] == opening[0] else ""
    out.append(closing + between + opening)
    opened[:] = target


def _text(bit: _Bit, out: list[str], *, starts_line: bool) -> str:
    if bit.kind is Kind.MARKER:
        return bit.text
    if bit.kind is Kind.CODE:
        gap = escape.GAP if out and out[-1].endswith("`") else ""
        return gap + escape.code(bit.text)
    if bit.address:
        return f"<{bit.text}>"
    return escape.text(bit.text, starts_line=starts_line)


def _masked(label: list[_Bit], address: str) -> str:
    """`[label](<address>)`, without a preview; a label that would break it, or that is an address, stands beside."""
    plain, written = "".join(bit.text for bit in label), _inline(label)
    if "://" in plain or not _LABEL.fullmatch(plain):
        return f"{written} (<{address}>)"
    return f"[{written}](<{escape.target(address)}>)"

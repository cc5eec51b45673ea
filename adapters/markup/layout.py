"""Tables on a narrow screen: aligned columns when they fit, else one record after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from markdown_it.token import Token
from rich.cells import cell_len

from adapters.markup.draft import Draft
from adapters.markup.inline import write_inline
from adapters.markup.rich import Kind, Style, visible

Cell = Sequence[Token]

_REPEATABLE = 40
"""Code points of a column's name that bears repeating in every record."""


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has as many cells as the header."""

    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    alignments: tuple[str, ...]
    """"left", "right", "center" or "" for each column."""


def collect(tokens: Sequence[Token]) -> Table:
    """The cells between `table_open` and `table_close`."""
    rows: list[list[Cell]] = []
    alignments: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            alignments.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            rows[-1].append(token.children or [])
    header, *body = (tuple(row) for row in rows)
    return Table(header, tuple(body), tuple(alignments))


def aligned(table: Table, style: Style) -> str | None:
    """
    The table in a fixed-width font, None when it is too wide for that, "" when there is nothing to see in it.

    Cells are plain; a link keeps its address.
    """
    gaps = len(" | ") * (len(table.header) - 1)
    if gaps > style.table_width:
        return None
    plain = replace(style, linkable=lambda _address: False, plain=str)
    grid = [[_plain(cell, plain) for cell in row] for row in (table.header, *table.rows)]
    if not visible("".join(line for row in grid for cell in row for line in cell)):
        return ""
    widths = [max(cell_len(line) for cell in column for line in cell) for column in zip(*grid, strict=True)]
    if sum(widths) + gaps > style.table_width:
        return None
    lines = [line for row in grid for line in _row(row, widths, table.alignments)]
    if any(line for cell in grid[0] for line in cell):
        lines.insert(max(map(len, grid[0])), "-+-".join("-" * width for width in widths))
    return "\n".join(lines).strip("\n")


def _plain(cell: Cell, style: Style) -> list[str]:
    draft = Draft(style)
    write_inline(draft, cell)
    return draft.done().text.rstrip().split("\n")


def _row(row: list[list[str]], widths: list[int], alignments: Sequence[str]) -> list[str]:
    """A row is as high as its highest cell."""
    height = max(map(len, row))
    columns = [cell + [""] * (height - len(cell)) for cell in row]
    return [
        " | ".join(_padded(*cell) for cell in zip(line, widths, alignments, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    ]


def _padded(text: str, width: int, alignment: str) -> str:
    gap = width - cell_len(text)
    left = gap if alignment == "right" else gap // 2 if alignment == "center" else 0
    return " " * left + text + " " * (gap - left)


def write_records(draft: Draft, table: Table) -> None:
    """
    Each row as a bold first cell, then a line for each other cell behind the name of its column.

    The first record shows every column; later ones leave out what is empty, and names too long to read again and
    again, so that a table's size stays near that of its source.
    """
    names = table.header
    for number, row in enumerate(table.rows or ((),)):
        if number:
            draft.write("\n")
            draft.new_line()
            names = tuple(name if _length(name) <= _REPEATABLE else () for name in names) if number == 1 else names
        _record(draft, names, row, every=not number)


def _record(draft: Draft, names: Sequence[Cell], row: Sequence[Cell], *, every: bool) -> None:
    lines = [(name, cell) for name, cell in zip_longest(names, row, fillvalue=()) if cell or (every and name)]
    for number, (name, cell) in enumerate(lines):
        if number:
            draft.new_line()
            draft.mark(draft.style.bullets[0])
        draft.margins.append(draft.style.indent)
        _named_cell(draft, name, cell, bold=not number)
        draft.margins.pop()


def _named_cell(draft: Draft, name: Cell, cell: Cell, *, bold: bool) -> None:
    if name:
        write_inline(draft, name)
        draft.mark(": " if cell else ":")
    start = draft.length
    write_inline(draft, cell)
    if bold:
        draft.span(Kind.BOLD, start)


def _length(cell: Cell) -> int:
    return sum(len(token.content) for token in cell)

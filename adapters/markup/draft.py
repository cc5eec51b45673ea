"""A Rich while it is being written, and where its lines begin."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapters.markup.rich import Kind, Rich, Span, Style


@dataclass(slots=True)
class Draft:
    """
    Text grows at the end; what every line begins with stands in `margins`.

    Args:
        lines: The lines of the source, which tell where the model left one blank.
        continues: It goes on below something that was written apart.
        after_heading: The last block was a heading, here or in what it goes on below.
    """

    style: Style
    lines: Sequence[str] = ()
    continues: bool = False
    after_heading: bool = False
    margins: list[str] = field(default_factory=list)
    length: int = 0
    line_start: int = 0
    _parts: list[str] = field(default_factory=list)
    _spans: list[Span] = field(default_factory=list)
    _after_marker: bool = False

    def write(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        self._after_marker = False

    def mark(self, text: str) -> None:
        """Write what is ours, not the model's."""
        start = self.length
        self.write(text)
        self.span(Kind.MARKER, start)

    def item(self, marker: str, *, ours: bool = True) -> None:
        """Begin a list item; what comes next goes on the same line when it can."""
        (self.mark if ours else self.write)(marker)
        self._after_marker = True

    def end_item(self) -> None:
        """What comes next begins a line of its own, even behind an item with nothing in it."""
        self._after_marker = False

    def span(self, kind: Kind, start: int, detail: str = "") -> None:
        """Give all that was written since `start` a look."""
        if self.length > start:
            self._spans.append(Span(start, self.length, kind, detail))

    @contextmanager
    def spanned(self, kind: Kind, detail: str = "") -> Iterator[None]:
        start = self.length
        yield
        self.span(kind, start, detail)

    def since(self, start: int) -> str:
        """What was written from `start` on."""
        parts, missing = [], self.length - start
        for text in reversed(self._parts):
            if missing <= 0:
                break
            parts.append(text[-missing:])
            missing -= len(text)
        return "".join(reversed(parts))

    def begin(self, line: int, *, whole_lines: bool = False, heading: bool = False) -> None:
        """
        Go to where the next block starts.

        Blank lines are the model's: as many blocks apart as in the source, save that a heading keeps close to what
        it heads and away from what came before.

        Args:
            line: The block's first line in the source.
            whole_lines: It cannot start behind a list marker, and takes no margin.
        """
        if self._after_marker and not whole_lines:
            self._after_marker = False
            return
        if self.length or self.continues:
            blank = not self._after_marker and not self.after_heading and (heading or self._blank_before(line))
            self.write("\n\n" if blank else "\n")
        self.after_heading = heading
        self.line_start = self.length
        if not whole_lines:
            self._margin()

    def new_line(self, *, margin: bool = True) -> None:
        """Go on below, in the same block."""
        self.write("\n")
        self.line_start = self.length
        if margin:
            self._margin()

    def _margin(self) -> None:
        for margin in self.margins:
            if margin.isspace():
                self.write(margin)
            else:
                self.mark(margin)

    def _blank_before(self, line: int) -> bool:
        return 0 < line <= len(self.lines) and not self.lines[line - 1].strip(" \t>")

    def done(self) -> Rich:
        spans = self._spans[::-1]  # inner ones were closed first; a stable sort leaves the outer of two equals in front
        return Rich("".join(self._parts), tuple(sorted(spans, key=lambda span: (span.start, -span.end))))

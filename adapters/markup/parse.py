"""The one parser: CommonMark with tables, strikethrough and task lists, read the way chat models write it."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.markup import dialect, mathematics, shortcuts, tables

# References would make an earlier page change, or a line vanish, when a definition arrives; "text\n---" and "text\n-"
# are a rule and the beginning of a list to every model, never a heading.
_OFF = ("reference", "lheading", "html_block", "html_inline")


def parse(source: str) -> list[Token]:
    """The tokens of a whole document, or of any beginning of one: what is open at the end is closed there."""
    return _parser().parse(source)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "tasklists": True, "maxNesting": dialect.DEEPEST + 4})
    parser.enable(["table", "strikethrough"]).disable(_OFF)
    for extend in (dialect.extend, mathematics.extend, tables.extend, shortcuts.extend):
        extend(parser)
    return parser

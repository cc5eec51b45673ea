"""A reply as the pages of one platform: render first, cut after, measured as the platform measures."""

from collections.abc import Callable
from dataclasses import replace

from adapters.markup.cut import cut
from adapters.markup.rich import Rich, Style, noted
from adapters.markup.write import read
from bot.reply import Page, Reply

NOTHING_YET = "…"
"""What stands where an answer has not begun, since no platform takes an empty message."""


def paginate(
    reply: Reply, style: Style, limit: int, draw: Callable[[Rich], Page], size: Callable[[Page], int]
) -> tuple[Page, ...]:
    """At least one page; the picture stands with the first, the buttons below the last."""
    pages = cut(noted(read(reply.text, style), reply.note), limit, draw, size)
    first, *others = pages or (Page("" if reply.picture else NOTHING_YET),)
    *earlier, last = replace(first, picture=reply.picture), *others
    return (*earlier, replace(last, buttons=reply.buttons))

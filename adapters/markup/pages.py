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
    """At least one page; the buttons stand below the last."""
    pages = cut(noted(read(reply.text, style), reply.note), limit, draw, size)
    *earlier, last = pages or (Page(NOTHING_YET),)
    return (*earlier, replace(last, buttons=reply.buttons))

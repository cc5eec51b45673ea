"""Rich to Discord: text in Discord's own Markdown, whose readers follow other rules than CommonMark's."""

import re
from dataclasses import replace

from adapters.discord.lines import markdown
from adapters.markup.addresses import is_web
from adapters.markup.pages import paginate
from adapters.markup.rich import Rich, Style
from bot.reply import Page, Reply

LONGEST = 2000
"""
Of a message: "up to 2000 characters" (discord.com/developers/docs/resources/message#create-message).

What a character is, the documents do not say; we count code points.
"""

LONGEST_LINK = 512
"""A masked link cannot be cut: a longer address is written out, where it can."""

STYLE = Style(
    bullets=("- ",),
    indent="  ",
    tab="\t",
    table_width=64,  # columns of a code block beside a desktop's list of members; a phone wraps what is wider than it
    linkable=lambda address: is_web(address, LONGEST_LINK),
)


_BLOCK = re.compile(r"#{1,3} |-#? |> |\d+\. |```")
"""What begins a title, a list, a quote or a block of code, where it begins a line."""


def pages(reply: Reply) -> tuple[Page, ...]:
    """At least one message: what has not begun shows as "…". Marks are the ids of those whom a page may notify."""
    if not reply.mention:
        return paginate(reply, STYLE, LONGEST, _draw, _size)
    mention = f"<@{reply.mention}>"
    first, *others = paginate(reply, STYLE, LONGEST - len(mention) - 1, _draw, _size)
    gap = "\n" if _BLOCK.match(first.text) else " "
    return replace(first, text=f"{mention}{gap}{first.text}", marks=(reply.mention,)), *others


def _draw(piece: Rich) -> Page:
    return Page(markdown(piece))


def _size(page: Page) -> int:
    return len(page.text)

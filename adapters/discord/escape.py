"""
Text that Discord shows as it stands: nothing in it becomes a mark, a mention or a preview.

What a reader takes for a mark: support.discord.com/hc/en-us/articles/210298617 and the regular expressions in
github.com/discord/SimpleAST. A backslash counts before anything but ASCII letters, digits and white space.
"""

import re

GAP = "\u200b"
"""Zero-width space: breaks in two what no backslash can."""

_MARKS = re.compile(
    r"""
      [*`_\[]             # always: they could find their other half in code or in an address
    | \\(?=[^0-9A-Za-z\s]|\Z)
    | ~(?=~|\Z) | (?<=~)~ | \A~                 # one alone is no strikethrough
    | \|(?=\||\Z) | (?<=\|)\| | \A\|            # two are a spoiler
    | (?<=\])\(                                 # this one no escape of the other bracket would stop
    | (?<=:)/(?=/)                              # what is left of addresses too strange to be one
    | <(?=a?:|t:|id:|https?:|\Z)                # emoji, times, places, addresses
    """,
    re.VERBOSE,
)
_HOLDS_ONE = re.compile(r"[*`\\_~|\[(<@/]")
# The server looks for mentions before any Markdown is read, so a backslash does not stop them.
_MENTIONS = re.compile(r"<(?=[@#][!&]?\d|/[^\n<>]+:\d)|@(?=everyone|here)")
_LINE_START = re.compile(r"\s*(?=(?:#{1,3}|-#?|\+|>{1,3})(?:\s|\Z))|\s*\d+(?=\.(?:\s|\Z))")


def text(plain: str, *, starts_line: bool = False) -> str:
    """
    Args:
        starts_line: What stands at the beginning of `plain` could begin a title, a list or a quote.
    """
    if _HOLDS_ONE.search(plain):
        plain = _MENTIONS.sub(rf"\g<0>{GAP}", _MARKS.sub(r"\\\g<0>", plain))
    if starts_line and (before := _LINE_START.match(plain)):
        return before[0] + "\\" + plain[before.end() :]
    return plain


def code(plain: str) -> str:
    """Code within a line. Two backticks outside allow for single ones inside; more than that would open a block."""
    content = re.sub("`(?=`)", "`" + GAP, _without_ends(plain))
    if "`" not in content:
        return f"`{content}`"
    left, right = " " * content.startswith("`"), " " * content.endswith("`")
    return f"``{left}{content}{right}``"


def block(plain: str) -> str:
    """The lines of a block of code, which three backticks would end."""
    return re.sub("``(?=`)", "``" + GAP, _without_ends(plain))


def _without_ends(plain: str) -> str:
    """Code with "](" in it before any "[": it would be the end of a masked link further up."""
    head, bracket, tail = plain.partition("[")
    return head.replace("](", f"]{GAP}(") + bracket + tail


def target(address: str) -> str:
    """An address for the inside of a masked link, where a bracket or a mark would end something."""
    return address.translate({ord(char): f"%{ord(char):02X}" for char in "()*~|<>\\`"})

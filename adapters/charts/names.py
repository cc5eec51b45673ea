"""Names as people choose them, made into something that a font can draw."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans CJK TC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
    "Symbola",
)
"""
Fonts that are asked for a character in turn. The first comes with matplotlib, and knows Latin, Greek, Cyrillic, Hebrew
and Arabic; the others are used where they are installed.
"""

MOST_MARKS = 2
"""Marks above and below one letter: Thai and Hebrew have two. More are a prank, and reach far."""


@cache
def families() -> tuple[str, ...]:
    """Those of the families that are installed."""
    installed = set(fontManager.get_font_names())
    return tuple(family for family in FAMILIES if family in installed)


def drawable(name: str, instead: str) -> str:
    """
    A name on one line, without what no font has or what only steers the writing (emoji, changes of direction).

    Args:
        instead: What to say when nothing is left.
    """
    words = " ".join(unicodedata.normalize("NFC", name).split())
    known = "".join(_calm([letter for letter in words if _can_be_drawn(letter)]))
    return " ".join(known.split()) or instead


def _calm(letters: Sequence[str]) -> Iterator[str]:
    """Letters without more marks than a script has."""
    for is_mark, run in groupby(letters, key=lambda letter: unicodedata.category(letter) in ("Mn", "Me")):
        marks = list(run)
        yield from marks[:MOST_MARKS] if is_mark else marks


def _can_be_drawn(letter: str) -> bool:
    if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return False
    return any(get_font(findfont(FontProperties(family=[family]))).get_char_index(ord(letter)) for family in families())

"""adapters.markup: how much work it is to render an answer, again and again while it grows. Counted, never timed."""

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup import write
from adapters.markup.cut import cut
from adapters.markup.rich import Rich, Style
from adapters.markup.write import read
from adapters.telegram import render
from bot.reply import Reply
from tests.adapters.markup.documents import NASTY, TYPICAL, documents
from tests.adapters.markup.test_write import STYLE

_fresh = count(5)


def nobody_s() -> Style:
    """A style in which nothing was read before, so that no work is kept."""
    return replace(STYLE, tab=" " * next(_fresh))


def answer(chapters: int) -> str:
    return "\n\n".join(f"# Chapter {number}\n\n{TYPICAL}" for number in range(chapters))


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, the library's included."""
    made = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def rendering(source: str) -> int:
    """Calls to read `source` and to cut it into pages, from nothing."""
    style = nobody_s()
    return calls(lambda: cut(read(source, style), 2_000, lambda piece: piece, lambda piece: len(piece.text)))


@pytest.mark.parametrize(
    "again",
    [
        *("[", "![", "![a](b", "[a](", "[a][", "[*a* b", "<a", "](", "[](<"),
        *("`a", "`` ` ", "*a ", "**a** ", "*a **b ", "*_a", "~~a", "$a ", "\\(", "http://a/)", "a@", "&"),
        *("- a\n", "- a\n\n", "1. a\n", "> a\n", "> - a\n", "# a\n", "a\n\n", "|a|b|\n|-|-|\n", "| a ", "```\n"),
    ],
)
def test_twice_the_text_is_twice_the_work(again: str) -> None:
    """A parser that looks ahead from every bracket lets one message stop all chats."""
    rendering(again)

    assert rendering(again * (16_000 // len(again))) <= 2.3 * rendering(again * (8_000 // len(again)))


def test_a_bracket_without_a_label_s_end_is_no_link_to_try() -> None:
    """To look for the end of each costs six times as much."""
    assert rendering("[" * 4_000) < 1.5 * rendering("=" * 4_000)


def test_an_edit_costs_what_is_new() -> None:
    """An answer is rendered about once a second while it grows, in the loop on which all chats wait."""
    source, style = answer(60), nobody_s()

    first = calls(lambda: read(source, style))
    again = calls(lambda: read(source + "And a word.", style))

    assert 20 * again < first


def test_finished_pages_are_not_drawn_again() -> None:
    """Their text and their looks are what they were a moment ago."""
    drawn: list[Rich] = []

    def draw(piece: Rich) -> Rich:
        drawn.append(piece)
        return piece

    def size(piece: Rich) -> int:
        return len(piece.text)

    def pages(source: str) -> tuple[Rich, ...]:
        return cut(read(source, STYLE), 1_000, draw, size)

    pages(answer(20))
    at_first = len(drawn)
    pages(answer(20) + " And a word.")

    assert 20 < at_first
    assert len(drawn) - at_first < 10


def test_a_page_is_measured_by_what_it_holds() -> None:
    """A hundred titles fill a message of Telegram's: no need to look at all that 4096 units could hold."""
    titles = "# Title\n" * 1_000

    reading = calls(lambda: read(titles, replace(render.STYLE, tab=" " * next(_fresh))))
    whole = calls(lambda: render.pages(Reply(titles)))

    assert whole < 3 * reading


seams = ["$$\n", "\n\\[ x\n", "\n\\]\n", "# h", "\n\n1. a", "    x\n\n", "[]()", "- \n\n", "- # h", "~~~\n", "| |\n|-|"]


@settings(deadline=None, max_examples=200)
@given(st.lists(documents | st.sampled_from([*seams, *NASTY.values()]), max_size=8).map("\n\n".join))
def test_pieces_make_the_same_whole(source: str) -> None:
    """Where a source is divided shows nowhere."""
    whole, pieces = nobody_s(), nobody_s()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "PIECE", 10**9)
        expected = read(source.replace("\t", " "), whole)
        patch.setattr(write, "PIECE", 30)
        assert expected == read(source.replace("\t", " "), pieces)

"""adapters.markup.cut: pages that end where a reader would turn them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup.cut import cut
from adapters.markup.rich import Kind, Rich
from adapters.markup.write import read
from tests.adapters.markup.documents import NASTY, TYPICAL, anything
from tests.adapters.markup.test_write import STYLE, look


def pieces(rich: Rich, limit: int) -> tuple[Rich, ...]:
    return cut(rich, limit, lambda piece: piece, lambda piece: len(piece.text))


def texts(source: str, limit: int) -> list[str]:
    return [piece.text for piece in pieces(read(source, STYLE), limit)]


def test_a_page_ends_between_blocks() -> None:
    """Rather than fill the page to its last line."""
    assert ["a" * 30, "b b b"] == texts("a" * 30 + "\n\n" + "b b b", 34)


def test_a_page_ends_at_a_line_then_a_sentence_then_a_word() -> None:
    """When the better place is not on its second half."""
    assert ["aaaa aaaa", "bbbb bbbb"] == texts("aaaa aaaa\nbbbb bbbb", 14)
    assert ["Once more. Twice.", "And so on to the end"] == texts("Once more. Twice. And so on to the end", 25)
    assert ["一二三。", "四五六七八"] == texts("一二三。四五六七八", 6)
    assert ["aaaa bbbb", "cccc"] == texts("aaaa bbbb cccc", 10)


def test_a_word_longer_than_a_page_is_cut_between_characters() -> None:
    """Never through an accent, a family, a flag, a skin tone or a Korean syllable."""
    for character in ("e\u0301", "👨‍👩‍👧", "🇩🇪", "👍🏽", "\u1112\u1161\u11ab", "क्षि"):
        for piece in texts(character * 40, 2 * len(character) + 1):
            assert "" == piece.replace(character, "")


def test_no_character_is_so_long_that_it_stops_us() -> None:
    """A letter with a thousand accents is cut like anything else."""
    assert "a" + "\u0301" * 1000 == "".join(texts("a" + "\u0301" * 1000, 50))


def test_a_heading_goes_with_what_it_heads() -> None:
    """Alone at the end of a page it heads nothing."""
    assert ["a " * 19 + "a", "Title\n" + "b " * 9 + "b"] == texts("a " * 20 + "\n\n# Title\n\n" + "b " * 10, 50)


def test_code_starts_on_a_new_page_when_that_is_cheap() -> None:
    """The page before is at least half full."""
    assert ["a " * 14 + "a", "x = 1\n" * 4 + "x = 1"] == texts("a " * 15 + "\n```\n" + "x = 1\n" * 5 + "```", 50)


def test_long_code_goes_on_as_code_of_the_same_language() -> None:
    """Cut at a blank line, else at a line end, with its indentation."""
    source = "```py\n" + "def f():\n    x\n    y\n\n" * 4 + "```"

    found = pieces(read(source, STYLE), 50)

    assert ["def f():\n    x\n    y\n\ndef f():\n    x\n    y"] * 2 == [piece.text for piece in found]
    assert [[("pre", piece.text, "py")] for piece in found] == [look(piece) for piece in found]
    assert ["    a\n    b", "    c\n    d"] == texts("```\n    a\n    b\n    c\n    d\n```", 12)


def test_spans_go_on_on_the_next_page() -> None:
    """A quote, a bold sentence, a link: each is cut with its text."""
    source = "> **" + " ".join(["[word word word](https://x.org)"] * 3) + "**"

    for piece in pieces(read(source, STYLE), 20):
        assert {Kind.QUOTE, Kind.BOLD, Kind.LINK} == {span.kind for span in piece.spans}


@settings(deadline=None, max_examples=150)
@given(anything, st.integers(4, 400))
def test_pages_join_back_to_the_whole(source: str, limit: int) -> None:
    """White space at the seams aside; none is too long, none is blank."""
    rich = read(source, STYLE)

    found = pieces(rich, limit)

    assert all(0 < len(piece.text) <= limit for piece in found)
    at = 0
    for piece in found:
        at = rich.text.index(piece.text, at)
        assert rich.text[:at].rstrip().endswith(rich.text[:at].strip()[-1:])
        at += len(piece.text)
    if found:
        assert "".join(rich.text.split()) == "".join("".join(piece.text.split()) for piece in found)


@pytest.mark.parametrize("source", [(TYPICAL * 4)[:6000], NASTY["a heading at a page's end"] * 4])
def test_pages_hold_still_while_the_text_grows(source: str) -> None:
    """A message that was full must not be edited for every word that follows on the next one."""
    before: list[str] = []
    for length in range(0, len(source), 60):
        after = texts(source[:length], 1000)
        assert before[:-1] == after[: len(before) - 1 if before else 0]
        before = after


def test_the_size_may_count_anything() -> None:
    """Telegram allows a hundred entities: a page can be full long before its last character."""
    rich = read("**a** " * 50, STYLE)

    found = cut(rich, 40, lambda piece: piece, lambda piece: max(len(piece.text), 4 * len(piece.spans)))

    assert 5 == len(found)
    assert all(10 == len(piece.spans) for piece in found)
    assert replace(rich, spans=()) == Rich(" ".join(piece.text for piece in found))

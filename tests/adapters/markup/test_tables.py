"""adapters.markup.layout, tables: readable on a narrow screen, and no cell lost."""

from dataclasses import replace

from adapters.markup.rich import Kind
from adapters.markup.write import read
from tests.adapters.markup.test_write import STYLE, look


def test_a_narrow_table_is_aligned() -> None:
    """Each column its own way; a Chinese letter is two cells wide."""
    rich = read("| Name | Qty | Price |\n|:--|:-:|--:|\n| 猫 | 1 | 10 |\n| **b** | 22 | `5` |", STYLE)

    assert "Name | Qty | Price\n-----+-----+------\n猫   |  1  |    10\nb    | 22  |     5" == rich.text
    assert [("pre", rich.text, "")] == look(rich)


def test_a_wide_table_becomes_records() -> None:
    """A phone is about 42 columns wide: below that, one line for each cell reads better than any table."""
    rich = read("| Name | Notes | Link |\n|-|-|-|\n| A | " + "long " * 9 + "| [l](https://x.org) |\n| B | | c |", STYLE)

    assert f"Name: A\n• Notes: {'long ' * 8}long\n• Link: l\n\nName: B\n• Link: c" == rich.text
    assert [("bold", "A", ""), ("link", "l", "https://x.org"), ("bold", "B", "")] == look(rich)


def test_a_link_in_an_aligned_table_keeps_its_address() -> None:
    """Code holds no links."""
    assert "a\n-----------------\nl (https://x.org)" == read("| a |\n|-|\n| [l](https://x.org) |", STYLE).text


def test_a_cell_may_have_lines() -> None:
    """`<br>` is the only way to have them."""
    assert "a | b\n--+--\n1 | 3\n2 |" == read("|a|b|\n|-|-|\n|1<br>2|3|", STYLE).text


def test_bars_in_code_split_no_cell() -> None:
    """GFM drops what is left of such a row."""
    assert "a   | b\n----+--\nx|y | z" == read("| a | b |\n|---|---|\n| `x|y` | z |", STYLE).text


def test_cells_beyond_the_header_are_kept() -> None:
    """GFM drops them."""
    assert "a | b\n--+------\n1 | 2 | 3" == read("| a | b |\n|---|---|\n| 1 | 2 | 3 |", STYLE).text


def test_text_below_a_table_is_no_row() -> None:
    """GFM makes a row of it; models forget the blank line."""
    assert "a | b\n--+--\n1 | 2\nAnd so on." == read("| a | b |\n|---|---|\n| 1 | 2 |\nAnd so on.", STYLE).text


def test_a_table_without_rows_shows_its_header() -> None:
    """That is how every table begins to stream in."""
    assert "a | b\n--+--" == read("| a | b |\n|---|---|", STYLE).text
    assert "a\n• b\n• c" == read("|a|b|c|\n|-|-|-|", replace(STYLE, table_width=5)).text.replace(":", "")


def test_a_table_with_nothing_in_it_does_not_show() -> None:
    """Bars and dashes alone would pass for an answer."""
    for empty in ("| | |\n|-|-|", "|\u200b|&nbsp;|\n|-|-|\n| | |"):
        assert "" == read(empty, STYLE).text
        assert "a\n\nb" == read(f"a\n\n{empty}\n\nb", STYLE).text


def test_records_do_not_outgrow_their_source() -> None:
    """A long name in the header, repeated for each of a thousand rows, would make megabytes of some kilobytes."""
    source = f"| a | {'b' * 500} |\n|-|-|\n" + "| 1 | 2 |\n" * 500

    assert len(read(source, STYLE).text) < 3 * len(source)


def test_a_table_within_a_quote_or_a_list_is_read_too() -> None:
    quoted = read("> | a | b |\n> |---|---|\n> | 1 | 2 | 3 |", STYLE)

    assert "a | b\n--+------\n1 | 2 | 3" == quoted.text
    assert [Kind.QUOTE, Kind.PRE] == [span.kind for span in quoted.spans]
    assert "• x\na | b\n--+--\n1 | 2" == read("- x\n\n  |a|b|\n  |-|-|\n  |1|2|", STYLE).text.replace("\n\n", "\n")

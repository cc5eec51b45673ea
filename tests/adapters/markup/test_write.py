"""adapters.markup: what a model wrote, as text with spans."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.markup.addresses import is_web
from adapters.markup.blocks import RULE
from adapters.markup.rich import Kind, Rich, Style, noted, runs
from adapters.markup.write import read
from tests.adapters.markup.documents import NASTY, TYPICAL, anything

STYLE = Style(
    bullets=("• ", "◦ "), indent="  ", tab="    ", table_width=42, linkable=lambda address: is_web(address, 2048)
)


def look(rich: Rich) -> list[tuple[str, str, str]]:
    """Each span as its kind, its text, its detail; without the markers."""
    return [
        (span.kind.value, rich.text[span.start : span.end], span.detail)
        for span in rich.spans
        if span.kind is not Kind.MARKER
    ]


def test_marks_become_spans() -> None:
    """Nothing of the Markdown is left in the text, nor is anything else gone."""
    rich = read("**bold *both*** ~~gone~~ `code` [label](https://x.org)", STYLE)

    assert "bold both gone code label" == rich.text
    assert [
        ("bold", "bold both", ""),
        ("italic", "both", ""),
        ("strike", "gone", ""),
        ("code", "code", ""),
        ("link", "label", "https://x.org"),
    ] == look(rich)


def test_blocks_stand_as_far_apart_as_the_model_put_them() -> None:
    """Blank lines are the model's, save that a title keeps close to what it heads."""
    rich = read("# Title\n\npara\n- a\n- b\n\nend\n***\nx", STYLE)

    assert f"Title\npara\n• a\n• b\n\nend\n{RULE}\nx" == rich.text
    assert [("heading", "Title", "1")] == look(rich)


def test_a_line_of_dashes_below_text_is_a_rule() -> None:
    """CommonMark makes a title of the text above, and of every list that has just begun to stream in."""
    assert f"text\n{RULE}" == read("text\n---", STYLE).text
    assert "Steps:\n-" == read("Steps:\n-", STYLE).text


def test_lists_keep_their_depth_and_their_numbers() -> None:
    """A screen shows what the model counted; code inside a list has the whole width."""
    source = "3. a\n   - b\n     - c\n5. d\n5. e\n\n   more\n   ```py\n   x\n   ```\n1) f\n- [x] g\n- [ ] h"

    assert "3. a\n  ◦ b\n    • c\n5. d\n6. e\n\n  more\nx\n1) f\n☑ g\n☐ h" == read(source, STYLE).text


def test_a_number_out_of_sequence_is_the_model_s_own_text() -> None:
    """Discord counts for itself in what looks like a list: the renderer must know which numbers are in order."""
    rich = read("3. a\n5. b\n6. c", STYLE)

    markers = [rich.text[span.start : span.end] for span in rich.spans if span.kind is Kind.MARKER]
    assert ["3. ", "6. "] == markers


def test_quotes_are_whole_lines_and_inner_ones_are_marked() -> None:
    """Neither platform shows a quote in a quote."""
    rich = read("> a\n> > b\n> > c\n>\n> d\n\ne", STYLE)

    assert "a\n› b\n› c\n\nd\n\ne" == rich.text
    assert [("quote", "a\n› b\n› c\n\nd", "")] == look(rich)


def test_an_open_fence_is_code_to_the_end() -> None:
    """While an answer streams in, its last block of code is never closed."""
    rich = read("a\n```python\nwhile True:\n\tpass", STYLE)

    assert [("pre", "while True:\n    pass", "python")] == look(rich)


def test_what_stands_behind_a_fence_is_kept() -> None:
    """Models put file names there; and three backticks may begin something that is no code at all."""
    assert "app.py\nx" == read("```py app.py\nx\n```", STYLE).text
    assert [("pre", "x", "py")] == look(read("```py app.py\nx\n```", STYLE))
    assert "Here's the code\nx" == read("```Here's the code\nx\n```", STYLE).text


def test_bold_works_beside_chinese() -> None:
    """CommonMark leaves the asterisks in, since a full-width colon is punctuation and a Chinese letter no space."""
    assert [("bold", "注意：", ""), ("bold", "code", ""), ("code", "code", "")] == look(
        read("**注意：**这 使用**`code`**来", STYLE)
    )
    assert [("bold", "Note:", "")] == look(read("**Note:**this", STYLE))


@pytest.mark.parametrize("source", ["5*(3+2)*4", "2 * 3 * 4", "a_b_c", "**", "* *", "snake_case_name"])
def test_arithmetic_and_names_are_no_emphasis(source: str) -> None:
    """Asterisks that multiply must not vanish."""
    assert [] == look(read(f"x {source}", STYLE))
    assert f"x {source}" == read(f"x {source}", STYLE).text


def test_addresses_stand_as_they_are() -> None:
    """An underscore or an asterisk in an address is no emphasis, and the full stop behind it is not part of it."""
    for address in ("https://x.org/__init__.py", "https://x.org/a*b*c", "http://x.org/(y)?z=~~1~~"):
        assert f"see {address}, **b**"[:-5] + "b" == read(f"see {address}, **b**", STYLE).text


def test_a_label_hides_only_what_the_platform_can_open() -> None:
    """Telegram refuses a whole message over a link to localhost; whatever cannot be hidden is written out."""
    links = "[a](https://x.org) [b](http://localhost:80) [c](./d.md) [e@f.gh](mailto:e@f.gh) [](https://i.org)"

    rich = read(links, STYLE)

    assert "a b (http://localhost:80) c (./d.md) e@f.gh https://i.org" == rich.text
    assert [("link", "a", "https://x.org")] == look(rich)


def test_what_only_looks_like_an_address_keeps_its_brackets() -> None:
    """CommonMark takes `<std::string>` for a link and drops the brackets."""
    assert (
        "vector<std::string> https://x.org a@b.co" == read("vector<std::string> <https://x.org> <a@b.co>", STYLE).text
    )


def test_html_shows_as_it_stands() -> None:
    """A library for Telegram lost all of an answer that began with <details>. Only a line break is understood."""
    source = "<details>\n<summary>a</summary>\nb <script>c</script>\n</details>"

    assert source == read(source, STYLE).text
    assert "a\nb" == read("a<br>b", STYLE).text


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("\\(a_1*b*c\\)", "a_1*b*c"),
        ("$x_1$", "x_1"),
        ("$$\\frac{a}{b}$$", "\\frac{a}{b}"),
        ("\\[x^2\\]", "x^2"),
        ("\\[\na + b\n- c\n\\]", "a + b\n- c"),
        ("$$\nx", "x"),
    ],
)
def test_formulas_keep_their_backslashes(source: str, code: str) -> None:
    """Markdown would eat them, and make italics of the indices."""
    assert [code] == [text for _, text, _ in look(read(source, STYLE))]


@pytest.mark.parametrize("source", ["costs $5 or $10", "US$5 = A$7", "$HOME and $PATH", "$ 5_000 $", "(see \\[1\\])"])
def test_money_is_no_formula(source: str) -> None:
    assert [] == look(read(source, STYLE))
    assert source.replace("\\", "") == read(source, STYLE).text


def test_references_do_not_vanish() -> None:
    """CommonMark drops definitions; and a link that changes when its definition arrives makes pages jump."""
    assert "a [1]\n\n[1]: https://x.org 'title'" == read("a [1]\n\n[1]: https://x.org 'title'", STYLE).text


def test_what_lies_too_deep_is_text() -> None:
    """The parser drops what lies below its own limit."""
    for name in ("deep quotes", "deep lists"):
        assert NASTY[name].count("a") == read(NASTY[name], STYLE).text.count("a")


def test_what_nobody_can_see_is_dropped() -> None:
    """Controls, halves of surrogate pairs, and what turns all text behind it round."""
    assert "abcd\ufffde\nf" == read("a\x00b\x1bc\u202ed\ud800e\u2028f", STYLE).text


def test_a_remark_of_ours_stands_below() -> None:
    """It is not Markdown: it may name what a user typed."""
    rich = noted(read("a", STYLE), "no command **x**")

    assert "a\n\nno command **x**" == rich.text
    assert [("note", "no command **x**", "")] == look(rich)


@settings(deadline=None, max_examples=150)
@given(anything)
def test_spans_nest(source: str) -> None:
    """One inside the other or apart, in the order in which they open: renderers rely on it."""
    rich = read(source, STYLE)

    opened: list[int] = []
    for span in rich.spans:
        assert 0 <= span.start < span.end <= len(rich.text)
        while opened and opened[-1] <= span.start:
            opened.pop()
        assert not opened or span.end <= opened[-1]
        opened.append(span.end)
    assert rich.text == "".join(rich.text[run.start : run.end] for run in runs(rich))


@settings(deadline=None, max_examples=150)
@given(st.text("ab \n*_~`|[]()<>#-+1.!:/\\$=>\"'", max_size=200))
def test_no_letter_is_lost(source: str) -> None:
    """Whatever the marks around them: all letters are in the text, or in an address or a language beside it."""
    rich = read(source, STYLE)

    kept = Counter(rich.text + "".join(span.detail for span in rich.spans))
    assert not {letter: count for letter, count in Counter(source).items() if letter in "ab" and kept[letter] < count}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(TYPICAL)))
def test_every_beginning_of_an_answer_renders(length: int) -> None:
    """It is shown once a second while it grows: the words that are there show at every moment."""
    words = TYPICAL[:length].replace("|", " ").split()
    rich = read(TYPICAL[:length], STYLE)

    shown = rich.text + "".join(span.detail for span in rich.spans)
    assert [] == [word for word in words if word.isalpha() and word not in shown]


@pytest.mark.parametrize("source", NASTY.values(), ids=NASTY.keys())
def test_nasty_documents_are_read(source: str) -> None:
    rich = read(source, STYLE)

    assert bool(source.strip()) == bool(rich.text)

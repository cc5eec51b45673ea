"""adapters.discord.render: Markdown that shows on Discord what the model meant."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from adapters.discord.render import STYLE, pages
from adapters.markup.rich import Kind, Rich, Span, runs, visible
from adapters.markup.write import read
from bot.reply import Button, Page, Reply
from tests.adapters.discord.reader import Seen, seen, text
from tests.adapters.markup.documents import NASTY, TYPICAL, anything


def drawn(source: str) -> str:
    [page] = pages(Reply(source))
    return page.text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**bold** *italic* ~~gone~~ `code`", "**bold** *italic* ~~gone~~ `code`"),
        ("# One\n## Two\n### Three\n#### Four", "# One\n## Two\n### Three\n**Four**"),
        ("[label](https://x.org/a_(b)) https://y.org.", "[label](<https://x.org/a_%28b%29>) <https://y.org>."),
        ("- a\n  1. b\n     - c\n- [x] d", "- a\n  1. b\n    - c\n☑ d"),
        ("3. a\n5. b", "3. a\n5\\. b"),
        ("> a\n>\n> ```py\n> b\n> ```", "> a\n> \n> ```py\n> b\n> ```"),
        ("```c#\nx\n```", "```cs\nx\n```"),
        ("- a\n  ```\n  x\n\n  y\n  ```\n- b", "- a\n```\nx\n\ny\n```\n- b"),
        ("a\n---\nb", "a\n──────────\nb"),
        ("[l](ftp://x.org) [m](http://localhost)", "l (ftp:\\//x.org) m (<http://localhost>)"),
    ],
)
def test_blocks_and_marks_are_discord_s_own(source: str, shown: str) -> None:
    """Lists, titles, quotes and code render natively, and no address makes a preview."""
    assert shown == drawn(source)


@pytest.mark.parametrize(
    "source",
    [
        "\\*a\\* \\_b\\_ \\_\\_c\\_\\_ snake_case_ 2 \\* 3",
        "\\~\\~d\\~\\~ \\|\\|e\\|\\| \\`f\\`",
        "\\# no title\n\n\\- no item\n\n1986\\. no number\n\n\\> no quote\n\n-# not small",
        "¯\\\\\\_(ツ)_/¯ C:\\\\dir\\\\*.txt a\\\\",
        "\\[l\\](https://x.org) <:e:1> <t:2:R>",
        "my_var and `x_`, [ in `](http://x.org)`",
    ],
)
def test_what_is_no_markdown_shows_as_it_stands(source: str) -> None:
    """Discord knows marks that CommonMark does not; a reader's own escapes must come out as what they escape."""
    plain = "".join(read(source, STYLE).text.split())

    assert plain == "".join(text(drawn(source)).replace("\u200b", "").split())
    assert {"bold", "italic", "underline", "strike", "spoiler", "subtext"}.isdisjoint(
        look for char in seen(drawn(source)) for look in char.looks
    )


@pytest.mark.parametrize("name", ["@everyone", "@here", "<@123>", "<@!123>", "<@&123>", "<#123>", "</cmd:123>"])
def test_a_model_mentions_nobody(name: str) -> None:
    """The server finds mentions before any Markdown is read, also behind a backslash."""
    assert name not in drawn(f"{name} **{name}**")
    assert name == text(drawn(name)).replace("\u200b", "")


@pytest.mark.parametrize(
    ("source", "looks"),
    [
        ("***a** b* c", {"a": {"bold", "italic"}, "b": {"italic"}, "c": set()}),
        ("***a* b** c", {"a": {"bold", "italic"}, "b": {"bold"}, "c": set()}),
        ("*a **b***", {"a": {"italic"}, "b": {"bold", "italic"}}),
        ("*a***b**", {"a": {"italic"}, "b": {"bold"}}),
        ("~~a **b *c*** d~~", {"a": {"strike"}, "c": {"strike", "bold", "italic"}, "d": {"strike"}}),
        ("**a `b` c**", {"a": {"bold"}, "b": {"bold", "code"}, "c": {"bold"}}),
        ("**a `b**` c**", {"a": {"bold"}, "b": {"code"}, "c": {"bold"}}),
        ("**[a `b`](https://x.org) c**", {"a": {"bold", "link https://x.org"}, "c": {"bold"}}),
        ("`a``b`", {"a": {"code"}, "b": {"code"}}),
        ("``a`b``", {"a": {"code"}, "b": {"code"}}),
        ("`a`*b*`c`", {"a": {"code"}, "b": {"italic"}, "c": {"code"}}),
    ],
)
def test_marks_within_and_beside_each_other(source: str, looks: dict[str, set[str]]) -> None:
    """Discord's readers go by regular expressions: some nestings that CommonMark knows come out wrong."""
    shown = {char.char: set(char.looks) for char in seen(drawn(source))}

    assert looks == {char: shown[char] for char in looks}


def test_three_backticks_in_code_do_not_end_it() -> None:
    assert "```md\n``\u200b`py\nx\n``\u200b`\n```" == drawn("````md\n```py\nx\n```\n````")
    assert "````a````b" == re.sub("[ \u200b]", "", text(drawn("````` ```` a ```` `````b")))


def test_a_label_that_discord_would_not_mask_stands_beside_its_address() -> None:
    """An address as a label is how people are led astray: Discord shows such a link as it was typed."""
    assert "<https://a.org> (<https://b.org>)" == drawn("[https://a.org](https://b.org)")
    assert "\\[a (<https://b.org>)" == drawn("[\\[a](https://b.org)")


def test_code_does_not_end_a_link_further_up() -> None:
    """A label may hold brackets, and the reader that looks for its end knows nothing of code."""
    assert [] == faults("[label](https://x.org)\n```\n](https://y.org)\n```")
    assert [] == faults("[label](https://x.org) `](https://y.org)`")


def test_fences_are_closed_and_opened_again() -> None:
    """Each page by itself shows code as code, in its language."""
    found = pages(Reply("```py\n" + "    x = 1\n" * 600 + "```"))

    assert 3 < len(found)
    for page in found:
        assert "```py\n    x" == page.text[:11]
        assert "x = 1\n```" == page.text[-9:]


def test_every_page_within_two_thousand() -> None:
    """Marks and escapes count: ten thousand asterisks are twenty thousand code points."""
    found = pages(Reply("\\*" * 10_000))

    assert "*" * 10_000 == "".join(text(page.text) for page in found)
    assert max(len(page.text) for page in found) == 2_000


def test_a_note_is_small_and_below() -> None:
    """It may name what a user typed, so it is no Markdown."""
    assert (
        "a\n\n-# no command **x** @\u200bhere".replace("*", "\\*")
        == pages(Reply("a", "no command **x** @here"))[0].text
    )


def test_what_has_not_begun_shows_as_an_ellipsis() -> None:
    """Discord refuses an empty message."""
    for source in ("", " \n", "\u200b", "```py\n"):
        assert (Page("…"),) == pages(Reply(source))


def test_buttons_stand_below_the_last_page() -> None:
    buttons = (Button("Again", "retry", "1"),)

    assert [(), (), buttons] == [page.buttons for page in pages(Reply("word " * 1_000, buttons=buttons))]


@pytest.mark.parametrize("source", NASTY.values(), ids=NASTY.keys())
def test_nasty_documents_show_whole(source: str) -> None:
    assert [] == faults(source)


@settings(deadline=None, max_examples=100)
@given(anything)
def test_whatever_the_model_writes_is_what_people_see(source: str) -> None:
    """Every character in its order, with its looks, on pages that Discord takes."""
    assert [] == faults(source)


def faults(source: str) -> list[str]:
    """What is wrong with the pages of a document, as a reader of Discord sees them."""
    found = pages(Reply(source))
    wrong = [f"{len(page.text)} code points" for page in found if not 0 < len(page.text) <= 2_000]
    wrong += ["white space at an end" for page in found if page.text != page.text.strip()]
    shown = [char for page in found for char in seen(page.text) if _counts(char.char)]
    wrong += [f"{look} in {source!r}" for look in _ALIVE & {look for char in shown for look in char.looks}]
    meant = list(_meant(read(source, STYLE)))
    if not visible("".join(char.char for char in meant)):
        return wrong if found == (Page("…"),) else [*wrong, "not blank"]
    if [char.char for char in shown] != [char.char for char in meant]:
        beside = re.search(r" \(<https?://", "".join(page.text for page in found))
        return wrong if beside else [*wrong, "other text", *(page.text for page in found)]
    return wrong + [
        f"{char} instead of {want}" for char, want in zip(shown, meant, strict=False) if _differ(char, want)
    ]


_ALIVE = {"alive", "preview", "underline", "spoiler"}


def _counts(char: str) -> bool:
    return not char.isspace() and char != "\u200b"


def _meant(rich: Rich) -> Iterator[Seen]:
    for run in runs(rich):
        kinds = {span.kind: span for span in run.spans}
        looks = frozenset({"ours"}) if Kind.MARKER in kinds else frozenset(_look(span) for span in run.spans)
        yield from (Seen(char, looks) for char in rich.text[run.start : run.end] if _counts(char))


def _look(span: Span) -> str:
    if span.kind is Kind.HEADING:
        return f"title {span.detail}" if span.detail in "123" else "bold"
    return span.kind.value


def _differ(shown: Seen, meant: Seen) -> bool:
    """Code and addresses go without the marks that they hold themselves."""
    if "ours" in meant.looks or "no preview" in shown.looks:
        return False
    looks = {look.partition(" ")[0] if look.startswith("link ") else look for look in shown.looks}
    looks = {look for look in looks if look != "bullet" and not look.startswith("language")}
    return looks != meant.looks and not ("code" in looks and looks < meant.looks)


def test_a_growing_answer_edits_its_last_page_only() -> None:
    """Discord takes five edits in five seconds for a whole channel."""
    source = TYPICAL * 12
    before = pages(Reply(""))
    for length in range(0, len(source), 151):
        after = pages(Reply(source[:length]))
        assert before[:-1] == after[: len(before) - 1]
        before = after
    assert 3 < len(before)


# Calling somebody.


@settings(deadline=None, max_examples=100)
@given(anything)
def test_a_mention_stands_first_and_fits(source: str) -> None:
    """Before whatever a reply says, on the first of its messages alone; what follows is what it would be without."""
    first, *others = pages(Reply(source, mention="1573871622132072449"))

    assert first.text.startswith("<@1573871622132072449>")
    assert ("1573871622132072449",) == first.marks
    assert {()} >= {each.marks for each in others}
    assert all(len(each.text) <= 2000 for each in (first, *others))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Water the plants.", "<@7> Water the plants."),
        ("", "<@7> …"),
        ("# Plants", "<@7>\n# Plants"),
        ("- roses\n- lilies", "<@7>\n- roses\n- lilies"),
        ("1. roses", "<@7>\n1. roses"),
        ("> roses", "<@7>\n> roses"),
        ("```\nroses\n```", "<@7>\n```\nroses\n```"),
        ("\\# roses", "<@7> \\# roses"),
    ],
)
def test_what_must_begin_a_line_still_does(source: str, shown: str) -> None:
    """A title behind a name would be none."""
    [page] = pages(Reply(source, mention="7"))

    assert shown == page.text

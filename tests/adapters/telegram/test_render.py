"""adapters.telegram.render: text and entities that Telegram takes as they are."""

import pytest
from hypothesis import given, settings

from adapters.markup.rich import clean, visible
from adapters.markup.write import read
from adapters.telegram.render import STYLE, Entity, pages
from bot.reply import Button, Page, Reply
from tests.adapters.markup.documents import NASTY, TYPICAL, anything


def drawn(source: str) -> Page:
    [page] = pages(Reply(source))
    return page


def look(page: Page) -> list[tuple[str, str]]:
    """Each entity as its type and its text, cut out of UTF-16 as Telegram does it."""
    units = page.text.encode("utf-16-le")
    return [
        (mark.type, units[2 * mark.offset : 2 * (mark.offset + mark.length)].decode("utf-16-le"))
        for mark in page.marks
        if isinstance(mark, Entity)
    ]


def faults(page: Page) -> list[str]:
    """
    What Telegram would refuse, drop or move, by its documents and by TDLib.

    Sources: core.telegram.org/bots/api#messageentity and #formatting-options, core.telegram.org/api/entities;
    td_execute(parseMarkdown), which runs TDLib's `fix_formatted_text`.
    """
    units = page.text.encode("utf-16-le", "surrogatepass")
    found = [] if 2 <= len(units) <= 2 * 4096 else [f"{len(units) // 2} units"]
    found += [] if page.text == clean(page.text) else ["characters that are dropped"]
    found += [] if page.text.rstrip() == page.text else ["white space at the end"]
    found += [] if len(page.marks) <= 100 else [f"{len(page.marks)} entities"]
    marks = [mark for mark in page.marks if isinstance(mark, Entity)]
    if page.text[:1].isspace() and not (marks and marks[0].offset == 0 and marks[0].type in ("pre", "blockquote")):
        found.append("white space at the start")
    if marks != sorted(marks, key=lambda mark: (mark.offset, -mark.length)):
        found.append("out of order")
    for number, mark in enumerate(marks):
        end = mark.offset + mark.length
        if mark.length <= 0 or 2 * end > len(units):
            found.append(f"out of range: {mark}")
        for edge in (mark.offset, end):
            if 0xDC00 <= int.from_bytes(units[2 * edge : 2 * edge + 2], "little") <= 0xDFFF:
                found.append(f"within a surrogate pair: {mark}")
        found += [
            f"{mark} with {other}" for other in marks[number + 1 :] if other.offset < end and not _agree(mark, other)
        ]
    return found


def _agree(outer: Entity, inner: Entity) -> bool:
    """Whether two entities that share characters may: one within the other, and of kinds that nest."""
    styles = {"bold", "italic", "strikethrough"}
    within = inner.offset + inner.length <= outer.offset + outer.length
    if not within or inner.type == "blockquote" or outer.type in ("pre", "code"):
        return False
    return outer.type == "blockquote" or (inner.type in styles and outer.type != inner.type)


def test_an_answer_becomes_text_and_entities() -> None:
    """Nothing is escaped, so nothing can be escaped wrongly."""
    page = drawn("# Title\n**bold** and *italic* `code` [label](https://x.org/)\n> quote\n\n```py\nx\n```")

    assert "Title\nbold and italic code label\nquote\n\nx" == page.text
    assert [
        ("bold", "Title"),
        ("bold", "bold"),
        ("italic", "italic"),
        ("code", "code"),
        ("text_link", "label"),
        ("blockquote", "quote"),
        ("pre", "x"),
    ] == look(page)
    assert Entity("text_link", 27, 5, url="https://x.org/") == page.marks[4]
    assert Entity("pre", 40, 1, language="py") == page.marks[6]


def test_offsets_count_utf_16() -> None:
    """An owl is two units; so is everything behind it one further on."""
    page = drawn("🦉 **b🦉** 🦉 *c*")

    assert (Entity("bold", 3, 3), Entity("italic", 10, 1)) == page.marks


def test_code_stands_alone_and_a_link_keeps_its_address() -> None:
    """TDLib breaks bold around code, and of a link with code in it keeps one of the two: the address matters more."""
    assert [("bold", "a "), ("code", "b"), ("bold", " c")] == look(drawn("**a `b` c**"))
    assert [("text_link", "b"), ("bold", "b")] == look(drawn("**[`b`](https://x.org)**"))


def test_styles_are_broken_as_tdlib_breaks_them() -> None:
    """So that our count of entities is Telegram's."""
    assert [("bold", "a "), ("bold", "b c"), ("italic", "b")] == look(drawn("**a *b* c**"))


def test_a_link_that_telegram_would_refuse_is_written_out() -> None:
    """`http://localhost` in an entity is "Wrong HTTP URL", and the whole message is lost."""
    for address in ("http://localhost:80/a", "https://x.org:99999", "https://x.org:/", "tg://user?id=1", "https:///x"):
        page = drawn(f"[l]({address})")
        assert (f"l ({address})", ()) == (page.text, page.marks)


def test_a_model_mentions_nobody() -> None:
    """Telegram notifies whoever is named, by whatever text the model was talked into. Code and addresses are safe."""
    assert "@\u200bdurov, a@b.co `x`" == drawn("@durov, a@b.co \\`x\\`").text
    assert "@durov https://x.org/@durov" == drawn("`@durov` https://x.org/@durov").text


def test_five_thousand_emoji_arrive_whole() -> None:
    """10,000 units, three messages."""
    found = pages(Reply("🦉" * 5_000))

    assert 3 == len(found)
    assert "🦉" * 5_000 == "".join(page.text for page in found)


def test_a_hundred_entities_fill_a_page() -> None:
    """Telegram ignores those beyond, so the words would lose their looks."""
    found = pages(Reply("**bold** " * 250))

    assert [100, 100, 50] == [len(page.marks) for page in found]
    assert 250 == sum(page.text.count("bold") for page in found)


def test_indented_code_at_the_top_of_a_page_stays_indented() -> None:
    """Telegram trims white space only up to the first entity."""
    found = pages(Reply("```py\n" + "    x = 1  # and some more words\n" * 200 + "```"))

    assert all(page.text.startswith("    x") for page in found)
    assert [[("pre", page.text)] for page in found] == [look(page) for page in found]


def test_tabs_in_code_become_spaces() -> None:
    """TDLib makes one space of a tab, and nonsense of Python."""
    assert "if x:\n    y" == drawn("```\nif x:\n\ty\n```").text


def test_a_note_stands_in_italics_below() -> None:
    page = pages(Reply("text", note="Stopped."))[0]

    assert ("text\n\nStopped.", (Entity("italic", 6, 8),)) == (page.text, page.marks)


def test_what_has_not_begun_shows_as_an_ellipsis() -> None:
    """Telegram refuses an empty message, and one with nothing to see."""
    for source in ("", " \n", "\u200b", "\u3164", "```py\n"):
        assert (Page("…"),) == pages(Reply(source))


def test_buttons_stand_below_the_last_page() -> None:
    buttons = (Button("Again", "retry", "1"),)

    found = pages(Reply("word " * 2_000, buttons=buttons))

    assert [(), (), buttons] == [page.buttons for page in found]


@pytest.mark.parametrize("source", NASTY.values(), ids=NASTY.keys())
def test_telegram_takes_every_page(source: str) -> None:
    for page in pages(Reply(source, note="A note.")):
        assert [] == faults(page)


@settings(deadline=None, max_examples=150)
@given(anything)
def test_whatever_the_model_writes_arrives(source: str) -> None:
    """All of it, in pages that Telegram takes."""
    found = pages(Reply(source))

    assert [] == [fault for page in found for fault in faults(page)]
    whole = "".join(read(source, STYLE).text.split())
    assert (whole if visible(whole) else "…") == "".join("".join(page.text.split()) for page in found)


def test_a_growing_answer_edits_its_last_page_only() -> None:
    """Each edit costs a second of the chat's budget."""
    source = TYPICAL * 16
    before = pages(Reply(""))
    for length in range(0, len(source), 211):
        after = pages(Reply(source[:length]))
        assert before[:-1] == after[: len(before) - 1]
        before = after
    assert 2 < len(before)


# Calling somebody.


@settings(deadline=None, max_examples=100)
@given(anything)
def test_a_call_stands_first_and_fits(source: str) -> None:
    """Before whatever a reply says, on the first of its messages alone; what follows looks as it does without."""
    first, *others = pages(Reply(source, mention="7"), "Alice")
    call = Entity("text_link", 0, 8, url="tg://user?id=7")

    assert first.text.startswith("🔔 Alice\n")
    assert call == first.marks[0]
    assert call not in (*first.marks[1:], *(mark for each in others for mark in each.marks))
    assert [] == [fault for each in (first, *others) for fault in faults(each)]

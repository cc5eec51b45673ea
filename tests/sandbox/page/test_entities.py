"""Telegram's entities as a tree."""

from typing import Any

from sandbox.page.entities import tree
from sandbox.page.nodes import Mark


def entity(kind: str, offset: int, length: int, **more: str) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


def test_offsets_count_utf_16_units() -> None:
    """Most emoji take two: counted otherwise, every mark after an owl would be off by one."""
    assert ("🦉 ", Mark("bold", ("hoo",)), "!") == tree("🦉 hoo!", [entity("bold", 3, 3)])


def test_entities_nest() -> None:
    """Bold within a link within a quotation, however Telegram orders those of the same extent."""
    found = tree(
        "ab cd", [entity("bold", 3, 2), entity("text_link", 3, 2, url="https://x.y"), entity("blockquote", 0, 5)]
    )

    assert (Mark("quote", ("ab ", Mark("link", (Mark("bold", ("cd",)),), "https://x.y"))),) == found


def test_an_address_links_to_itself() -> None:
    """Telegram marks it without saying where it leads."""
    found = tree("see owls.org", [entity("url", 4, 8)])

    assert ("see ", Mark("link", ("owls.org",), "https://owls.org")) == found


def test_code_keeps_its_language_and_ends_its_line() -> None:
    """The line break after a block belongs to the block: shown, it would be an empty line."""
    found = tree("a\nx = 1\nb", [entity("pre", 2, 5, language="nonsense")])

    assert ("a\n", Mark("pre", ("x = 1",), "nonsense"), "b") == found


def test_entities_that_overlap_or_are_unknown_lose_no_text() -> None:
    """A client shows what it can."""
    found = tree("abcdef", [entity("bold", 0, 4), entity("italic", 2, 4), entity("custom_emoji", 0, 1)])

    assert (Mark("bold", ("ab", Mark("italic", ("cd",)))), "ef") == found

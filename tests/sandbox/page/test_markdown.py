"""Discord Markdown as a tree: what is read as a mark, and what stays text."""

import json
import re
import time
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page.markdown import DEEPEST, tree
from sandbox.page.nodes import Mark, Nodes, as_json, text_of


def kinds(nodes: Nodes) -> set[str]:
    """Every kind of mark in a tree."""
    marks = [node for node in nodes if isinstance(node, Mark)]
    return {mark.kind for mark in marks}.union(*(kinds(mark.inside) for mark in marks))


def mark(kind: str, *inside: str | Mark, detail: str = "") -> Mark:
    return Mark(kind, inside, detail)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**a** b", (mark("bold", "a"), " b")),
        ("*a* _b_ __c__", (mark("italic", "a"), " ", mark("italic", "b"), " ", mark("underline", "c"))),
        ("***a***", (mark("bold", mark("italic", "a")),)),
        ("~~a~~ ||b||", (mark("strike", "a"), " ", mark("spoiler", "b"))),
        ("snake_case_name", ("snake_case_name",)),
        (r"\*a\* \<@1>", ("*a* <@1>",)),
        ("3 * 4 * 5", ("3 * 4 * 5",)),
        ("`**a**`", (mark("code", "**a**"),)),
        ("`` a`b ``", (mark("code", " a`b "),)),
        ("# a\nb", (mark("h1", "a"), "b")),
        ("#no", ("#no",)),
        ("a # b", ("a # b",)),
        ("-# small\nb", (mark("subtext", "small"), "b")),
        ("> a\n> b\nc", (mark("quote", "a\nb"), "c")),
        (">>> a\nb", (mark("quote", "a\nb"),)),
        ("a\n```py\nx\n```\nb", ("a\n", mark("pre", mark("text", "x"), detail="py"), "b")),
        ("```\na  b\n```", (mark("pre", "a  b"),)),
        ("[a *b*](<https://x.y>)", (mark("link", "a ", mark("italic", "b"), detail="https://x.y"),)),
        ("<https://x.y/z>.", (mark("link", "https://x.y/z", detail="https://x.y/z"), ".")),
        ("see https://x.y/z, ok", ("see ", mark("link", "https://x.y/z", detail="https://x.y/z"), ", ok")),
        (
            "<@5> <#6> @everyone",
            (mark("user", detail="5"), " ", mark("channel", detail="6"), " ", mark("mention", "@everyone")),
        ),
        ("</ask:7> <:owl:8> <t:9:R>", (mark("mention", "/ask"), " :owl: ", mark("time", detail="9:R"))),
    ],
)
def test_marks_are_read_as_discord_reads_them(source: str, expected: Any) -> None:
    """The page is no witness of what Parley sends if it shows something else than Discord would."""
    assert expected == _without_colours(tree(source))


def _without_colours(nodes: Nodes) -> Nodes:
    """Code in one piece: its colours are Pygments' matter."""

    def plain(node: Any) -> Any:
        if isinstance(node, str):
            return node
        if node.kind == "pre" and node.detail:
            return Mark("pre", (Mark("text", (text_of(node.inside),)),), node.detail)
        return Mark(node.kind, tuple(plain(each) for each in node.inside), node.detail)

    return tuple(plain(node) for node in nodes)


def test_lists_nest_by_their_indentation() -> None:
    """A model's steps and sub-steps must look like steps and sub-steps."""
    expected = (
        mark("ol", mark("li", "one", mark("ul", mark("li", "deep\nmore"))), mark("li", "two"), detail="3"),
        "after",
    )
    assert expected == tree("3. one\n   - deep\n     more\n4. two\nafter")


def test_a_label_that_looks_like_an_address_is_no_link() -> None:
    """It could lie about where it leads."""
    assert "link" in kinds(tree("[x](https://evil.example)"))
    assert not any(
        isinstance(node, Mark) and node.detail == "https://evil.example/"
        for node in tree("[https://good.example](https://evil.example/)")
    )


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])
def test_only_the_web_can_be_linked_to(address: str) -> None:
    """Any other address would be a way out of the text and into the page."""
    assert set() == kinds(tree(f"[a]({address}) <{address}> [b](<{address}>)"))


@given(st.text(alphabet=st.sampled_from("*_~|`<>[]()#-\\\n @!:/.1ahtps🦉é"), max_size=200))
def test_any_text_becomes_a_tree(source: str) -> None:
    """A model may write anything, and is seen while it is still in the middle of it."""
    nodes = tree(source)

    assert as_json(nodes) == json.loads(json.dumps(as_json(nodes)))
    assert not set(text_of(nodes)) - set(source) - {" "}  # a line break within code is shown as a space


def test_the_page_can_draw_every_kind() -> None:
    """A kind that only one side knows would be drawn as plain text without anybody noticing."""
    everything = (
        "**a** *b* __c__ ~~d~~ ||e|| `f` [g](https://h.i)\n# 1\n## 2\n### 3\n-# 4\n> 5\n- 6\n1. 7\n```\n8\n``` <t:1>"
    )
    drawn = files("sandbox.page").joinpath("marks.js").read_text("utf-8")

    elements = set(re.findall(r"^  (\w+): \"\w+\",$", drawn, re.MULTILINE))
    assert kinds(tree(everything)) <= elements | {"spoiler"}


@pytest.mark.parametrize(
    "source", ["*_" * 1000, "> " * 1000, "[a](http://" * 180, "**a" * 660, "`" * 2000, "- a\n" * 500]
)
def test_what_nobody_would_write_costs_no_time(source: str) -> None:
    """The page's server shares its thread with the bot; marks within marks end at a depth."""
    began = time.perf_counter()
    nodes = tree(source)

    assert time.perf_counter() - began < 0.5
    assert _depth(nodes) <= DEEPEST + 1


def _depth(nodes: Nodes) -> int:
    return max((1 + _depth(node.inside) for node in nodes if isinstance(node, Mark)), default=0)

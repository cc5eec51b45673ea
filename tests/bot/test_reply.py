"""What a person gets to see."""

from dataclasses import replace

import pytest

from bot.reply import Picture, Reply, literal, plain
from storage.record import dump_turn, load_turn
from tests.bot.core import core
from tests.clock import virtual
from tests.make import turn


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Alice", "Alice"),
        ("[free money](https://evil.example)", r"[free money\](https\:\/\/evil\.example\)"),
        ("Bob (42) [owl]", r"Bob (42\) [owl\]"),
        ("two\nlines\t here ", "two lines here"),
        ("🦉 ж é", "🦉 ж é"),
        ("x" * 100, "x" * 80 + "…"),
    ],
)
def test_somebodys_words_mean_nothing_to_markdown(words: str, shown: str) -> None:
    """Else a name could put a link with another face into our mouth."""
    assert shown == plain(words)


@virtual
async def test_what_is_echoed_is_plain() -> None:
    async with core() as running:
        await running.command("model", name="[click](https://evil.example)")
        await running.until(lambda: bool(running.chat.texts))

        assert r"[click\]" in "".join(running.chat.texts)


def test_a_picture_is_written_down_with_its_turn() -> None:
    """A turn is stored as JSON, which has no bytes."""
    drawn = Reply("Look:", picture=Picture.of(b"\x89PNG\xff\x00", "owl.png", "An owl"))
    read = load_turn(dump_turn(replace(turn(), reply=drawn)))

    assert drawn == read.reply
    assert read.reply.picture is not None
    assert b"\x89PNG\xff\x00" == read.reply.picture.png


def test_where_nothing_reads_markdown_words_stand_as_they_were_written() -> None:
    """A program, or a shell, is told of "my_model*" and not of "my\\_model\\*"."""
    words = "my_model* [x](y) `z` \\ _"

    assert f"No model “{words}”." == literal(f"No model “{plain(words)}”.")

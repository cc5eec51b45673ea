"""What a person gets to see."""

import pytest

from bot.reply import plain
from tests.bot.core import core
from tests.clock import virtual


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Alice", "Alice"),
        ("[free money](https://evil.example)", r"\[free money\]\(https\:\/\/evil\.example\)"),
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

        assert r"\[click\]" in "".join(running.chat.texts)

"""bot.commands.book: what a line means, and what a group may hold."""

import pytest

from bot.commands.book import Book
from bot.commands.spec import Command, Group, Param
from bot.errors import BadArgument, NoSuchCommand

LIST = Command("key list", "List them", None)
SHOW = Command("key show", "Show one", None, params=(Param("id", "Which", required=True),))
HIDDEN = Command("key take", "A button's", None, listed=False)
MINE = Command("quota show", "What is left", None, params=(Param("user", "Whose", kind="user"),))
BOOK = Book(
    (
        Command("ask", "Ask", None),
        Group("key", "Keys", (LIST, SHOW, HIDDEN)),
        Group("quota", "Shares", (MINE,), default=MINE),
    )
)


@pytest.mark.parametrize(
    ("word", "rest", "meant"),
    [
        ("ask", "list all", ("ask", "list all")),
        ("key", "list", ("key list", "")),
        ("key", "Show  abc\ndef", ("key show", "abc\ndef")),
        ("key", "", ("key", "")),
        ("key", "lits all", ("key", "lits all")),
        ("quota", "", ("quota show", "")),
        ("quota", "show @bob", ("quota show", "@bob")),
        ("quota", "@bob", ("quota show", "@bob")),
        ("nothing", "at all", ("nothing", "at all")),
    ],
)
def test_a_line_means_a_command(word: str, rest: str, meant: tuple[str, str]) -> None:
    """A group's word alone, or before something else, is its default, if that takes it."""
    assert meant == BOOK.meant(word, rest)


@pytest.mark.parametrize("name", ["key", "key lits"])
def test_what_a_group_lacks_is_told_with_what_it_has(name: str) -> None:
    """And not with what only buttons give."""
    with pytest.raises(BadArgument) as caught:
        BOOK.find(name)

    assert "- `/key show id`: Show one" in caught.value.for_user
    assert "take" not in caught.value.for_user


def test_what_is_in_no_group_is_unknown() -> None:
    with pytest.raises(NoSuchCommand):
        BOOK.find("nothing at all")


def test_a_first_word_is_known() -> None:
    """In a group chat other bots' commands are left to them."""
    assert [True, True, False] == [BOOK.begins(word) for word in ("ask", "key", "show")]


@pytest.mark.parametrize("name", ["list", "keys list", "key", "key list all"])
def test_a_group_holds_its_own_alone(name: str) -> None:
    """A command under another name would never be found."""
    with pytest.raises(ValueError, match="no command of the group"):
        Group("key", "Keys", (Command(name, "List them", None),))

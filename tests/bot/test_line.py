"""bot.commands.line: what people write behind a command becomes its arguments."""

import pytest

from bot.amounts import words_of_limits
from bot.commands.line import arguments
from bot.commands.spec import Param

ISSUE = (
    Param("user", "For whom", required=True, kind="user"),
    Param("tier", "Which models", required=True),
    Param("note", "What it is for"),
)
SET = (
    Param("limit", "How much", required=True),
    Param("user", "Whose", kind="user"),
    Param("channel", "Where", kind="channel"),
)
REQUEST = (
    Param("limit", "How much", required=True, words=words_of_limits),
    Param("why", "What for"),
)
ROLE = (Param("user", "Who", required=True, kind="user"), Param("role", "What", required=True, kind="role"))


@pytest.mark.parametrize(
    ("params", "line", "found"),
    [
        (ISSUE, "", {}),
        (ISSUE, "@bob plus", {"user": "@bob", "tier": "plus"}),
        (ISSUE, "7000 plus", {"user": "7000", "tier": "plus"}),
        (ISSUE, "@bob plus for  the owls", {"user": "@bob", "tier": "plus", "note": "for  the owls"}),
        (ISSUE, '@bob "very plus" note', {"user": "@bob", "tier": "very plus", "note": "note"}),
        (ISSUE, "@bob plus “for the owls”", {"user": "@bob", "tier": "plus", "note": "for the owls"}),
        (ISSUE, 'note="for the owls" @bob plus', {"user": "@bob", "tier": "plus", "note": "for the owls"}),
        (ISSUE, "@bob Tier:plus for the owls", {"user": "@bob", "tier": "plus", "note": "for the owls"}),
        (ISSUE, "@bob for tier=plus the owls", {"user": "@bob", "tier": "plus", "note": "for  the owls"}),
        (ISSUE, "@bob plus until 10:30", {"user": "@bob", "tier": "plus", "note": "until 10:30"}),
        (ISSUE, "@bob plus 10:30", {"user": "@bob", "tier": "plus", "note": "10:30"}),
        (ISSUE, '@bob plus he said "no"', {"user": "@bob", "tier": "plus", "note": 'he said "no"'}),
        (ISSUE, '@bob plus "unclosed', {"user": "@bob", "tier": "plus", "note": '"unclosed'}),
        (ISSUE, "bob plus", {"user": "bob", "tier": "plus"}),
        (SET, "20k tokens per day", {"limit": "20k tokens per day"}),
        (SET, "20k tokens per day @bob", {"limit": "20k tokens per day", "user": "@bob"}),
        (SET, "@bob 20k tokens per day", {"limit": "20k tokens per day", "user": "@bob"}),
        (SET, "20k per day here", {"limit": "20k per day", "channel": "here"}),
        (SET, "20k user=7000 per day", {"limit": "20k  per day", "user": "7000"}),
        (SET, "5000", {"limit": "5000"}),
        (REQUEST, "5k per day for the owls", {"limit": "5k per day", "why": "for the owls"}),
        (REQUEST, "for the owls", {"limit": "for", "why": "the owls"}),
        (ROLE, "@bob owls and more", {"user": "@bob", "role": "owls and more"}),
    ],
)
def test_words_find_their_parameters(params: tuple[Param, ...], line: str, found: dict[str, str]) -> None:
    """By name wherever they stand, else in order; the last text takes the rest as it was written."""
    assert found == arguments(params, line)


@pytest.mark.parametrize("line", ["plus", "5000", "10k"])
def test_a_reply_names_its_user(line: str) -> None:
    """What is written is then meant for the others, even when it looks like a user's number."""
    params = ISSUE[:2]

    assert {"tier": line} == arguments(params, line, replied=True)


@pytest.mark.parametrize("line", ["a  b", 'name="x" y', ' "quoted"', "tier:plus"])
def test_the_only_parameter_takes_the_line_as_it_is(line: str) -> None:
    """A question may contain anything."""
    assert {"name": line} == arguments((Param("name", "A name"),), line)

"""adapters.telegram.names: who is meant by a username."""

from datetime import UTC, datetime

import pytest
from telegram import Chat, Message, User

from adapters.telegram import names
from adapters.telegram.names import Names


def said(number: int, username: str, *, is_bot: bool = False, answered: Message | None = None) -> Message:
    user = User(number, "Somebody", is_bot, username=username)
    return Message(1, datetime.now(UTC), Chat(1, "private"), from_user=user, reply_to_message=answered)


def test_who_was_heard_is_known() -> None:
    """The one who wrote, and the one who was answered; in any case, and never a bot."""
    heard = Names()
    heard.hear(said(7, "Alice_Owl", answered=said(8, "bob")))
    heard.hear(said(9, "owl_bot", is_bot=True))
    heard.hear(None)

    assert [7, 8, None, None] == [heard.id_of(name) for name in ("alice_owl", "BOB", "owl_bot", "carol")]


def test_a_name_belongs_to_who_has_it_now() -> None:
    """People give usernames up, and others take them."""
    heard = Names()
    for number in (7, 8):
        heard.hear(said(number, "owl"))

    assert 8 == heard.id_of("owl")


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those heard longest ago are forgotten first."""
    monkeypatch.setattr(names, "CROWD", 2)
    heard = Names()
    for number, name in enumerate(("alice", "bob", "alice", "carol")):
        heard.hear(said(number, name))

    assert [2, None, 3] == [heard.id_of(name) for name in ("alice", "bob", "carol")]

"""adapters.telegram.intake: what is a command, and what is only what the library lets pass."""

from typing import Any

import pytest
from telegram import Update

from adapters.telegram.intake import Me, read
from bot.chat import Call, Inbound
from bot.commands.book import BOOK, Book
from tests.adapters import owls
from tests.make import NOW

ME = Me(42, "owl_bot")


def said(**more: Any) -> Inbound | Call | None:
    """What we take up of a message in a private chat."""
    return said_to(BOOK, **more)


def said_to(book: Book, **more: Any) -> Inbound | Call | None:
    chat = {"id": 7, "type": "private", "first_name": "Alice"}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": {**chat, "is_bot": False}, **more}
    update = Update.de_json({"update_id": 1, "message": message}, None)
    return read(update, ME, book, NOW)


def test_a_command_may_be_bold() -> None:
    """Telegram puts the longer entity first, and the command was taken for a question."""
    bold, command = {"type": "bold", "offset": 0, "length": 9}, {"type": "bot_command", "offset": 0, "length": 4}
    found = said(text="/new then", entities=[bold, command])

    assert isinstance(found, Call)
    assert "new" == found.command


def test_a_command_in_the_middle_is_a_word() -> None:
    found = said(text="try /new", entities=[{"type": "bot_command", "offset": 4, "length": 4}])

    assert isinstance(found, Inbound)


def test_a_name_is_text_whatever_was_sent() -> None:
    """The library checks no types; a turn with a number for a name could not be read again, and block its lane."""
    found = said(text="Hoo", **{"from": {"id": 7, "is_bot": False, "first_name": 5}})

    assert isinstance(found, Inbound)
    assert "5" == found.origin.author


def test_a_message_without_a_date_is_refused() -> None:
    with pytest.raises(ValueError, match="date"):
        said(text="Hoo", date=None)


def test_a_command_may_be_a_caption() -> None:
    """In a group it is the only way to ask about a picture."""
    command = {"type": "bot_command", "offset": 0, "length": 12}
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    found = said(caption="/ask@owl_bot what is it?", caption_entities=[command], photo=photo)

    assert isinstance(found, Inbound)
    assert ("what is it?", ("a picture",)) == (found.text, found.unreadable)


def test_a_button_is_pressed_now() -> None:
    """Telegram gives the date of the message below which it stands, which may be years old."""
    chat = {"id": 7, "type": "private", "first_name": "Alice"}
    below = {"message_id": 1, "date": 1_500_000_000, "text": "Hoo", "chat": chat}
    query = {"id": "9", "from": {**chat, "is_bot": False}, "chat_instance": "1", "message": below, "data": "help:"}
    pressed = read(Update.de_json({"update_id": 1, "callback_query": query}, None), ME, BOOK, NOW)

    assert isinstance(pressed, Call)
    assert NOW == pressed.origin.at


def given(line: str, **more: Any) -> dict[str, str]:
    """The arguments of a command of the owls'."""
    entities = [{"type": "bot_command", "offset": 0, "length": 4}, *more.pop("entities", ())]
    call = said_to(owls.BOOK, text=line, entities=entities, **more)
    assert isinstance(call, Call)
    return dict(call.arguments)


def test_a_link_carries_its_code() -> None:
    """`t.me/bot?start=code` opens the chat and says "/start code"."""
    call = said(text="/start a-code_1", entities=[{"type": "bot_command", "offset": 0, "length": 6}])

    assert isinstance(call, Call)
    assert ("start", {"code": "a-code_1"}) == (call.command, call.arguments)


def test_a_mention_of_somebody_without_a_username_is_their_number() -> None:
    """What is shown is a name of two words, behind an emoji that takes two units."""
    bob = {"id": 8, "is_bot": False, "first_name": "Bob"}
    mention = {"type": "text_mention", "offset": 19, "length": 9, "user": bob}

    assert {"user": "8", "name": "🦉 snowy"} == given("/owl keep 🦉 snowy Bob Smith", entities=[mention])


@pytest.mark.parametrize(
    ("author", "user"),
    [
        ({"id": 8, "is_bot": False, "first_name": "Bob"}, "8"),
        ({"id": 42, "is_bot": True, "first_name": "Parley"}, None),
        ({"id": 9, "is_bot": True, "first_name": "Another bot"}, None),
    ],
)
def test_a_reply_names_a_person(author: dict[str, Any], user: str | None) -> None:
    """A reply to us, or to another bot, names nobody."""
    chat = {"id": 7, "type": "private", "first_name": "Alice"}
    answered = {"message_id": 2, "date": 1_790_000_000, "chat": chat, "from": author, "text": "Hoo"}

    assert user == given("/owl keep name=snowy", reply_to_message=answered).get("user")


def test_who_is_named_is_meant_even_in_a_reply() -> None:
    """Acting on the wrong person would be worse than asking again."""
    chat = {"id": 7, "type": "private", "first_name": "Alice"}
    bob = {"id": 8, "is_bot": False, "first_name": "Bob", "username": "bob_owl"}
    answered = {"message_id": 2, "date": 1_790_000_000, "chat": chat, "from": bob, "text": "Hoo"}

    assert "@carol" == given("/owl keep @carol snowy", reply_to_message=answered)["user"]
    assert "5000" == given("/owl keep 5000 snowy", reply_to_message=answered)["user"]

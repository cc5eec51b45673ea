"""adapters.telegram.intake: what is a command, and what is only what the library lets pass."""

from typing import Any

import pytest
from telegram import Update

from adapters.telegram.intake import Me, read
from bot.chat import Call, Inbound
from bot.commands.book import BOOK
from tests.make import NOW

ME = Me(42, "owl_bot")


def said(**more: Any) -> Inbound | Call | None:
    """What we take up of a message in a private chat."""
    chat = {"id": 7, "type": "private", "first_name": "Alice"}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": {**chat, "is_bot": False}, **more}
    update = Update.de_json({"update_id": 1, "message": message}, None)
    return read(update, ME, BOOK, NOW)


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

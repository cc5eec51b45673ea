"""Messages that change and go."""

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import BadRequest

from sandbox.telegram.files import PIXEL
from sandbox.telegram.server import Telegram
from tests.sandbox.telegram.conftest import Clock

STOP = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="stop:1")]])


async def test_an_edit_replaces_text_and_keyboard(telegram: Telegram, bot: Bot, clock: Clock) -> None:
    """An edit that brings no keyboard takes the old one away."""
    sent = await bot.send_message(telegram.club.id, "...", reply_markup=STOP)
    clock.now += 5

    edited = await bot.edit_message_text("done", telegram.club.id, sent.message_id)

    assert not isinstance(edited, bool)
    assert edited.edit_date is not None
    assert ("done", None, clock.now) == (edited.text, edited.reply_markup, edited.edit_date.timestamp())
    assert ["done"] == telegram.texts(telegram.club)


@pytest.mark.parametrize("said", ["same", " same\n"])
async def test_an_edit_that_changes_nothing_is_refused(telegram: Telegram, bot: Bot, said: str) -> None:
    """White space at the ends is no change, for it is cut off."""
    sent = await bot.send_message(telegram.club.id, "same", reply_markup=STOP)

    with pytest.raises(BadRequest, match="Message is not modified: specified new message content and reply markup"):
        await bot.edit_message_text(said, telegram.club.id, sent.message_id, reply_markup=STOP)


async def test_other_entities_or_another_keyboard_are_a_change(telegram: Telegram, bot: Bot) -> None:
    """The same words in bold are another message."""
    sent = await bot.send_message(telegram.club.id, "same", reply_markup=STOP)
    bold = [MessageEntity("bold", 0, 4)]

    await bot.edit_message_text("same", telegram.club.id, sent.message_id, entities=bold, reply_markup=STOP)
    await bot.edit_message_reply_markup(telegram.club.id, sent.message_id, reply_markup=None)
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_reply_markup(telegram.club.id, sent.message_id, reply_markup=None)


async def test_what_cannot_be_edited(telegram: Telegram, bot: Bot) -> None:
    """Each of these has words of its own."""
    asked = await telegram.say(telegram.club, telegram.people["bob"], "hoot")
    photo = await bot.send_photo(telegram.club.id, PIXEL)
    sent = await bot.send_message(telegram.club.id, "...")

    for message_id, said, complaint in (
        (asked.id, "x", "Message can't be edited"),
        (99, "x", "Message to edit not found"),
        (photo.message_id, "x", "There is no text in the message to edit"),
        (sent.message_id, "x" * 4097, "Message_too_long"),
        (sent.message_id, "\n", "Text must be non-empty"),
    ):
        with pytest.raises(BadRequest, match=complaint):
            await bot.edit_message_text(said, telegram.club.id, message_id)


async def test_a_caption_is_edited_by_its_own_method(telegram: Telegram, bot: Bot) -> None:
    """And a message without a file has none."""
    photo = await bot.send_photo(telegram.club.id, PIXEL, caption="a dot")

    await bot.edit_message_caption(telegram.club.id, photo.message_id, caption="a pixel")

    assert ["a pixel"] == telegram.texts(telegram.club)


async def test_a_deleted_message_is_gone(telegram: Telegram, bot: Bot) -> None:
    """Somebody may delete the bot's message while it is still writing it."""
    sent = await bot.send_message(telegram.club.id, "...")
    await telegram.delete(telegram.messages(telegram.club)[0])

    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", telegram.club.id, sent.message_id)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(telegram.club.id, sent.message_id)


async def test_old_messages_cannot_be_deleted(telegram: Telegram, bot: Bot, clock: Clock) -> None:
    """After 48 hours they stay."""
    sent = await bot.send_message(telegram.club.id, "old")
    clock.now += 48 * 3600

    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await bot.delete_message(telegram.club.id, sent.message_id)


async def test_others_messages_are_deleted_by_administrators_only(telegram: Telegram, bot: Bot) -> None:
    """In a private chat, however, a bot may delete what the person said: a key that was pasted, for instance."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    in_group = await telegram.say(telegram.club, bob, "hoot")
    in_private = await telegram.say(alice, alice, "sk-secret")

    assert await bot.delete_message(alice.id, in_private.id)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(telegram.club.id, in_group.id)
    await telegram.promote_bot(telegram.club, alice)
    assert await bot.delete_messages(telegram.club.id, [in_group.id, 99])
    assert [] == [each.text for each in telegram.messages(telegram.club) if each.text]


async def test_reactions_come_from_telegrams_list(telegram: Telegram, bot: Bot) -> None:
    """One at a time, and not every emoji is one."""
    asked = await telegram.say(telegram.club, telegram.people["bob"], "hoot")

    await bot.set_message_reaction(telegram.club.id, asked.id, "👀")

    assert ("👀",) == telegram.messages(telegram.club)[0].reactions
    with pytest.raises(BadRequest, match="Reaction_invalid"):
        await bot.set_message_reaction(telegram.club.id, asked.id, "🦉")


async def test_pinning_in_a_group_takes_a_right(telegram: Telegram, bot: Bot) -> None:
    """In a private chat everybody may."""
    alice = telegram.people["alice"]
    sent, private = await bot.send_message(telegram.club.id, "rules"), await bot.send_message(alice.id, "rules")

    assert await bot.pin_chat_message(alice.id, private.message_id)
    with pytest.raises(BadRequest, match="Not enough rights to manage pinned messages in the chat"):
        await bot.pin_chat_message(telegram.club.id, sent.message_id)
    await telegram.promote_bot(telegram.club, alice)
    await bot.pin_chat_message(telegram.club.id, sent.message_id)
    pinned = (await bot.get_chat(telegram.club.id)).pinned_message
    assert pinned is not None
    assert sent.message_id == pinned.message_id

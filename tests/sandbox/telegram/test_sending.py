"""Messages of the bot: what arrives, and what Telegram refuses."""

from typing import Any

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, NetworkError

from sandbox.telegram.files import PIXEL
from sandbox.telegram.server import Telegram
from tests.sandbox.pictures import png
from tests.sandbox.telegram.conftest import Post


async def test_a_message_arrives_whole(telegram: Telegram, bot: Bot) -> None:
    """What the person sees, what the bot gets back and what it sent are the same."""
    alice = telegram.people["alice"]
    entities = [MessageEntity("bold", 0, 2), MessageEntity("pre", 3, 4, language="lua")]

    sent = await bot.send_message(
        alice.id, "hi code", entities=entities, link_preview_options=LinkPreviewOptions(is_disabled=True)
    )

    (seen,) = telegram.messages(alice)
    assert ("hi code", tuple(entities)) == (sent.text, sent.entities)
    assert "hi code" == seen.text
    assert [entity.to_dict() for entity in entities] == list(seen.entities)
    assert telegram.bot.id == seen.sender.id


async def test_ids_count_for_all_private_chats_together(telegram: Telegram, bot: Bot) -> None:
    """A message id alone names no message: a group has its own count."""
    places = [telegram.people["alice"].id, telegram.people["bob"].id, telegram.club.id]

    assert [1, 2, 2] == [(await bot.send_message(place, "hi")).message_id for place in places]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({}, "message text is empty"),
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "x" * 32769}, "text is too long"),
        ({"text": "\ud800"}, "strings must be encoded in UTF-8"),
        ({"text": "x", "chat_id": None}, "chat_id is empty"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": "nonsense"}, "chat not found"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_parameters": "{"}, "can't parse reply parameters JSON object"),
        ({"text": "x", "message_thread_id": 99}, "message thread not found"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
        ({"text": "x", "link_preview_options": 1}, "object expected as link preview options"),
    ],
)
async def test_what_telegram_refuses(
    telegram: Telegram, post: Post, parameters: dict[str, Any], complaint: str
) -> None:
    """The error body is Telegram's: status, error_code and description."""
    status, body = await post("sendMessage", **{"chat_id": telegram.people["alice"].id, **parameters})

    assert (400, {"ok": False, "error_code": 400, "description": f"Bad Request: {complaint}"}) == (status, body)
    assert [] == telegram.messages(telegram.people["alice"])


@pytest.mark.parametrize(
    ("button", "complaint"),
    [
        ({"text": "x", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        ({"text": "x"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "url": "http://a"}, "inline keyboard button URL 'http://a' is invalid: Wrong HTTP URL"),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        ("x", "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
    ],
)
async def test_wrong_buttons_are_refused(telegram: Telegram, post: Post, button: Any, complaint: str) -> None:
    """64 bytes of callback data are fewer than 64 letters in most scripts."""
    markup = {"inline_keyboard": [[button]]}

    _, body = await post("sendMessage", chat_id=telegram.club.id, text="x", reply_markup=markup)

    assert f"Bad Request: {complaint}" == body["description"]


async def test_a_keyboard_of_more_than_100_buttons_is_refused(telegram: Telegram, bot: Bot) -> None:
    """A list of choices must be cut into pages."""
    rows = [[InlineKeyboardButton(str(n), callback_data=str(n))] for n in range(101)]

    with pytest.raises(BadRequest, match="Reply markup is too long"):
        await bot.send_message(telegram.club.id, "x", reply_markup=InlineKeyboardMarkup(rows))


async def test_only_an_inline_keyboard_shows_on_the_message(telegram: Telegram, bot: Bot) -> None:
    """A reply keyboard belongs to the input field, not to the message."""
    inline = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="stop:1")]])

    first = await bot.send_message(telegram.club.id, "x", reply_markup=inline)
    second = await bot.send_message(telegram.club.id, "x", reply_markup=ReplyKeyboardMarkup([["yes"]]))

    assert (inline, None) == (first.reply_markup, second.reply_markup)


async def test_parse_modes_are_not_simulated(telegram: Telegram, bot: Bot) -> None:
    """A refusal that nobody can overlook is better than a parser that takes what Telegram would not."""
    with pytest.raises(NetworkError, match="does not simulate parse_mode"):
        await bot.send_message(telegram.club.id, "*x*", parse_mode="MarkdownV2")


async def test_a_reply_carries_the_message_it_answers_and_a_quote(telegram: Telegram, bot: Bot) -> None:
    """In a group a reply has a thread, that of the first message of the chain, and yet is in no topic."""
    asked = await telegram.say(telegram.club, telegram.people["bob"], "why do owls hoot?")

    first = await bot.send_message(
        telegram.club.id, "They like it.", reply_parameters=ReplyParameters(asked.id, quote="owls")
    )
    second = await bot.send_message(telegram.club.id, "A lot.", reply_parameters=ReplyParameters(first.message_id))

    assert first.reply_to_message is not None
    assert "why do owls hoot?" == first.reply_to_message.text
    assert first.quote is not None
    assert ("owls", 7) == (first.quote.text, first.quote.position)
    assert [(asked.id, None)] * 2 == [(each.message_thread_id, each.is_topic_message) for each in (first, second)]


async def test_a_missing_message_to_reply_to_may_be_forgiven(telegram: Telegram, bot: Bot) -> None:
    """Somebody deleted the question while the model was thinking."""
    sent = await bot.send_message(
        telegram.club.id, "x", reply_parameters=ReplyParameters(77, allow_sending_without_reply=True)
    )

    assert sent.reply_to_message is None


async def test_a_topic_holds_what_is_sent_there(telegram: Telegram, bot: Bot) -> None:
    """A message in a topic that replies to nothing comes with the topic's first message as its reply."""
    sent = await bot.send_message(telegram.forum.id, "squeak", message_thread_id=telegram.mice)
    asked = await telegram.say(telegram.forum, telegram.people["bob"], "howl", topic=telegram.moon)
    answer = await bot.send_message(telegram.forum.id, "hush", reply_parameters=ReplyParameters(asked.id))

    assert (telegram.mice, True) == (sent.message_thread_id, sent.is_topic_message)
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.forum_topic_created is not None
    assert telegram.moon == answer.message_thread_id


async def test_a_closed_topic_takes_nothing(telegram: Telegram, bot: Bot) -> None:
    """An admin may close the topic in the middle of an answer."""
    await telegram.close_topic(telegram.forum, telegram.people["alice"], telegram.mice)

    with pytest.raises(BadRequest, match="Topic_closed"):
        await bot.send_message(telegram.forum.id, "x", message_thread_id=telegram.mice)


async def test_nobody_is_written_to_who_did_not_begin(telegram: Telegram, bot: Bot) -> None:
    """A bot cannot write first; after /start it can."""
    carol = telegram.add_person("Carol")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(carol.id, "hi")

    await telegram.start(carol)

    assert "hi" == (await bot.send_message(carol.id, "hi")).text


async def test_a_blocked_bot_is_told(telegram: Telegram, bot: Bot) -> None:
    """What was shown before stays; nothing more can be said or changed."""
    bob = telegram.people["bob"]
    sent = await bot.send_message(bob.id, "hi")
    await telegram.block(bob)

    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(bob.id, "hello?")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.edit_message_text("hello?", bob.id, sent.message_id)


async def test_a_kicked_bot_is_told(telegram: Telegram, bot: Bot) -> None:
    """And a bot that left is told something else."""
    await telegram.kick_bot(telegram.club, telegram.people["alice"])
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(telegram.club.id, "hi")

    await bot.leave_chat(telegram.forum.id)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_chat_action(telegram.forum.id, "typing")


async def test_files_are_kept_byte_for_byte(telegram: Telegram, bot: Bot) -> None:
    """A picture that the bot sends can be downloaded again, by its id."""
    sent = await bot.send_photo(telegram.club.id, PIXEL, caption="a dot", filename="dot.png")
    (size,) = sent.photo
    again = await bot.send_document(telegram.club.id, b"\x00\xff" * 700, filename="noise.bin", caption="noise")

    assert (1, 1, "a dot") == (size.width, size.height, sent.caption)
    assert bytearray(PIXEL) == await (await bot.get_file(size.file_id)).download_as_bytearray()
    assert again.document is not None
    assert ("noise.bin", 1400) == (again.document.file_name, again.document.file_size)
    assert sent.photo == (await bot.send_photo(telegram.club.id, size.file_id)).photo


async def test_a_file_that_is_no_picture_is_no_photo(telegram: Telegram, bot: Bot) -> None:
    """Telegram looks into what it is given."""
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(telegram.club.id, b"not a picture")
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(telegram.club.id, PIXEL, caption="x" * 1025)


@pytest.mark.parametrize(
    ("picture", "complaint"),
    [
        (PIXEL[:-1], "Image_process_failed"),
        (PIXEL.replace(b"IDAT", b"IDOT"), "Image_process_failed"),
        (png(6_000, 4_001), "Photo_invalid_dimensions"),
        (png(21, 1), "Photo_invalid_dimensions"),
    ],
)
async def test_a_picture_is_whole_and_of_a_size(telegram: Telegram, bot: Bot, picture: bytes, complaint: str) -> None:
    """10,000 pixels in width and height together, and 20 times as wide as high."""
    with pytest.raises(BadRequest, match=complaint):
        await bot.send_photo(telegram.club.id, picture)
    await bot.send_photo(telegram.club.id, png(6_000, 4_000))


async def test_a_link_stands_below_a_message(telegram: Telegram, bot: Bot) -> None:
    """Over the web, or into Telegram itself."""
    row = [InlineKeyboardButton("Rules", url=url) for url in ("https://example.com/a?b", "tg://resolve?domain=owl")]
    sent = await bot.send_message(telegram.club.id, "x", reply_markup=InlineKeyboardMarkup([row]))

    assert sent.reply_markup is not None
    assert tuple(row) == sent.reply_markup.inline_keyboard[0]


async def test_a_persons_file_can_be_fetched(telegram: Telegram, bot: Bot) -> None:
    """Voice and documents come with an id; the bytes are downloaded apart."""
    alice = telegram.people["alice"]
    await telegram.send_voice(alice, alice, b"hoot", seconds=2)
    await telegram.send_document(alice, alice, "notes.txt", b"owl")
    await telegram.send_sticker(alice, alice)
    await telegram.send_photo(alice, alice, caption="look /here")

    voice, document, sticker, photo = [update.message for update in await bot.get_updates()]

    assert voice is not None
    assert voice.voice is not None
    assert bytearray(b"hoot") == await (await bot.get_file(voice.voice.file_id)).download_as_bytearray()
    assert document is not None
    assert document.document is not None
    assert sticker is not None
    assert sticker.sticker is not None
    assert photo is not None
    assert ("look /here", "bot_command") == (photo.caption, photo.caption_entities[0].type)


async def test_an_unknown_file_is_refused(bot: Bot) -> None:
    """A file id of another bot is worth nothing."""
    with pytest.raises(BadRequest, match="Wrong file_id or the file is temporarily unavailable"):
        await bot.get_file("AgAC")


async def test_messages_are_copied_and_forwarded(telegram: Telegram, bot: Bot) -> None:
    """A forwarded message tells who said it first, a copy does not."""
    asked = await telegram.say(telegram.club, telegram.people["bob"], "hoot")

    forwarded = await bot.forward_message(telegram.people["alice"].id, telegram.club.id, asked.id)
    copied = await bot.copy_message(telegram.people["alice"].id, telegram.club.id, asked.id)

    assert forwarded.forward_origin is not None
    assert "user" == forwarded.forward_origin.type
    assert ["hoot", "hoot"] == telegram.texts(telegram.people["alice"])
    assert copied.message_id == forwarded.message_id + 1


async def test_a_draft_shows_until_the_message_comes(telegram: Telegram, bot: Bot) -> None:
    """Drafts are for private chats; the empty one is "Thinking...\"."""
    alice = telegram.people["alice"]

    await bot.send_message_draft(alice.id, 1, "")
    assert "" == telegram.draft(alice)
    await bot.send_message_draft(alice.id, 1, "Once upon")
    assert "Once upon" == telegram.draft(alice)
    await bot.send_message(alice.id, "Once upon a time")
    assert telegram.draft(alice) is None

    with pytest.raises(BadRequest, match="Textdraft_peer_invalid"):
        await bot.send_message_draft(telegram.club.id, 1, "x")
    with pytest.raises(BadRequest, match="Random_id_invalid"):
        await bot.send_message_draft(alice.id, 0, "x")


async def test_only_known_chat_actions_are_taken(telegram: Telegram, bot: Bot) -> None:
    """ "thinking" is none."""
    assert await bot.send_chat_action(telegram.club.id, "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(telegram.club.id, "thinking")

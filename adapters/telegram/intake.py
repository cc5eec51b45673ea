"""What of a Telegram update is said to us: update -> Inbound | Call | None. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from telegram import CallbackQuery, Message, MessageEntity, Update, User

from bot.chat import Call, Inbound, Key, Origin
from bot.commands.book import Book

KINDS: Mapping[str, str] = {
    "animation": "an animation",
    "audio": "an audio file",
    "checklist": "a checklist",
    "contact": "a contact",
    "dice": "a die",
    "document": "a file",
    "game": "a game",
    "invoice": "an invoice",
    "location": "a location",
    "paid_media": "a picture for sale",
    "photo": "a picture",
    "poll": "a poll",
    "sticker": "a sticker",
    "story": "a story",
    "venue": "a place",
    "video": "a video",
    "video_note": "a video message",
    "voice": "a voice message",
}
"""What a message may carry that we cannot read, in a person's words."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are on Telegram."""

    id: int
    username: str


def read(update: Update, me: Me, book: Book, now: datetime) -> Inbound | Call | None:
    """Take up what an update says to us; None for others' talk, service messages, edits, posts of a channel."""
    if update.callback_query is not None:
        return _pressed(update.callback_query, me, book, now)
    message = update.message
    if message is None or message.from_user is None or (message.from_user.is_bot and message.sender_chat is None):
        return None
    return _command(message, me, book) or _question(message, me)


def _question(message: Message, me: Me) -> Inbound | None:
    text, unreadable = _text(message), _unreadable(message)
    if not text and (not unreadable or message.media_group_id):
        return None  # a service message, or one more picture of an album
    if not _is_private(message) and not _is_for_us(message, me):
        return None
    return Inbound(
        _origin(message, me, event=f"m{message.message_id}"),
        _without_mention(message, text, me),
        message=str(message.message_id),
        reply_to=str(answered.message_id) if (answered := _answered(message)) else "",
        quote=_quote(message),
        unreadable=unreadable,
    )


def _text(message: Message) -> str:
    return message.text or message.caption or ""


def _unreadable(message: Message) -> tuple[str, ...]:
    """What it carries that we cannot read; an animation is also a document, and is named once."""
    return tuple(words for kind, words in KINDS.items() if getattr(message, kind, None))[:1]


def _command(message: Message, me: Me, book: Book) -> Inbound | Call | None:
    """The command that a message begins with, if it is for us."""
    text, entities = _text(message), {**message.parse_entities(), **message.parse_caption_entities()}
    commands = (entity for entity in entities if entity.type == MessageEntity.BOT_COMMAND)
    entity = next((command for command in commands if command.offset == 0), None)
    if entity is None:
        return None
    name, _, bot = entities[entity].removeprefix("/").lower().partition("@")
    addressed = bot == me.username.lower()
    if (bot and not addressed) or (not book.knows(name) and not addressed and not _is_private(message)):
        return None
    rest = text[len(entities[entity]) :].strip()
    answered = _answered(message)
    reply_to = str(answered.message_id) if answered else ""
    origin = _origin(message, me, event=f"m{message.message_id}")
    if name == "ask":
        return Inbound(origin, rest, str(message.message_id), reply_to, _quote(message), _unreadable(message))
    return Call(origin, name, book.arguments(name, rest), reply_to=reply_to)


def _pressed(query: CallbackQuery, me: Me, book: Book, now: datetime) -> Call | None:
    """A pressed button. Telegram does not say when; the date is that of the message below which it stands."""
    command, _, argument = (query.data or "").partition(":")
    message = query.message
    if not book.knows(command) or not isinstance(message, Message):
        return None
    key = _key(message, me, str(query.from_user.id))
    address = {**_address(message), "callback": str(query.id)}
    origin = Origin(key, f"c{query.id}", _name(query.from_user), now, address)
    return Call(origin, command, {"turn": argument}, pressed=True)


def _origin(message: Message, me: Me, event: str) -> Origin:
    sender = message.sender_chat
    assert message.from_user is not None
    user, name = (sender.id, str(sender.title or "")) if sender else (message.from_user.id, _name(message.from_user))
    return Origin(_key(message, me, str(user)), event, name, _date(message), _address(message))


def _key(message: Message, me: Me, user: str) -> Key:
    chat = str(message.chat.id)
    return Key("telegram", str(me.id), "" if _is_private(message) else chat, chat, _topic(message), user)


def _address(message: Message) -> dict[str, str]:
    return {"chat": str(message.chat.id), "topic": _topic(message), "reply_to": str(message.message_id)}


def _topic(message: Message) -> str:
    """The forum topic; plain groups use the same field for reply threads, which are no topics."""
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _is_private(message: Message) -> bool:
    return message.chat.type == "private"


def _is_for_us(message: Message, me: Me) -> bool:
    answered = _answered(message)
    to_us = answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    return to_us or bool(_mentions(message, me))


def _mentions(message: Message, me: Me) -> list[str]:
    """How the message names us, as it stands in the text."""
    found = {**message.parse_entities(), **message.parse_caption_entities()}
    return [
        text
        for entity, text in found.items()
        if (entity.type == MessageEntity.MENTION and text.lower() == f"@{me.username.lower()}")
        or (entity.type == MessageEntity.TEXT_MENTION and entity.user is not None and entity.user.id == me.id)
    ]


def _without_mention(message: Message, text: str, me: Me) -> str:
    """The text without the mention that it begins or ends with; one in the middle belongs to the sentence."""
    for mention in _mentions(message, me):
        text = text.strip().removeprefix(mention).removesuffix(mention)
    return text.strip()


def _answered(message: Message) -> Message | None:
    """The message that this one answers. In a topic every message is a reply to the topic's opening."""
    answered = message.reply_to_message
    if answered is None or (message.is_topic_message and answered.message_id == message.message_thread_id):
        return None
    return answered


def _quote(message: Message) -> str:
    """What the message answers, in words: the part that its author marked, or the whole."""
    if message.quote is not None:
        return str(message.quote.text)
    answered = _answered(message)
    return str(answered.text or answered.caption or "") if answered else ""


def _date(message: Message) -> datetime:
    """When it was sent. Raises ValueError where the library lets null pass for a date."""
    if not isinstance(message.date, datetime):
        raise ValueError("a message without a date")
    return message.date


def _name(user: User) -> str:
    """As text, whatever was sent: the library checks no types, and what is stored must be readable again."""
    return str(user.full_name)

"""What of a Telegram update is said to us: update -> Inbound | Call | None."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from telegram import CallbackQuery, Message, MessageEntity, Update, User

from adapters.telegram.moved import name_of
from adapters.telegram.names import Names
from bot.chat import Call, Inbound, Key, Origin
from bot.commands.book import Book
from bot.commands.spec import Param
from bot.keys import found_in
from bot.spoken import overheard

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
    """Who we are on Telegram, and by the id of each supergroup that was a group, the id that this had."""

    id: int
    username: str
    firsts: Mapping[int, int] = field(default_factory=dict)

    def name(self, chat: int) -> str:
        """The id under which we know a chat: its first, for ever."""
        return str(self.firsts.get(chat, chat))


def read(update: Update, me: Me, book: Book, now: datetime, names: Names | None = None) -> Inbound | Call | None:
    """
    Take up what an update says to us; None for others' talk, service messages, edits, posts of a channel.

    Args:
        names: Who was heard so far, for arguments that name somebody.
    """
    if update.callback_query is not None:
        return _pressed(update.callback_query, me, book, now)
    message = update.message
    if message is None or message.from_user is None or (message.from_user.is_bot and message.sender_chat is None):
        return None
    return _command(message, me, book, names or Names()) or _question(message, me)


def leaks(update: Update, me: Me, said: Inbound | Call | None) -> Iterator[Call]:
    """
    What is to be done about keys that others can read: in a message that was not for us, an edited one, or the one that
    it answers, which we may not have been shown before.

    Args:
        said: What `read` took up. Keys in that are heeded along with it.
    """
    message = update.edited_message or update.message
    if message is None or _is_private(message):
        return
    if not _has_key(said) and (leak := _leak(message, me)):
        yield leak
    if message.reply_to_message is not None and (leak := _leak(message.reply_to_message, me)):
        yield leak


def _leak(message: Message, me: Me) -> Call | None:
    if message.from_user is None or message.from_user.id == me.id:
        return None
    edited = f".{message.edit_date.timestamp():.0f}" if isinstance(message.edit_date, datetime) else ""
    return overheard(_text(message), lambda: _origin(message, me, f"k{_id(message, me)}{edited}"))


def _has_key(said: Inbound | Call | None) -> bool:
    texts = [said.text] if isinstance(said, Inbound) else said.arguments.values() if said else []
    return any(any(found_in(text)) for text in texts)


def _question(message: Message, me: Me) -> Inbound | None:
    text, unreadable = _text(message), _unreadable(message)
    if not text and (not unreadable or message.media_group_id):
        return None  # a service message, or one more picture of an album
    if not _is_private(message) and not _is_for_us(message, me):
        return None
    return Inbound(
        _origin(message, me, event=f"m{_id(message, me)}"),
        _without_mention(message, text, me),
        message=_id(message, me),
        reply_to=_id(answered, me) if (answered := _answered(message)) else "",
        quote=_quote(message),
        unreadable=unreadable,
    )


def _text(message: Message) -> str:
    return message.text or message.caption or ""


def _unreadable(message: Message) -> tuple[str, ...]:
    """What it carries that we cannot read; an animation is also a document, and is named once."""
    return tuple(words for kind, words in KINDS.items() if getattr(message, kind, None))[:1]


def _command(message: Message, me: Me, book: Book, names: Names) -> Inbound | Call | None:
    """The command that a message begins with, if it is for us."""
    text, entities = _text(message), {**message.parse_entities(), **message.parse_caption_entities()}
    commands = (entity for entity in entities if entity.type == MessageEntity.BOT_COMMAND)
    entity = next((command for command in commands if command.offset == 0), None)
    if entity is None:
        return None
    word, _, bot = entities[entity].removeprefix("/").lower().partition("@")
    addressed = bot == me.username.lower()
    if (bot and not addressed) or (not book.begins(word) and not addressed and not _is_private(message)):
        return None
    behind = len(entities[entity])
    answered = _answered(message)
    reply_to = _id(answered, me) if answered else ""
    origin = _origin(message, me, event=f"m{_id(message, me)}")
    if word == "ask":
        rest = text[behind:].strip()
        return Inbound(origin, rest, _id(message, me), reply_to, _quote(message), _unreadable(message))
    name, rest = book.meant(word, _with_numbers(message, text)[behind:].strip())
    return Call(origin, name, _arguments(message, me, book, name, rest, names), reply_to=reply_to)


def _with_numbers(message: Message, text: str) -> str:
    """The text with "@7000000101" where it names somebody who has no username."""
    units = text.encode("utf-16-le", "surrogatepass")
    entities = {**message.parse_entities(), **message.parse_caption_entities()}
    for entity in sorted(entities, key=lambda entity: -entity.offset):
        if entity.type == MessageEntity.TEXT_MENTION and entity.user is not None:
            number = f"@{entity.user.id}".encode("utf-16-le")
            units = units[: 2 * entity.offset] + number + units[2 * (entity.offset + entity.length) :]
    return units.decode("utf-16-le", "surrogatepass")


def _arguments(message: Message, me: Me, book: Book, name: str, rest: str, names: Names) -> dict[str, str]:
    """What a command was given, users and channels as ids where these can be known."""
    params = book.find(name).params if book.knows(name) else ()
    answered = _author(_answered(message), me)
    given = book.arguments(name, rest, replied=bool(answered))
    for param in params:
        if param.kind == "channel" and given.get(param.name, "").lower() == "here":
            given[param.name] = me.name(message.chat.id)
        elif param.kind == "user" and param.name in given:
            given[param.name] = _user(given[param.name], names)
    unnamed = _first_user(params)
    return {unnamed: answered, **given} if unnamed and answered else given


def _first_user(params: Sequence[Param]) -> str:
    """The parameter that is the author of the message replied to, unless somebody else is named."""
    return next((param.name for param in params if param.kind == "user"), "")


def _user(named: str, names: Names) -> str:
    """The id of somebody who was named by number, by mention or by username; what was written, if nobody knows."""
    name = named.removeprefix("@")
    return name if name.isascii() and name.isdecimal() else str(names.id_of(name) or named)


def _author(message: Message | None, me: Me) -> str:
    """Who wrote a message: "" for us and other bots, of whom no command speaks."""
    if message is None or message.from_user is None:
        return ""
    if message.sender_chat is not None:
        return me.name(message.sender_chat.id)
    return "" if message.from_user.is_bot or message.from_user.id == me.id else str(message.from_user.id)


def _pressed(query: CallbackQuery, me: Me, book: Book, now: datetime) -> Call | None:
    """A pressed button. Telegram does not say when; the date is that of the message below which it stands."""
    command, _, argument = (query.data or "").partition(":")
    message = query.message
    if not book.knows(command) or not isinstance(message, Message):
        return None
    key = _key(message, me, str(query.from_user.id))
    address = {**_address(message, me), "callback": str(query.id)}
    origin = Origin(key, f"c{query.id}", _name(query.from_user), now, address)
    return Call(origin, command, {"turn": argument}, pressed=True)


def _origin(message: Message, me: Me, event: str) -> Origin:
    sender = message.sender_chat
    assert message.from_user is not None
    id, name = (sender.id, str(sender.title or "")) if sender else (message.from_user.id, _name(message.from_user))
    return Origin(_key(message, me, me.name(id)), event, name, _date(message), _address(message, me))


def _key(message: Message, me: Me, user: str) -> Key:
    chat = me.name(message.chat.id)
    return Key("telegram", str(me.id), "" if _is_private(message) else chat, chat, _topic(message), user)


def _address(message: Message, me: Me) -> dict[str, str]:
    """Where to answer; `first` is there only if the chat had another id before."""
    chat = message.chat.id
    address = {"chat": str(chat), "topic": _topic(message), "reply_to": str(message.message_id)}
    return {**address, "first": me.name(chat)} if chat in me.firsts else address


def _id(message: Message, me: Me) -> str:
    """What we call a message: its id, which is not enough in a chat whose ids began anew."""
    moved = message.chat.id in me.firsts
    return name_of(message.chat.id, message.message_id) if moved else str(message.message_id)


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

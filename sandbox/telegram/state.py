"""What there is in this Telegram: people, chats, topics, messages, files. Who may do what is decided elsewhere."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

Status = Literal["creator", "administrator", "member", "left", "kicked"]

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)
"""core.telegram.org/bots/api#chatmemberadministrator, those of a supergroup."""


@dataclass(frozen=True, slots=True)
class Person:
    """An account: of a person, or of a bot."""

    id: int
    first_name: str
    username: str = ""
    language: str = "en"
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """What somebody is in a chat; in a private chat, "kicked" is a bot whose user has blocked it."""

    person: Person
    status: Status
    rights: frozenset[str] = frozenset()

    @property
    def inside(self) -> bool:
        return self.status in ("creator", "administrator", "member")

    @property
    def leads(self) -> bool:
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        return self.status == "creator" or right in self.rights


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is that of the service message that opened it."""

    id: int
    name: str
    color: int
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message as it stands now.

    Args:
        date: Unix time, seconds; `edited` likewise, 0 when it never was.
        text: The text, or the caption of `media`.
        entities: As core.telegram.org/bots/api#messageentity, offsets in UTF-16 units.
        media: The fields that a file adds: {"photo": [...]}, {"document": {...}} and so on.
        service: The fields of a service message: {"pinned_message": {...}} and so on.
        keyboard: The inline keyboard, when it has one.
        reply_to: The id of the message in the same chat that this one answers, 0 for none.
        thread: The topic, or outside of forums the first message of the reply chain; 0 for none.
        meant_for_bot: A message that privacy mode lets through: a reply to it is let through as well.
    """

    chat: int
    id: int
    sender: Person
    date: int
    text: str = ""
    entities: tuple[Json, ...] = ()
    media: Json = field(default_factory=dict)
    service: Json = field(default_factory=dict)
    keyboard: Json | None = None
    reply_to: int = 0
    quote: Json | None = None
    thread: int = 0
    in_topic: bool = False
    edited: int = 0
    origin: Json | None = None
    protected: bool = False
    preview: Json | None = None
    reactions: tuple[str, ...] = ()
    meant_for_bot: bool = False


@dataclass(slots=True)
class Chat:
    """
    A private chat, whose id is its person's, a group, or a supergroup.

    Args:
        upgraded_to: The id of the supergroup that a group has become, 0 for none.
        opened: Whether the person of a private chat ever wrote; before that a bot may not write there.
        last_bot: The id of the bot that wrote last: it gets the commands that name no bot.
    """

    id: int
    type: Literal["private", "group", "supergroup"]
    title: str = ""
    is_forum: bool = False
    opened: bool = True
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: int = 0
    last_bot: int = 0
    upgraded_to: int = 0

    @property
    def private(self) -> bool:
        return self.type == "private"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that somebody sent. `path` is where it is downloaded, below the file address."""

    id: str
    unique_id: str
    path: str
    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Toast:
    """What a person sees after pressing a button: a notification, or an alert to be closed."""

    text: str
    alert: bool
    url: str = ""

"""What there is in a Discord: people, guilds, channels, messages, commands, interactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any, Literal

from sandbox.discord.snowflakes import born

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot."""

    id: int
    name: str
    bot: bool = False

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(frozen=True, slots=True)
class Role:
    """`permissions` is a bit set; the role whose id is the guild's is @everyone."""

    id: int
    name: str
    permissions: int
    position: int = 0
    bot: int | None = None
    """The bot that this role came with, if any: nobody else can have it."""


@dataclass(slots=True)
class Member:
    user: User
    joined: datetime
    roles: tuple[int, ...] = ()
    nick: str | None = None


@dataclass(slots=True)
class Guild:
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


class Kind(IntEnum):
    """Types of channel, docs.discord.com/developers/resources/channel#channel-object-channel-types."""

    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies one role or one user, as bit sets."""

    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Thread:
    """What a channel has more when it is a thread. `minutes` of silence archive it."""

    parent_id: int
    owner_id: int
    minutes: int = 4320
    archived: bool = False
    locked: bool = False
    members: set[int] = field(default_factory=set)
    sent: int = 0


@dataclass(slots=True)
class Channel:
    """A text channel, a thread or a DM. `people` are the two of a DM."""

    id: int
    kind: Kind
    name: str = ""
    guild_id: int | None = None
    position: int = 0
    people: tuple[int, ...] = ()
    thread: Thread | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None
    nonces: dict[tuple[int, str], tuple[int, float]] = field(default_factory=dict)
    """(author, nonce) -> (message, when on the monotonic clock)."""


class Flag(IntFlag):
    """Message flags, docs.discord.com/developers/resources/message#message-object-message-flags."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_VOICE_MESSAGE = 1 << 13
    IS_COMPONENTS_V2 = 1 << 15


NO_FLAGS = Flag(0)


class Type(IntEnum):
    """Types of message, docs.discord.com/developers/resources/message#message-object-message-types."""

    DEFAULT = 0
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21
    CONTEXT_MENU_COMMAND = 23


SYSTEM = (Type.THREAD_CREATED, Type.THREAD_STARTER_MESSAGE)
"""Messages that nobody wrote: nobody can reply to them or edit them."""


@dataclass(frozen=True, slots=True)
class File:
    """Something a person sends along; a voice message is a file with a duration."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"
    description: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    channel_id: int
    file: File


@dataclass(frozen=True, slots=True)
class Reference:
    """The message that a message answers."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message as it stands; an edit puts a newer one in its place.

    `content` is verbatim what was given: what others are shown of it has no spaces at its ends, as on Discord.
    `only_for` is the one person who sees an ephemeral message; `via` is the interaction that it came from. `notified`
    are those whose client called for their attention when it was posted; whom an edit mentions learns nothing of it.
    """

    id: int
    channel_id: int
    author: User
    content: str = ""
    type: Type = Type.DEFAULT
    edited: datetime | None = None
    flags: Flag = NO_FLAGS
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    stickers: tuple[str, ...] = ()
    mentions: tuple[int, ...] = ()
    mention_roles: tuple[int, ...] = ()
    mention_everyone: bool = False
    notified: tuple[int, ...] = ()
    reference: Reference | None = None
    reactions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tts: bool = False
    nonce: str | int | None = None
    only_for: int | None = None
    via: int | None = None
    thread_id: int | None = None

    @property
    def at(self) -> datetime:
        return born(self.id)

    @property
    def ephemeral(self) -> bool:
        return Flag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        """Whether the app is still "thinking"."""
        return Flag.LOADING in self.flags

    @property
    def controls(self) -> tuple[Json, ...]:
        """Everything in its components, at any depth, that a person can press or choose from."""
        return tuple(part for part in walk(self.components) if part["type"] in _CONTROLS)


_CONTROLS = frozenset({2, 3, 5, 6, 7, 8})
"""Buttons and the five kinds of select menu, docs.discord.com/developers/components/reference."""


def walk(components: tuple[Json, ...] | list[Json]) -> Iterator[Json]:
    """Every component at every depth, outer before inner."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        for name in ("accessory", "component"):
            if name in component:
                yield from walk([component[name]])


class Asking(IntEnum):
    """Types of interaction, docs.discord.com/developers/interactions/receiving-and-responding."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


@dataclass(slots=True)
class Interaction:
    """
    Something that a person asked of the bot, and what became of it.

    `at` is on the monotonic clock. `answer` is the type of the bot's callback. `original` is the message that
    `@original` names, `made` are all the messages that came from this. `source` is the message that carried the
    button; `earlier` the interaction that showed the modal.
    """

    id: int
    token: str
    kind: Asking
    user: User
    channel_id: int
    guild_id: int | None
    data: Json
    at: float
    command: str = ""
    source: Message | None = None
    earlier: Interaction | None = None
    answer: int | None = None
    failed: bool = False
    original: int | None = None
    made: list[int] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None

    @property
    def state(self) -> Literal["pending", "answered", "failed"]:
        if self.answer is not None:
            return "answered"
        return "failed" if self.failed else "pending"


@dataclass(slots=True)
class Application:
    """The bot's registration. The three privileged intents are switched on in the developer portal."""

    id: int
    name: str
    owner: User
    bot: User
    token: str
    message_content: bool = True
    members: bool = True
    presences: bool = False

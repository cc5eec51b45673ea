"""The nouns of a chat: where, who, what was said. No platform's words in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.access import Rank

ROOT = "root"
"""The parent of a first question: the trunk's foot, before anything was said."""

HEAD = "head"
"""In place of a parent: wherever the conversation stands when the turn begins."""


def sendable(text: str) -> str:
    """A text whose every character can be sent: halves of a surrogate pair are joined, or replaced when alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class Scope(StrEnum):
    """Whose conversation it is."""

    ROOM = "room"
    """Everybody in the channel, thread or topic shares one; each line carries its author."""
    PERSONAL = "personal"
    """One for each user in each channel, thread or topic."""
    REPLY = "reply"
    """The reply chain is the conversation; a message that replies to nothing starts another."""


@dataclass(frozen=True, slots=True)
class Key:
    """
    Where something was said, and by whom. All ids are the platform's own, as text.

    `community` is a Discord guild or a Telegram group; "" in a private chat. `thread` is a Discord thread or a
    Telegram topic; "" outside one. A Discord thread keeps its parent as `channel`.
    """

    platform: str
    bot: str
    community: str
    channel: str
    thread: str
    user: str

    @property
    def room(self) -> str:
        """The channel, whoever speaks: everything of one channel is kept together under this name."""
        return f"{self.platform}:{self.bot}:{self.channel}"

    @property
    def place(self) -> str:
        """The channel, or the thread or topic in it."""
        return f"{self.room}/{self.thread or '-'}"

    @property
    def private(self) -> bool:
        return not self.community

    @property
    def person(self) -> str:
        """Whoever speaks, the same wherever it is."""
        return f"{self.platform}:{self.user}"

    @property
    def club(self) -> str:
        """The community under a name that no other platform's has; "" in private."""
        return f"{self.platform}:{self.community}" if self.community else ""

    def session(self, scope: Scope, chain: str = "") -> str:
        """
        Name the conversation that this belongs to.

        Args:
            chain: For `Scope.REPLY`, the id of the message that began the chain.
        """
        if self.private or scope is Scope.PERSONAL:
            return f"{self.place}/{self.user}"
        if scope is Scope.REPLY:
            return f"{self.place}/re.{chain}"
        return f"{self.place}/*"


@dataclass(frozen=True, slots=True)
class Origin:
    """
    One event of a platform: who did it, where, when, and how to answer.

    `event` is the platform's id for it and never comes twice for different events of one channel. `address` is
    the platform's own: what its outbox needs to answer there, even after a restart.
    """

    key: Key
    event: str
    author: str
    at: datetime
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inbound:
    """
    Something said to us.

    `message` is the id of the message on the platform, "" when there is none to reply to (a slash command).
    `reply_to` is the id of the message that it answers, and `quote` what that message said.
    `unreadable` names in plain words what came along that we cannot read: "a sticker", "a voice message".
    `schedule` is the id of what asks it at a set time, in its author's name; `origin.at` is then when that was due.
    """

    origin: Origin
    text: str
    message: str = ""
    reply_to: str = ""
    quote: str = ""
    unreadable: tuple[str, ...] = ()
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """
    A command given to us, by name or by button.

    A button's argument is `arguments["turn"]`, and `pressed` is set. `reply_to` is the id of the message that the
    command answers. `rank` is what the platform said of the caller along with the event, None when it must be asked;
    `roles` are the platform's ids of the roles that the caller has in the community.
    """

    origin: Origin
    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    pressed: bool = False
    reply_to: str = ""
    rank: Rank | None = None
    roles: tuple[str, ...] = ()


Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a conversation's tree: who said what, after which message. `turn` is the turn that it came from."""

    id: str
    parent: str
    role: Role
    text: str
    author: str = ""
    turn: str = ""
    at: datetime | None = None

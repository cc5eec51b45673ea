"""What can happen. The gateway tells the bot of it, the feed tells the people."""

from dataclasses import dataclass

from sandbox.discord.state import Channel, Guild, Interaction, Member, Message, User


@dataclass(frozen=True, slots=True)
class MessagePosted:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageRemoved:
    message: Message


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction set, or taken back."""

    message: Message
    user: User
    emoji: str
    added: bool


@dataclass(frozen=True, slots=True)
class Typing:
    channel: Channel
    user: User


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """Its permissions changed, or a thread was archived; `visible` is whether the bot could see it before."""

    channel: Channel
    visible: bool


@dataclass(frozen=True, slots=True)
class ChannelRemoved:
    channel: Channel


@dataclass(frozen=True, slots=True)
class GuildJoined:
    guild: Guild


@dataclass(frozen=True, slots=True)
class GuildLeft:
    guild: Guild


@dataclass(frozen=True, slots=True)
class MemberJoined:
    guild: Guild
    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    guild: Guild
    user: User


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, a press, a keystroke in an option, a modal sent off."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class Answered:
    """The bot acknowledged an interaction."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The bot did not acknowledge an interaction in time."""

    interaction: Interaction


@dataclass(frozen=True, slots=True)
class CommandsChanged:
    """The bot registered other commands. `guild_id` is None for the global ones."""

    guild_id: int | None


@dataclass(frozen=True, slots=True)
class Presence:
    """The bot came online or went away."""

    online: bool


Event = (
    MessagePosted
    | MessageEdited
    | MessageRemoved
    | Reacted
    | Typing
    | ChannelOpened
    | ChannelChanged
    | ChannelRemoved
    | GuildJoined
    | GuildLeft
    | MemberJoined
    | MemberLeft
    | Asked
    | Answered
    | Unanswered
    | CommandsChanged
    | Presence
)

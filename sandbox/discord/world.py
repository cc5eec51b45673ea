"""One Discord: all that there is, found by id, and the one place from which everybody learns what happens."""

import asyncio
import secrets
from collections.abc import Callable

from sandbox.discord.changes import Changes
from sandbox.discord.events import Event
from sandbox.discord.permissions import IN_DM, NONE, Permission, effective
from sandbox.discord.rules import Rules
from sandbox.discord.snowflakes import Snowflakes
from sandbox.discord.state import (
    Application,
    Attachment,
    Channel,
    Guild,
    Interaction,
    Json,
    Kind,
    Message,
    User,
)


class World:
    """
    Everything that a Discord with one bot in it keeps.

    `listeners` hear of every event in the order in which they were added. `commands` are the bot's, by guild
    (None: global) and id. `blocked` are the users who blocked the bot.
    """

    def __init__(self, rules: Rules, bot: str, token: str) -> None:
        self.rules = rules
        self.snowflakes = Snowflakes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.attachments: dict[int, Attachment] = {}
        self.commands: dict[int | None, dict[int, Json]] = {None: {}}
        self.creates: dict[int | None, int] = {}
        self.interactions: dict[int, Interaction] = {}
        self.tokens: dict[str, Interaction] = {}
        self.blocked: set[int] = set()
        self.application = self._register(bot, token)
        self.files_url = ""
        self.changes = Changes()
        self.listeners: list[Callable[[Event], None]] = []
        self._timers: set[asyncio.TimerHandle] = set()

    def _register(self, bot: str, token: str) -> Application:
        """A new application: its bot user has the same id, as all of the last years have."""
        owner = self.add_user("keeper")
        user = self.add_user(bot, bot=True)
        return Application(user.id, bot, owner, user, token)

    def add_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.snowflakes.next(), name, bot)
        self.users[user.id] = user
        return user

    @property
    def bot(self) -> User:
        return self.application.bot

    def reset_token(self) -> None:
        """What Discord does to a bot that identifies too often in a day."""
        self.application.token = secrets.token_urlsafe(24)

    def emit(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)
        self.changes.notify()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while, unless the world ends before."""

        def done() -> None:
            self._timers.discard(handle)
            act()

        handle = asyncio.get_running_loop().call_later(seconds, done)
        self._timers.add(handle)

    def end(self) -> None:
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()

    def grounds(self, channel: Channel) -> Channel:
        """The channel whose permissions count: a thread's are its parent's."""
        return channel if channel.thread is None else self.channels[channel.thread.parent_id]

    def permissions(self, user: int, channel: Channel) -> Permission:
        """What a user may do in a channel; nothing in one that the user cannot see."""
        if channel.guild_id is None:
            return IN_DM if user in channel.people else NONE
        guild = self.guilds.get(channel.guild_id)
        if guild is None:
            return NONE
        allowed = effective(guild, self.grounds(channel), user)
        return allowed if _let_in(channel, user, allowed) else NONE

    def sees(self, user: int, channel: Channel) -> bool:
        return Permission.VIEW_CHANNEL in self.permissions(user, channel)

    def readable(self, message: Message) -> bool:
        """
        Whether the bot may read what a message says without the Message Content intent.

        Source: docs.discord.com/developers/events/gateway#message-content-intent
        """
        channel = self.channels[message.channel_id]
        return message.author == self.bot or channel.kind is Kind.DM or self.bot.id in message.mentions

    def message(self, reference: tuple[int, int]) -> Message | None:
        """The message of that channel and id, if both are still there."""
        channel = self.channels.get(reference[0])
        return None if channel is None else channel.messages.get(reference[1])

    def dm(self, user: User) -> Channel:
        """The DM of the bot with a user; there is one from the moment that somebody looks."""
        people = (self.bot.id, user.id)
        for channel in self.channels.values():
            if channel.people == people:
                return channel
        channel = Channel(self.snowflakes.next(), Kind.DM, people=people)
        self.channels[channel.id] = channel
        return channel

    def mutual_guild(self, user: User) -> bool:
        """Whether the bot and a user are members of one guild; without, neither can write to the other."""
        return any(self.bot.id in guild.members and user.id in guild.members for guild in self.guilds.values())


def _let_in(channel: Channel, user: int, allowed: Permission) -> bool:
    """A private thread is seen by its members and by those who manage threads."""
    if channel.kind is not Kind.PRIVATE_THREAD or channel.thread is None:
        return True
    return user in channel.thread.members or Permission.MANAGE_THREADS in allowed

"""A whole Discord on loopback, to which a real client library connects, and the people in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from sandbox.discord import clients, feed, people, places
from sandbox.discord.counts import Counts
from sandbox.discord.feed import Feed
from sandbox.discord.gateway import Gateway
from sandbox.discord.limits import Limits
from sandbox.discord.modals import Values
from sandbox.discord.permissions import Permission
from sandbox.discord.rest import BASE, Rest
from sandbox.discord.rules import Rules
from sandbox.discord.state import Application, Channel, File, Guild, Interaction, Json, Kind, Message, User
from sandbox.discord.world import World
from sandbox.faults import Faults
from sandbox.traffic import Traffic

Who = User | str
"""A user, or the name of one."""

Where = Channel | int | str
"""A channel, its id, or its name in the first guild that has one so called."""

Which = Message | int


class Discord:
    """
    One Discord with one bot in it, The Owl Club with `general` and `random`, Alice who is a steward and Bob who is not.

    Use it as an async context manager, or `start` and `stop` it; stopped and started again it is the same world on
    the same port. `people` are by name in lower case. What a person's client would not do raises
    `sandbox.discord.clients.Impossible`. Everything a test may want to turn or to count hangs on `rules`, `limits`,
    `counts`, `faults`, `traffic`, `gateway` and `application`.
    """

    def __init__(self, port: int = 0, *, bot: str = "Parley", token: str = "sandbox-bot-token") -> None:
        self.port = port
        self.rules = Rules()
        self.counts = Counts()
        self.limits = Limits(self.rules)
        self.faults = Faults()
        self.traffic = Traffic()
        self.world = World(self.rules, bot, token)
        self.gateway = Gateway(self.world, self.counts)
        self.people: dict[str, User] = {}
        self._feed = Feed(self.world)
        self._runner: web.AppRunner | None = None
        self.guild = self.add_guild("The Owl Club")
        for name in ("general", "random"):
            self.add_channel(name)
        self.add_person("Alice", steward=True)
        self.add_person("Bob")

    async def start(self) -> None:
        """Listen on 127.0.0.1, on a free port if none was given."""
        rest = Rest(self.world, self.gateway, self.limits, self.faults, self.traffic, self.counts)
        self._runner = web.AppRunner(rest.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.files_url = f"http://127.0.0.1:{self.port}"
        self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        """End all connections. The world stays as it is."""
        self.gateway.thaw()
        await self.gateway.drop()
        self.world.end()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def api_base(self) -> str:
        """What `discord.http.Route.BASE` is to be."""
        return f"http://127.0.0.1:{self.port}{BASE}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    @property
    def application(self) -> Application:
        """The bot's registration: its token, and which privileged intents are switched on."""
        return self.world.application

    @property
    def bot(self) -> User:
        return self.world.bot

    # The world.

    def add_guild(self, name: str, *, number: int | None = None) -> Guild:
        """A guild with the bot in it. `number` is its id, for a test that wants it on a certain shard."""
        guild = places.add_guild(self.world, name, number)
        places.welcome(self.world, guild)
        return guild

    def add_channel(self, name: str, guild: Guild | None = None, *, private: bool = False) -> Channel:
        """A text channel; a private one is seen by stewards only, and not by the bot."""
        return places.add_channel(self.world, guild or self.guild, name, private=private)

    def add_person(self, name: str, guild: Guild | None = None, *, steward: bool = False, bot: bool = False) -> User:
        """Somebody new in a guild, or somebody known who joins another; `bot` makes it another bot."""
        person = self.people.get(name.lower()) or self.world.add_user(name, bot=bot)
        self.people[name.lower()] = person
        places.join(self.world, guild or self.guild, person, steward=steward)
        return person

    def leave(self, who: Who, guild: Guild | None = None) -> None:
        """Somebody leaves a guild."""
        places.leave(self.world, guild or self.guild, self.person(who))

    def allow(self, where: Where, permissions: Permission, who: Who | None = None) -> None:
        """Allow somebody something in a channel, the bot if nobody is named."""
        self._set(where, permissions, who, allowed=True)

    def deny(self, where: Where, permissions: Permission, who: Who | None = None) -> None:
        self._set(where, permissions, who, allowed=False)

    def _set(self, where: Where, permissions: Permission, who: Who | None, *, allowed: bool) -> None:
        user = self.bot if who is None else self.person(who)
        places.set_permissions(self.world, self.channel(where), user, permissions, allowed=allowed)

    def remove_channel(self, where: Where) -> None:
        places.remove_channel(self.world, self.channel(where))

    def archive(self, where: Where, *, locked: bool = False) -> None:
        """Archive a thread."""
        places.archive(self.world, self.channel(where), locked=locked)

    def kick_bot(self, guild: Guild | None = None) -> None:
        places.bot_leaves(self.world, guild or self.guild)

    def invite_bot(self, guild: Guild | None = None) -> None:
        places.bot_returns(self.world, guild or self.guild)

    def block_bot(self, who: Who) -> None:
        """From now on the bot cannot write to that person."""
        self.world.blocked.add(self.person(who).id)

    def unblock_bot(self, who: Who) -> None:
        self.world.blocked.discard(self.person(who).id)

    # What people do.

    async def say(
        self,
        where: Where,
        who: Who,
        text: str,
        reply_to: Which | None = None,
        *,
        files: Sequence[File] = (),
        stickers: Sequence[str] = (),
        ping: bool = True,
    ) -> Message:
        """Write something. A voice message is a file with `seconds`."""
        people.check_length(text)
        channel = self.channel(where)
        answered = None if reply_to is None else self.message(channel, reply_to)
        return people.say(self.world, channel, self.person(who), text, answered, files, stickers, ping)

    async def edit(self, where: Where, who: Who, message: Which, text: str) -> Message:
        return people.edit(self.world, self.person(who), self.message(where, message), text)

    async def delete(self, where: Where, who: Who, message: Which) -> None:
        people.delete(self.world, self.person(who), self.message(where, message))

    async def react(self, where: Where, who: Who, message: Which, emoji: str, *, back: bool = False) -> None:
        """Set a reaction, or take it back."""
        people.react(self.world, self.person(who), self.message(where, message), emoji, back=back)

    async def unfurl(self, where: Where, message: Which, title: str = "A page") -> Message:
        """Show the preview of a link in a message, as Discord does by itself."""
        return people.unfurl(self.world, self.message(where, message), title)

    async def begin_typing(self, where: Where, who: Who) -> None:
        people.begin_typing(self.world, self.channel(where), self.person(who))

    async def open_thread(
        self, where: Where, who: Who, name: str, message: Which | None = None, *, private: bool = False
    ) -> Channel:
        """Open a thread at a message, or at none."""
        channel = self.channel(where)
        start = None if message is None else self.message(channel, message)
        return people.open_thread(self.world, channel, self.person(who), name, start, private=private)

    async def slash(
        self, where: Where, who: Who, command: str, options: Mapping[str, Any] | None = None
    ) -> Interaction:
        """
        Send off a slash command; sub-commands stand after its name ("key issue").

        Options take str, int, float, bool, `User`, `Channel`, `Role` or `File`, as the command was registered.
        """
        return people.slash(self.world, self.channel(where), self.person(who), command, options or {})

    async def pick(self, where: Where, who: Who, command: str, target: User | Message) -> Interaction:
        """Pick a command from the menu of a person or of a message."""
        return people.pick(self.world, self.channel(where), self.person(who), command, target)

    async def autocomplete(
        self, where: Where, who: Who, command: str, option: str, typed: str, options: Mapping[str, Any] | None = None
    ) -> list[Json]:
        """
        Type into an option and wait for the bot's suggestions, each with `name` and `value`.

        Raises:
            TimeoutError: none came in time.
        """
        channel, person = self.channel(where), self.person(who)
        asked = people.autocomplete(self.world, channel, person, command, option, typed, options or {})
        await self.wait_until(lambda: asked.state != "pending", self.rules.ack_seconds + 1)
        if asked.choices is None:
            raise TimeoutError(feed.NO_ANSWER)
        return asked.choices

    async def press(
        self, where: Where, who: Who, message: Which, custom_id: str, values: Sequence[str] = ()
    ) -> Interaction:
        """Press a button, or choose `values` from a menu."""
        return people.press(self.world, self.person(who), self.message(where, message), custom_id, values)

    async def submit_modal(self, asked: Interaction, values: Values) -> Interaction:
        """Fill in, by custom id, the modal that an interaction was answered with, and send it off."""
        return people.submit_modal(self.world, asked, values)

    # What people see.

    def person(self, who: Who) -> User:
        return who if isinstance(who, User) else self.people[who.lower()]

    def channel(self, where: Where) -> Channel:
        if isinstance(where, Channel):
            return where
        if isinstance(where, int):
            return self.world.channels[where]
        return next(each for each in self.world.channels.values() if each.name == where and each.kind is not Kind.DM)

    def dm(self, who: Who) -> Channel:
        """The DM of the bot with somebody."""
        return self.world.dm(self.person(who))

    def message(self, where: Where, message: Which) -> Message:
        """A message as it stands now."""
        number = message if isinstance(message, int) else message.id
        return self.channel(where).messages[number]

    def messages(self, where: Where, viewer: Who | None = None) -> list[Message]:
        """What stands in a channel, oldest first; with a viewer's ephemeral messages if one is named."""
        number = None if viewer is None else self.person(viewer).id
        return [each for each in self.channel(where).messages.values() if each.only_for in (None, number)]

    def texts(self, where: Where, viewer: Who | None = None) -> list[str]:
        """What the bot says in a channel, verbatim, message by message."""
        return [each.content for each in self.messages(where, viewer) if each.author == self.bot]

    def notified(self, who: Who) -> list[Message]:
        """The messages by which somebody was notified, oldest first, as they stand now."""
        everything = (each for channel in self.world.channels.values() for each in channel.messages.values())
        return sorted((each for each in everything if self.person(who).id in each.notified), key=lambda each: each.id)

    def response(self, asked: Interaction) -> Message | None:
        """The bot's first message in answer to an interaction, as it stands now."""
        return None if asked.original is None else self.world.message((asked.channel_id, asked.original))

    def commands(self, where: Where, who: Who) -> list[Json]:
        """The commands that somebody is offered in a channel."""
        return clients.available(self.world, self.channel(where), self.person(who))

    def snapshot(self, who: Who) -> Json:
        """What somebody's client shows when it opens, as plain data; `feed` goes on from there."""
        return feed.snapshot(self.world, self.person(who), self.gateway.online)

    def watch(self, viewer: Who | None = None) -> AbstractContextManager[asyncio.Queue[Json]]:
        """
        Every change on somebody's screen, as plain data; on anybody's, if nobody is named.

        From `with` on nothing is missed: open it, then take the `snapshot`.
        """
        return self._feed.watch(None if viewer is None else self.person(viewer))

    async def feed(self, viewer: Who | None = None) -> AsyncIterator[Json]:
        """The same for `async for`; it begins with the first turn of the loop."""
        with self.watch(viewer) as queue:
            while True:
                yield await queue.get()

    async def wait_until(self, predicate: Callable[[], object], seconds: float = 5.0) -> None:
        """
        Wait until something is true that a change here can make true.

        Raises:
            TimeoutError: it was not, within that many seconds.
        """
        await self.world.changes.until(predicate, seconds)

"""One connection to Discord: messages are queued as they come and stored in order, interactions at once."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import discord
from discord.http import Route

from adapters.discord.commands import LONGEST_CHOICE, MODAL, MOST_CHOICES, form, payload
from adapters.discord.errors import TROUBLE
from adapters.discord.hearing import PRIVATE, Hearing
from adapters.discord.identify import Identifies
from adapters.discord.intake import is_aside, overhear, overhear_edit, read_interaction, read_typing, unfilled
from adapters.discord.outbox import Acks
from adapters.discord.past import ChannelPast, joined, last_messages
from adapters.pace import Pace
from bot.chat import Call, Inbound
from bot.commands.book import Book
from bot.commands.spec import Command
from bot.errors import PlatformDown, StorageDown
from bot.ports import Ports
from bot.session import Sessions

log = logging.getLogger(__name__)

APART = 5.0
"""Seconds between two IDENTIFYs. Source: discord.com/developers/docs/events/gateway#rate-limiting."""

AT_ONCE = 2.0
"""Seconds in which suggestions must be found; Discord waits 3, and some of them are the way's."""

HANDSHAKE = ("READY", "RESUMED")
"""Without these there is no session: what goes wrong in them ends it."""


class Connection(discord.AutoShardedClient):
    """
    One login. It keeps as little as it can: no messages, no members, the fewest intents.

    Where we are let read what is not for us, it is looked through for keys, and forgotten.

    A session that is resumed misses nothing. One that begins anew, with an IDENTIFY, does: its servers are held until
    each has been caught up with.
    """

    def __init__(
        self,
        book: Book,
        sessions: Sessions,
        ports: Ports,
        acks: Acks,
        pace: Pace,
        now: Callable[[], datetime],
        ready: Callable[[str], None],
        reads_all: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=reads_all),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            guild_ready_timeout=0.5,
            max_ratelimit_timeout=30.0,
            **options,
        )
        parsers = self._connection.parsers
        parsers.update({name: _tolerant(name, parse) for name, parse in parsers.items() if name not in HANDSHAKE})
        self._book = book
        self._sessions = sessions
        self._ports = ports
        self._acks = acks
        self._now = now
        self._ready_call = ready
        self._past = ChannelPast(self, pace)

    async def setup_hook(self) -> None:
        """Discord has told us who we are."""
        me = self._me.id
        self._identifies = Identifies(self._ports.settings, me, self._now)
        self._hearing = Hearing(self._ports.settings, me, self._store, self._now)

    async def publish(self, guild: int | None) -> None:
        """Make exactly our commands known: everywhere, or in one server. Without it we can still be talked to."""
        assert self.application_id is not None
        commands = payload(self._book.listed)
        try:
            if guild is None:
                await self.http.bulk_upsert_global_commands(self.application_id, commands)
            else:
                await self.http.bulk_upsert_guild_commands(self.application_id, guild, commands)
        except discord.DiscordException as error:
            log.error("the slash commands could not be published: %s", error)

    async def take_part(self, part: int, parts: int) -> None:
        """After `login`: connect only every `parts`-th shard, beginning with `part`."""
        advised, *_ = await self.http.get_bot_gateway()
        self.shard_count = -(-advised // parts) * parts
        self.shard_ids = list(range(part, self.shard_count, parts))

    async def listen(self) -> None:
        """After `login`: take what is said until the connection has ended for good."""
        await self._identifies.wait()
        async with self._hearing.open():
            await self.connect()

    @property
    def _me(self) -> discord.ClientUser:
        assert self.user is not None
        return self.user

    # Messages.

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """A session begins anew: nobody knows what was said since the last one."""
        servers = [server.id for server in self.guilds if server.shard_id == shard_id]
        self._hearing.hold(servers if shard_id else [PRIVATE, *servers])
        if not initial:
            await asyncio.sleep(APART)
        await self._identifies.take()

    async def on_shard_connect(self, shard_id: int) -> None:
        """Private messages come over the first shard."""
        if shard_id == 0:
            self._hearing.catch_up(PRIVATE, self._past, lambda ear: ear.in_use(self._now()))

    async def on_ready(self) -> None:
        self._ready_call(str(self.user))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server's channels are known, after the start of a session or after an outage of Discord's."""
        self._hearing.catch_up(guild.id, self._past, lambda _: last_messages(guild), joined(guild))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.on_guild_available(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self._hearing.forget(guild.id)

    async def on_message(self, message: discord.Message) -> None:
        """Queue what is said, before anything can be waited for: the order must not change."""
        if message.flags.ephemeral:
            return  # it is in no channel's past, and says that it is private wherever it stands
        server = message.guild.id if message.guild else PRIVATE
        self._hearing.hear(server, message.channel.id, overhear(message, self._me))

    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Nobody is answered because of an edit, but a key may have been slipped in."""
        heard = overhear_edit(edit.message, self._me)
        if heard is not None and edit.guild_id is not None:
            self._hearing.hear(edit.guild_id, edit.channel_id, heard)

    async def _store(self, given: Inbound | Call) -> None:
        """Raises StorageDown: then it was not taken."""
        await (self._sessions.ask(given) if isinstance(given, Inbound) else self._sessions.call(given))

    # Interactions.

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """
        Store a command, a form or a pressed button, then tell Discord that we have it.

        Where nobody could keep what is typed into a form, the command itself says so.
        """
        if interaction.type is discord.InteractionType.autocomplete:
            await self._suggest(interaction)
            return
        command = unfilled(interaction, self._book)
        if command is not None and self._ports.cipher is not None:
            await self._show_form(interaction, command)
            return
        given = read_interaction(interaction, self._me, self._book)
        if given is None:
            return
        with self._acks.pending(interaction.token):
            try:
                await self._store(given)
            except StorageDown as trouble:
                log.error("interaction %s was not taken: %s", interaction.id, trouble)
                await interaction.response.send_message(trouble.for_user, ephemeral=True)
                return
            await self._acknowledge(interaction)

    async def _acknowledge(self, interaction: discord.Interaction[Any]) -> None:
        """Tell Discord that we have it. After three seconds that is in vain; the answer is posted all the same."""
        try:
            if interaction.type is discord.InteractionType.component:
                await interaction.response.defer()
            else:
                await interaction.response.defer(ephemeral=is_aside(interaction, self._book), thinking=True)
        except TROUBLE as error:
            log.warning("interaction %s was not acknowledged: %s", interaction.id, error)

    async def _show_form(self, interaction: discord.Interaction[Any], command: Command) -> None:
        """Have the arguments typed into a form. What is typed comes as an interaction of its own."""
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        route = Route("POST", path, webhook_id=interaction.id, webhook_token=interaction.token)
        try:
            await self.http.request(route, json={"type": MODAL, "data": form(command)})
        except TROUBLE as error:
            log.warning("interaction %s was not answered with a form: %s", interaction.id, error)

    async def _suggest(self, interaction: discord.Interaction[Any]) -> None:
        """Propose values for the argument that is being typed; none when they cannot be had at once."""
        typing = read_typing(interaction, self._me)
        if typing is None:
            return
        values: Sequence[str] = ()
        try:
            async with asyncio.timeout(AT_ONCE):
                values = await self._book.suggest(self._ports, typing.call, typing.param, typing.text)
        except (TimeoutError, StorageDown, PlatformDown) as trouble:
            log.warning("nothing was suggested for /%s: %r", typing.call.command, trouble)
        fitting = [value for value in values if 0 < len(value) <= LONGEST_CHOICE][:MOST_CHOICES]
        choices = [discord.app_commands.Choice(name=value, value=value) for value in fitting]
        with contextlib.suppress(*TROUBLE):  # too late: they have typed on
            await interaction.response.autocomplete(choices)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """What a handler failed at is for the log; the next event is handled all the same."""
        log.exception("Discord event %s was not handled", event_method)


def _tolerant(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """The library lets one event that it cannot read end the whole client. Here it is logged, and the rest go on."""

    def tolerant(data: Any) -> None:
        try:
            parse(data)
        except Exception:
            log.exception("Discord event %s could not be read and was skipped", name)

    return tolerant

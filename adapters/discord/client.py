"""The connection to Discord: messages are queued as they come and stored in order, interactions at once."""

import asyncio
import logging
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from adapters.discord.commands import MOST_CHOICES, payload
from adapters.discord.errors import TROUBLE
from adapters.discord.intake import is_aside, read_interaction, read_message, read_typing
from adapters.discord.outbox import CHANNEL, EVERYWHERE, Acks, DiscordScreen
from adapters.pace import Pace, Paces
from adapters.patience import patiently
from bot.access import Rank
from bot.chat import Inbound, Key
from bot.commands.book import Book
from bot.errors import PlatformDown, StorageDown
from bot.ports import Ports
from bot.session import Sessions
from bot.turn import Turn

log = logging.getLogger(__name__)

MESSAGES = re.compile(r"/channels/(\d+)/messages")

SCARCE = 1
"""Calls left in a bucket from which on edits that only show progress wait for its reset."""


class WrongToken(Exception):
    """Discord does not know the token."""


class Discord:
    """The Discord side of the service. It is a bot.ports.Platform."""

    def __init__(self, token: str, book: Book, test_guild: int | None = None) -> None:
        self._token = token
        self._book = book
        self._test_guild = test_guild
        self._paces = Paces()
        self._pace = Pace(EVERYWHERE)
        self._connection: _Connection | None = None
        self._said: asyncio.Queue[Inbound] = asyncio.Queue()
        self._acks = Acks()

    # bot.ports.Platform

    def screen(self, turn: Turn) -> DiscordScreen:
        pace = self._paces.of(turn.origin.address["channel"], CHANNEL)
        return DiscordScreen(self._http, self._acks, turn, pace, self._pace)

    async def rank(self, key: Key) -> Rank:
        """A caller's rank comes along with every interaction, and nothing else gives commands here."""
        del key
        return Rank.USER

    # The connection.

    async def serve(self, sessions: Sessions, ports: Ports, ready: Callable[[str], None]) -> None:
        """
        Stay connected until cancelled.

        Args:
            ready: Told our name whenever a connection stands.

        Raises:
            WrongToken: Discord does not know us.
        """
        storing = asyncio.ensure_future(self._store(sessions))
        try:
            await patiently("Discord", lambda: self._connect(sessions, ports, ready), PlatformDown)
        finally:
            storing.cancel()
            await asyncio.wait({storing})

    async def _connect(self, sessions: Sessions, ports: Ports, ready: Callable[[str], None]) -> None:
        connection = _Connection(self._book, sessions, ports, self._said, self._acks, self._heed, ready)
        try:
            async with connection:
                await connection.login(self._token)
                await connection.publish(self._test_guild)
                self._connection = connection
                await connection.connect()
        except discord.LoginFailure as error:
            raise WrongToken from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise PlatformDown(f"{type(error).__name__}: {error}") from error

    async def _store(self, sessions: Sessions) -> None:
        """Write down what was said, in order. Discord will not say it again: it waits for a store that is down."""
        while True:
            said = await self._said.get()
            try:
                await patiently("Discord messages", lambda said=said: sessions.ask(said), StorageDown)  # type: ignore[misc]
            except Exception:
                log.exception("message %s could not be taken and was skipped", said.origin.event)

    def _http(self) -> HTTPClient:
        if self._connection is None:
            raise PlatformDown("not connected to Discord yet")
        return self._connection.http

    def _heed(self, channel: str, remaining: int, reset_after: float) -> None:
        """Obey what a response said of a channel's bucket."""
        pace = self._paces.known(channel)
        if pace is not None and remaining <= SCARCE:
            pace.hold_off(reset_after, urgent_too=remaining == 0)


async def introduce(token: str) -> str:
    """
    Learn who we are, without connecting to the gateway. Returns our name.

    Raises:
        WrongToken: Discord does not know us.
        PlatformDown: It cannot be reached.
    """
    client = discord.Client(intents=discord.Intents.none())
    try:
        async with client:
            await client.login(token)
            return str(client.user)
    except discord.LoginFailure as error:
        raise WrongToken from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise PlatformDown(f"{type(error).__name__}: {error}") from error


def speak_with(api_base: str | None, gateway_url: str | None) -> None:
    """Have discord.py speak with another server than Discord's. It keeps these addresses on its classes."""
    if api_base:
        Route.BASE = api_base
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)


class _Connection(discord.AutoShardedClient):
    """One login. It keeps as little as it can: no messages, no members, the fewest intents."""

    def __init__(
        self,
        book: Book,
        sessions: Sessions,
        ports: Ports,
        said: asyncio.Queue[Inbound],
        acks: Acks,
        heed: Callable[[str, int, float], None],
        ready: Callable[[str], None],
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            guild_ready_timeout=0.5,
            max_ratelimit_timeout=30.0,
            http_trace=_tracing(heed),
        )
        self._book = book
        self._sessions = sessions
        self._ports = ports
        self._heard = said
        self._acks = acks
        self._ready_call = ready

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

    async def on_ready(self) -> None:
        self._ready_call(str(self.user))

    async def on_message(self, message: discord.Message) -> None:
        """Queue what is said to us, before anything can be waited for: the order must not change."""
        assert self.user is not None
        said = read_message(message, self.user)
        if said is not None:
            self._heard.put_nowait(said)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Store a command or a pressed button, then tell Discord that we have it."""
        assert self.user is not None
        if interaction.type is discord.InteractionType.autocomplete:
            await self._suggest(interaction)
            return
        given = read_interaction(interaction, self.user, self._book)
        if given is None:
            return
        with self._acks.pending(interaction.token):
            try:
                await (self._sessions.ask(given) if isinstance(given, Inbound) else self._sessions.call(given))
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

    async def _suggest(self, interaction: discord.Interaction[Any]) -> None:
        """Propose values for the argument that is being typed."""
        typing = read_typing(interaction)
        if typing is None or not self._book.knows(typing.command):
            return
        params = self._book.find(typing.command).params
        suggest = next((param.suggest for param in params if param.name == typing.param), None)
        values = suggest(self._ports, typing.text) if suggest else ()
        choices = [discord.app_commands.Choice(name=value, value=value) for value in values[:MOST_CHOICES]]
        await interaction.response.autocomplete(choices)

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        """What a handler failed at is for the log; the next event is handled all the same."""
        log.exception("Discord event %s was not handled", event_method)


def _tracing(heed: Callable[[str, int, float], None]) -> aiohttp.TraceConfig:
    """Have `heed` told of every response's bucket: the channel, the calls left, the seconds until its reset."""

    async def on_request_end(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        channel, headers = MESSAGES.search(params.url.path), params.response.headers
        if channel and "X-RateLimit-Remaining" in headers:
            remaining, reset_after = headers["X-RateLimit-Remaining"], headers["X-RateLimit-Reset-After"]
            heed(channel.group(1), int(remaining), float(reset_after))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_request_end)
    return trace

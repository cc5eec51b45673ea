"""The Discord side of the service: it stays connected, whatever happens, and shows answers."""

import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import HTTPClient, Route
from yarl import URL

from adapters.discord.connection import Connection
from adapters.discord.intake import address_in
from adapters.discord.outbox import CHANNEL, EVERYWHERE, Acks, DiscordScreen, PrivateChats, timely
from adapters.discord.ranks import NOBODY, rank_in
from adapters.pace import Pace, Paces
from adapters.patience import patiently
from adapters.tenure import Office
from adapters.wrong_token import WrongToken
from bot.access import Rank
from bot.chat import Key
from bot.commands.book import Book
from bot.errors import PlatformDown, Undeliverable
from bot.ports import Leases, Ports
from bot.reply import Reply
from bot.session import Sessions
from bot.turn import Turn

MESSAGES = re.compile(r"/channels/(\d+)/messages")

LOST = (discord.DiscordException, ReconnectWebSocket, aiohttp.ClientError, OSError)
"""How a connection may end. The library lets its own request to reconnect escape when a new socket ends at once."""

SCARCE = 1
"""Calls left in a bucket from which on edits that only show progress wait for its reset."""


class Discord:
    """
    The Discord side of the service. It is a bot.ports.Platform.

    Every process shows answers. What is said is heard by one process, or by several that share the shards.

    Args:
        test_guild: Where commands are published instead of everywhere.
        processes: How many share the shards; more of them stand by.
    """

    def __init__(
        self,
        token: str,
        book: Book,
        test_guild: int | None = None,
        processes: int = 1,
        now: Callable[[], datetime] = discord.utils.utcnow,
    ) -> None:
        self._token = token
        self._book = book
        self._test_guild = test_guild
        self._processes = processes
        self._now = now
        self._paces = Paces()
        self._pace = Pace(EVERYWHERE)
        self._mouth: discord.Client | None = None
        self._acks = Acks()
        self._private = PrivateChats(self._http, self._pace)

    # bot.ports.Platform

    whispers = True

    def screen(self, turn: Turn) -> DiscordScreen:
        pace = self._paces.of(turn.origin.address["channel"], CHANNEL)
        return DiscordScreen(self._http, self._acks, turn, pace, self._pace, self._now)

    async def rank(self, key: Key) -> Rank:
        """
        For people other than the caller, whose rank comes along with every interaction.

        Raises PlatformDown, also for any other refusal: whoever cannot be looked up may run the place.
        """
        try:
            return await timely(self._http, lambda _: rank_in(self._client(), int(key.community), int(key.user)))
        except NOBODY:
            return Rank.USER
        except Undeliverable as refusal:
            raise PlatformDown(str(refusal)) from refusal

    def address(self, key: Key) -> Mapping[str, str]:
        return address_in(key.thread or key.channel)

    async def private(self, user: str) -> Key | None:
        me = self._client().user
        assert me is not None
        channel = await self._private.find(user)
        return Key("discord", str(me.id), "", channel, "", user) if channel else None

    async def belongs(self, key: Key) -> bool:
        if key.private:
            return await self._private.find(key.user) is not None
        try:
            await self._look_up(lambda http: http.get_channel(int(key.thread or key.channel)))
            await self._look_up(lambda http: http.get_member(int(key.community), int(key.user)))
        except NOBODY:
            return False
        except Undeliverable as refusal:
            raise PlatformDown(str(refusal)) from refusal
        return True

    async def _look_up(self, call: Callable[[HTTPClient], Awaitable[object]]) -> None:
        async with self._pace.turn(urgent=True):
            await timely(self._http, call)

    async def write_to(self, user: str, reply: Reply) -> bool:
        return await self._private.write(user, reply)

    def made(self, user: str) -> datetime | None:
        """Its id says so. Source: discord.com/developers/docs/reference#snowflakes."""
        return discord.utils.snowflake_time(int(user)) if user.isdecimal() else None

    # The connection.

    async def serve(self, sessions: Sessions, ports: Ports, leases: Leases, ready: Callable[[str], None]) -> None:
        """
        Show answers, and listen whenever that is ours to do, until cancelled.

        Args:
            ready: Told our name when a connection stands, or when another process has it.

        Raises:
            WrongToken: Discord does not know us.
        """
        self._mouth = mouth = await patiently("Discord", self._enter, PlatformDown)
        async with mouth:
            me = mouth.user
            assert me is not None
            parts = [f"discord/{me.id}/gateway/{part}" for part in range(self._processes)]
            office = Office(leases, parts, self._now, standing_by=lambda: ready(str(me)))
            await office.serve(lambda part: self._listen(part, sessions, ports, ready))

    async def _enter(self) -> discord.Client:
        """Learn who we are, and be ready to call. Raises WrongToken, PlatformDown."""
        mouth = discord.Client(
            intents=discord.Intents.none(), max_ratelimit_timeout=30.0, http_trace=_tracing(self._heed)
        )
        with _renaming():
            try:
                await mouth.login(self._token)
            except BaseException:
                await mouth.close()
                raise
        return mouth

    async def _listen(self, part: int, sessions: Sessions, ports: Ports, ready: Callable[[str], None]) -> None:
        await patiently("Discord", lambda: self._connect(part, sessions, ports, ready), PlatformDown)

    async def _connect(self, part: int, sessions: Sessions, ports: Ports, ready: Callable[[str], None]) -> None:
        with _renaming():
            reads_all = await self._may_read_all()
            connection = Connection(self._book, sessions, ports, self._acks, self._pace, self._now, ready, reads_all)
            async with connection:
                await connection.login(self._token)
                await connection.publish(self._test_guild)
                if self._processes > 1:
                    await connection.take_part(part, self._processes)
                await connection.listen()

    async def _may_read_all(self) -> bool:
        """
        Whether the intent Message Content is switched on for us: to ask for it otherwise ends the connection.

        Source: docs.discord.com/developers/events/gateway#privileged-intents
        """
        assert self._mouth is not None
        flags = (await self._mouth.application_info()).flags
        return flags.gateway_message_content or flags.gateway_message_content_limited

    def _client(self) -> discord.Client:
        if self._mouth is None:
            raise PlatformDown("not let in by Discord yet")
        return self._mouth

    def _http(self) -> HTTPClient:
        return self._client().http

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
    with _renaming():
        async with client:
            await client.login(token)
            return str(client.user)


@contextlib.contextmanager
def _renaming() -> Iterator[None]:
    """What a connection fails at, by our names."""
    try:
        yield
    except discord.LoginFailure as error:
        raise WrongToken from error
    except LOST as error:
        raise PlatformDown(f"{type(error).__name__}: {error}") from error


def speak_with(api_base: str | None, gateway_url: str | None) -> None:
    """Have discord.py speak with another server than Discord's. It keeps these addresses on its classes."""
    if api_base:
        Route.BASE = api_base
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)


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

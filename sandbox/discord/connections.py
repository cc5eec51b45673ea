"""One connection to the gateway: what the client may send, and what comes of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from sandbox.discord import payloads
from sandbox.discord.broadcast import guild_create
from sandbox.discord.codes import (
    ACK,
    ALREADY_AUTHENTICATED,
    AUTHENTICATION_FAILED,
    CHANNEL_INFO,
    DECODE_ERROR,
    DISALLOWED_INTENTS,
    HEARTBEAT,
    HELLO,
    IDENTIFY,
    INVALID_INTENTS,
    INVALID_SEQ,
    INVALID_SESSION,
    INVALID_SHARD,
    INVALID_VERSION,
    MEMBERS,
    NOT_AUTHENTICATED,
    PRESENCE,
    RATE_LIMITED,
    RESUME,
    SOUNDS,
    UNKNOWN_ERROR,
    UNKNOWN_OPCODE,
    VOICE,
    Closed,
)
from sandbox.discord.gateway import Gateway
from sandbox.discord.intents import KNOWN, Intent, disallowed
from sandbox.discord.rules import Rules
from sandbox.discord.sessions import Session, packet


async def connect(gateway: Gateway, request: web.Request) -> web.StreamResponse:
    """Serve one connection for as long as it lasts."""
    if gateway.refusing:
        gateway.counts.refused += 1
        gateway.world.changes.notify()
        raise web.HTTPServiceUnavailable
    socket = web.WebSocketResponse(timeout=1.0)
    await socket.prepare(request)
    if gateway.hanging_up:
        gateway.hanging_up -= 1
        await socket.close(code=WSCloseCode.SERVICE_RESTART)
        return socket
    connection = Connection(gateway, socket, request)
    gateway.connections.add(connection)
    try:
        await connection.serve(dict(request.query))
    finally:
        gateway.connections.discard(connection)
        connection.leave()
        gateway.announce()
    return socket


class Connection:
    """One websocket, from HELLO to its end."""

    def __init__(self, gateway: Gateway, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.gateway = gateway
        self.socket = socket
        self.session: Session | None = None
        self._request = request
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._sent: deque[float] = deque()
        self._alive = time.monotonic()

    def push(self, text: str) -> None:
        """Send something, after all that was pushed before."""
        self._outbox.put_nowait(text)

    async def serve(self, query: dict[str, str]) -> None:
        writer = asyncio.create_task(self._write())
        watch = asyncio.create_task(self._watch())
        try:
            if query.get("v") not in ("9", "10") or query.get("encoding", "json") != "json":
                raise Closed(INVALID_VERSION, "Invalid API version")
            self.push(packet(HELLO, {"heartbeat_interval": int(self._rules.heartbeat_seconds * 1000)}))
            async for message in self.socket:
                await self.gateway.thawed.wait()
                self._take(message)
        except Closed as end:
            writer.cancel()
            await self._end(end)
        finally:
            writer.cancel()
            watch.cancel()

    async def cut(self, code: int | None) -> None:
        if code is not None:
            await self.socket.close(code=code)
        elif self._request.transport is not None:
            self._request.transport.abort()

    def leave(self) -> None:
        """A client that says goodbye with 1000 or 1001 ends its session; any other way it can come back."""
        session = self.session
        if session is None or session.send != self.push:
            return
        session.lose()
        if self.socket.close_code in (WSCloseCode.OK, WSCloseCode.GOING_AWAY):
            self.gateway.sessions.pop(session.id, None)

    @property
    def _rules(self) -> Rules:
        return self.gateway.world.rules

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                text = await self._outbox.get()
                await self.gateway.thawed.wait()
                await self.socket.send_str(text)

    async def _end(self, end: Closed) -> None:
        """Say what is still to be said, then close."""
        with suppress(ConnectionError):
            while not self._outbox.empty():
                await self.socket.send_str(self._outbox.get_nowait())
        await self.socket.close(code=end.code, message=str(end).encode())

    async def _watch(self) -> None:
        """Close a connection whose heart stops; half an interval is for the way."""
        patience = self._rules.heartbeat_seconds * 1.5
        while (left := self._alive + patience - time.monotonic()) > 0:
            await asyncio.sleep(left)
        await self.socket.close(code=UNKNOWN_ERROR)

    def _take(self, message: WSMessage) -> None:
        """
        Do what a packet asks.

        Raises:
            Closed: it may not ask that.
        """
        op, data = self._read(message)
        if op == HEARTBEAT:
            self._alive = time.monotonic()
            self.push(packet(ACK, None))
        elif op == IDENTIFY:
            self._identify(_dict(data))
        elif op == RESUME:
            self._resume(_dict(data))
        elif op not in (PRESENCE, VOICE, MEMBERS, SOUNDS, CHANNEL_INFO):
            raise Closed(UNKNOWN_OPCODE, "Unknown opcode")
        elif self.session is None:
            raise Closed(NOT_AUTHENTICATED, "Not authenticated")
        elif op == MEMBERS:
            self._members(self.session, _dict(data))

    def _read(self, message: WSMessage) -> tuple[int, Any]:
        """One packet; every packet counts against the limit of sends."""
        self._count()
        if message.type is not WSMsgType.TEXT or len(message.data.encode()) > self._rules.payload_bytes:
            raise Closed(DECODE_ERROR, "Error while decoding payload")
        try:
            value = json.loads(message.data)
            return int(value["op"]), value.get("d")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Closed(DECODE_ERROR, "Error while decoding payload") from None

    def _count(self) -> None:
        limit, now = self._rules.sends, time.monotonic()
        while self._sent and now - self._sent[0] > limit.seconds:
            self._sent.popleft()
        self._sent.append(now)
        if len(self._sent) > limit.limit:
            raise Closed(RATE_LIMITED, "Rate limited")

    def _identify(self, data: dict[str, Any]) -> None:
        gateway, world = self.gateway, self.gateway.world
        if self.session is not None:
            raise Closed(ALREADY_AUTHENTICATED, "Already authenticated")
        if data.get("token") != world.application.token:
            raise Closed(AUTHENTICATION_FAILED, "Authentication failed")
        shard, shards = _shard(data.get("shard", [0, 1]))
        intents = self._intents(data.get("intents"))
        gateway.counts.identifies += 1
        if gateway.starts.too_fast(shard):
            self.push(packet(INVALID_SESSION, False))
            return
        self._spend()
        gateway.prune()
        session = Session(shard, shards, intents, deque(maxlen=self._rules.replay_events))
        gateway.sessions[session.id] = session
        self._enter(session)
        session.tell("READY", self._ready(session))
        for guild in world.guilds.values():
            theirs = session.covers(guild.id) and guild.id not in gateway.out
            if theirs and Intent.GUILDS in intents and world.bot.id in guild.members:
                session.tell("GUILD_CREATE", guild_create(world, guild).data(intents))
        gateway.announce()

    def _intents(self, wanted: object) -> Intent:
        if not isinstance(wanted, int) or wanted < 0 or wanted & ~KNOWN:
            raise Closed(INVALID_INTENTS, "Invalid intent(s)")
        if disallowed(Intent(wanted), self.gateway.world.application):
            raise Closed(DISALLOWED_INTENTS, "Disallowed intent(s)")
        return Intent(wanted)

    def _spend(self) -> None:
        """One start of the day's. Who has none left loses every session and the token, too."""
        gateway = self.gateway
        if gateway.starts.remaining == 0:
            gateway.world.reset_token()
            gateway.forget()
            gateway.cut_soon(gateway.connections - {self}, AUTHENTICATION_FAILED)
            raise Closed(AUTHENTICATION_FAILED, "Authentication failed")
        gateway.starts.spend()

    def _ready(self, session: Session) -> dict[str, Any]:
        world = self.gateway.world
        mine = [guild for guild in world.guilds.values() if world.bot.id in guild.members and session.covers(guild.id)]
        return {
            "v": 10,
            "user": payloads.me(world.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.gateway.url,
            "shard": [session.shard, session.shards],
            "application": {"id": str(world.application.id), "flags": payloads.flags(world.application)},
            "private_channels": [],
            "relationships": [],
            "user_settings": {},
        }

    def _resume(self, data: dict[str, Any]) -> None:
        """Replay what was missed, or say that there is nothing to resume (op 9)."""
        gateway = self.gateway
        if self.session is not None:
            raise Closed(ALREADY_AUTHENTICATED, "Already authenticated")
        if data.get("token") != gateway.world.application.token:
            raise Closed(AUTHENTICATION_FAILED, "Authentication failed")
        gateway.prune()
        session, number = gateway.sessions.get(str(data.get("session_id"))), data.get("seq")
        if session is not None and (not isinstance(number, int) or number > session.last):
            raise Closed(INVALID_SEQ, "Invalid seq")
        missed = None if session is None or number is None else session.missed_since(number)
        if session is None or missed is None:
            self.push(packet(INVALID_SESSION, False))
            return
        for text in missed:
            self.push(text)
        gateway.counts.resumes += 1
        gateway.cut_soon([each for each in gateway.connections if each.session is session], UNKNOWN_ERROR)
        self._enter(session)
        session.tell("RESUMED", {"_trace": []})
        gateway.announce()

    def _enter(self, session: Session) -> None:
        self.session = session
        session.send = self.push

    def _members(self, session: Session, data: dict[str, Any]) -> None:
        """Request Guild Members, docs.discord.com/developers/events/gateway-events#request-guild-members."""
        guild = self.gateway.world.guilds.get(int(data.get("guild_id", 0)))
        if guild is None or not session.covers(guild.id):
            return
        query, wanted = data.get("query"), {int(each) for each in _list(data.get("user_ids"))}
        if query == "" and not data.get("limit") and Intent.GUILD_MEMBERS not in session.intents:
            raise Closed(DISALLOWED_INTENTS, "Disallowed intent(s)")
        found = [
            payloads.member(member)
            for member in guild.members.values()
            if member.user.id in wanted or (query is not None and member.user.name.lower().startswith(query.lower()))
        ]
        chunk = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1, "presences": []}
        missing = [str(each) for each in wanted - guild.members.keys()]
        session.tell("GUILD_MEMBERS_CHUNK", {**chunk, "not_found": missing, "nonce": data.get("nonce")})


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Closed(DECODE_ERROR, "Error while decoding payload")
    return value


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _shard(value: object) -> tuple[int, int]:
    match value:
        case [int(shard), int(shards)] if 0 <= shard < shards:
            return shard, shards
    raise Closed(INVALID_SHARD, "Invalid shard")

"""
The gateway: sessions that come and go, and the ways in which a test can make them go.

Source: docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import web

from sandbox.discord.broadcast import dispatches
from sandbox.discord.codes import INVALID_SESSION, RECONNECT
from sandbox.discord.connections import Connection
from sandbox.discord.counts import Counts
from sandbox.discord.events import Event, Presence
from sandbox.discord.sessions import Session, Starts, packet
from sandbox.discord.world import World


class Gateway:
    """All sessions and connections of the bot."""

    def __init__(self, world: World, counts: Counts) -> None:
        self.world = world
        self.counts = counts
        self.starts = Starts(world.rules)
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.refusing = False
        self.url = ""
        self._cuts: set[asyncio.Task[None]] = set()
        self.thawed = asyncio.Event()
        self.thawed.set()
        world.listeners.append(self.hear)

    def hear(self, event: Event) -> None:
        """Tell every session what it is subscribed to."""
        for told in dispatches(self.world, event):
            guild = self.world.guilds.get(told.guild_id or 0)
            if guild is not None and self.world.bot.id not in guild.members and told.name != "GUILD_DELETE":
                continue
            for session in self.sessions.values():
                if session.hears(told):
                    session.tell(told.name, told.data(session.intents))

    @property
    def online(self) -> bool:
        """Whether at least one session has a connection."""
        return any(session.send is not None for session in self.sessions.values())

    def reconnect(self) -> None:
        """Ask every connection to reconnect and resume (op 7)."""
        for connection in self.connections:
            connection.push(packet(RECONNECT, None))

    def invalidate(self, *, resumable: bool = False) -> None:
        """End every session (op 9), or only ask to resume it."""
        if not resumable:
            self.sessions.clear()
        for connection in self.connections:
            connection.push(packet(INVALID_SESSION, resumable))

    async def drop(self, code: int | None = None) -> None:
        """Close every connection with a close code, or without a word as a broken line does."""
        for connection in [*self.connections]:
            await connection.cut(code)

    def forget(self) -> None:
        """Lose every session, as a restart of Discord's does: a resume is answered with op 9."""
        self.sessions.clear()

    def refuse(self) -> None:
        """Take no new connections until `accept`."""
        self.refusing = True

    def accept(self) -> None:
        self.refusing = False

    def freeze(self) -> None:
        """Neither send nor read anything until `thaw`, heartbeats included; connections stay open."""
        self.thawed.clear()

    def thaw(self) -> None:
        self.thawed.set()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection for as long as it lasts."""
        if self.refusing:
            self.counts.refused += 1
            self.world.changes.notify()
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self.connections.add(connection)
        try:
            await connection.serve(dict(request.query))
        finally:
            self.connections.discard(connection)
            connection.leave()
            self.announce()
        return socket

    def cut_soon(self, connections: Iterable[Connection], code: int) -> None:
        for connection in connections:
            task = asyncio.create_task(connection.cut(code))
            self._cuts.add(task)
            task.add_done_callback(self._cuts.discard)

    def announce(self) -> None:
        self.world.emit(Presence(self.online))

    def prune(self) -> None:
        """Forget sessions that nobody can resume any more."""
        rules = self.world.rules
        for number in [number for number, session in self.sessions.items() if session.expired(rules)]:
            del self.sessions[number]

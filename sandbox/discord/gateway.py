"""
The gateway: sessions that come and go, and the ways in which a test can make them go.

Source: docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from sandbox.discord.broadcast import Dispatch, dispatches, guild_create, guild_outage
from sandbox.discord.codes import INVALID_SESSION, RECONNECT
from sandbox.discord.counts import Counts
from sandbox.discord.events import Event, Presence
from sandbox.discord.sessions import Session, Starts, packet
from sandbox.discord.state import Guild
from sandbox.discord.world import World


class Line(Protocol):
    """One websocket, as the gateway knows it."""

    session: Session | None

    def push(self, text: str) -> None:
        """Send something, after all that was pushed before."""

    async def cut(self, code: int | None) -> None:
        """Close it, or without a code break it."""


class Gateway:
    """All sessions and connections of the bot."""

    def __init__(self, world: World, counts: Counts) -> None:
        self.world = world
        self.counts = counts
        self.starts = Starts(world.rules)
        self.sessions: dict[str, Session] = {}
        self.connections: set[Line] = set()
        self.out: set[int] = set()
        self.refusing = False
        self.hanging_up = 0
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
            if told.guild_id not in self.out:
                self._tell(told)

    def _tell(self, told: Dispatch) -> None:
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

    def lose_guild(self, guild: Guild) -> None:
        """An outage of one guild: until `restore_guild` nothing of it is told, and a new session finds it missing."""
        self._tell(guild_outage(guild))
        self.out.add(guild.id)

    def restore_guild(self, guild: Guild) -> None:
        self.out.discard(guild.id)
        self._tell(guild_create(self.world, guild))

    def refuse(self) -> None:
        """Take no new connections until `accept`."""
        self.refusing = True

    def accept(self) -> None:
        self.refusing = False

    def hang_up(self, times: int = 1) -> None:
        """Close the next connections before a word is said."""
        self.hanging_up += times

    def freeze(self) -> None:
        """Neither send nor read anything until `thaw`, heartbeats included; connections stay open."""
        self.thawed.clear()

    def thaw(self) -> None:
        self.thawed.set()

    def cut_soon(self, connections: Iterable[Line], code: int) -> None:
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

"""One HTTP call on its way: who may ask, for what, and the answer as Discord writes it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.discord import bodies
from sandbox.discord.bodies import Body
from sandbox.discord.errors import ApiError, missing_access, missing_permissions, unknown
from sandbox.discord.forms import path_id
from sandbox.discord.gateway import Gateway
from sandbox.discord.permissions import Permission
from sandbox.discord.state import Channel, Guild, Message
from sandbox.discord.world import World

MAJOR = ("channel_id", "guild_id", "webhook_id", "token")
"""The parts of a path on which a rate limit counts of its own."""


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    gateway: Gateway
    request: web.Request

    def number(self, name: str) -> int:
        """An id in the path."""
        return path_id(name, self.request.match_info[name])

    def text(self, name: str) -> str:
        return self.request.match_info[name]

    async def body(self) -> Body:
        return await bodies.read(self.request, self.world.rules)

    def channel(self, *needed: Permission) -> Channel:
        """
        The channel in the path.

        Raises:
            ApiError: 10003, there is none; 50001, the bot does not see it; 50013, it lacks a permission needed.
        """
        channel = self.world.channels.get(self.number("channel_id"))
        if channel is None:
            raise unknown("Channel")
        require(self.world, channel, *needed)
        return channel

    def message(self, channel: Channel) -> Message:
        """The message in the path; ephemeral ones are unknown here."""
        message = channel.messages.get(self.number("message_id"))
        if message is None or message.ephemeral:
            raise unknown("Message")
        return message

    def guild(self) -> Guild:
        """
        The guild in the path.

        Raises:
            ApiError: 10004, there is none; 50001, the bot is not in it.

        Source: github.com/discord/discord-api-docs/issues/1716
        """
        guild = self.world.guilds.get(self.number("guild_id"))
        if guild is None:
            raise unknown("Guild")
        if self.world.bot.id not in guild.members:
            raise missing_access()
        return guild

    def own(self) -> None:
        """
        Refuse to act for another application.

        Raises:
            ApiError: 20012.
        """
        if self.number("application_id") != self.world.application.id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")


def require(world: World, channel: Channel, *needed: Permission) -> None:
    """Refuse what the bot may not see or do in a channel."""
    allowed = world.permissions(world.bot.id, channel)
    if Permission.VIEW_CHANNEL not in allowed:
        raise missing_access()
    if any(each not in allowed for each in needed):
        raise missing_permissions()


Handler = Callable[[Call], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One kind of call.

    Args:
        bucket: The name of its rate limit where several routes share one; its own name otherwise.
        open: It carries its own token in the path, needs no bot token, and is outside of the global limit.
        limited: It has a rate limit of its own.
    """

    method: str
    path: str
    handler: Handler
    bucket: str = ""
    open: bool = False
    limited: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def answer(value: Any, status: int = 200) -> web.Response:
    """JSON with the exact content type that Discord sends: no charset, or discord.py takes it for text."""
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")


def nothing() -> web.Response:
    return web.Response(status=204)

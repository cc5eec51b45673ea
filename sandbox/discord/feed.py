"""What people see happen, as plain data: for a web page, or for a test that watches one person's screen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.discord import message_payloads, payloads
from sandbox.discord.events import (
    Answered,
    Asked,
    ChannelChanged,
    ChannelOpened,
    ChannelRemoved,
    CommandsChanged,
    Event,
    MessageEdited,
    MessagePosted,
    MessageRemoved,
    Presence,
    Reacted,
    Typing,
    Unanswered,
)
from sandbox.discord.state import Asking, Channel, Interaction, Json, Message, User
from sandbox.discord.world import World

NO_ANSWER = "The application did not respond"
"""What a client writes under a command that was not acknowledged in time."""


class Feed:
    """Hands on every event to whoever may see it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._watchers: list[tuple[User | None, asyncio.Queue[Json]]] = []
        world.listeners.append(self._hear)

    @contextmanager
    def watch(self, viewer: User | None) -> Iterator[asyncio.Queue[Json]]:
        """All that a viewer sees from now on; all that anybody sees when there is none."""
        watcher = viewer, asyncio.Queue[Json]()
        self._watchers.append(watcher)
        try:
            yield watcher[1]
        finally:
            self._watchers.remove(watcher)

    def _hear(self, event: Event) -> None:
        if not self._watchers:
            return
        shown = _shown(self._world, event)
        if shown is None:
            return
        for viewer, queue in self._watchers:
            if viewer is None or visible(self._world, event, viewer):
                queue.put_nowait(shown)


def visible(world: World, event: Event, viewer: User) -> bool:
    """Whether an event shows on a viewer's screen."""
    match event:
        case MessagePosted(message) | MessageEdited(message) | MessageRemoved(message) | Reacted(message=message):
            return sees(world, message, viewer)
        case Asked(asked) | Answered(asked) | Unanswered(asked):
            return asked.user == viewer
        case Typing(channel) | ChannelOpened(channel) | ChannelChanged(channel):
            return world.sees(viewer.id, channel)
    return True


def sees(world: World, message: Message, viewer: User) -> bool:
    """An ephemeral message is seen by the one whom it answers, any other by who sees the channel."""
    if message.only_for is not None:
        return message.only_for == viewer.id
    return world.sees(viewer.id, world.channels[message.channel_id])


def _shown(world: World, event: Event) -> Json | None:
    match event:
        case MessagePosted(message):
            return {"type": "message_posted", "message": message_payloads.message(world, message)}
        case MessageEdited(message):
            return {"type": "message_edited", "message": message_payloads.message(world, message)}
        case MessageRemoved(message):
            return {"type": "message_removed", "channel_id": str(message.channel_id), "message_id": str(message.id)}
        case Reacted(message):
            return {"type": "message_edited", "message": message_payloads.message(world, message)}
        case Typing(channel, user):
            return {"type": "typing", "channel_id": str(channel.id), "user": payloads.user(user)}
        case ChannelOpened(channel) | ChannelChanged(channel):
            return {"type": "channel", "channel": payloads.channel(world, channel)}
        case ChannelRemoved(channel):
            return {"type": "channel_removed", "channel_id": str(channel.id)}
        case CommandsChanged(scope):
            return {"type": "commands", "guild_id": None if scope is None else str(scope)}
        case Presence(online):
            return {"type": "presence", "online": online}
        case Asked(asked) | Answered(asked) | Unanswered(asked):
            return interaction(asked)
    return None


def interaction(asked: Interaction) -> Json:
    """How an interaction stands: `state` is pending, answered or failed; a modal and choices come with the answer."""
    shown: Json = {
        "type": "autocomplete" if asked.kind is Asking.AUTOCOMPLETE else "interaction",
        "interaction_id": str(asked.id),
        "channel_id": str(asked.channel_id),
        "user_id": str(asked.user.id),
        "command": asked.command,
        "message_id": None if asked.source is None else str(asked.source.id),
        "state": asked.state,
        "note": NO_ANSWER if asked.failed else "",
    }
    if asked.choices is not None:
        shown["choices"] = asked.choices
    if asked.modal is not None:
        shown["modal"] = asked.modal
    return shown


def snapshot(world: World, viewer: User, online: bool) -> Json:
    """Everything that a viewer's client shows when it opens: the feed goes on from there."""
    channels = [each for each in world.channels.values() if world.sees(viewer.id, each)]
    return {
        "user": payloads.user(viewer),
        "bot": payloads.user(world.bot),
        "online": online,
        "guilds": [
            {"id": str(each.id), "name": each.name} for each in world.guilds.values() if viewer.id in each.members
        ],
        "channels": [payloads.channel(world, each) for each in channels],
        "messages": {str(each.id): _messages(world, each, viewer) for each in channels},
    }


def _messages(world: World, channel: Channel, viewer: User) -> list[Json]:
    seen = (each for each in channel.messages.values() if sees(world, each, viewer))
    return [message_payloads.message(world, each) for each in seen]

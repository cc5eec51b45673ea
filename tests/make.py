"""Turns, questions and messages to test with."""

from datetime import UTC, datetime

from bot.chat import Call, Inbound, Key, Message, Origin
from bot.turn import Turn, turn_id

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def key(user: str = "1", channel: str = "10", thread: str = "", community: str = "100", platform: str = "test") -> Key:
    return Key(platform, "bot", community, channel, thread, user)


def origin(event: str = "e1", where: Key | None = None, author: str = "Alice") -> Origin:
    return Origin(where or key(), event, author, NOW, {"channel": "10"})


def question(text: str = "Why is the sky blue?", event: str = "e1", where: Key | None = None) -> Inbound:
    return Inbound(origin(event, where), text, message=f"m-{event}")


def command(name: str, /, event: str = "c1", where: Key | None = None, **arguments: str) -> Call:
    return Call(origin(event, where), name, arguments)


def turn(event: str = "e1", lane: str = "test:bot:10/-/*", text: str = "Why?") -> Turn:
    asked = question(text, event)
    return Turn(turn_id(asked.origin), lane, lane, asked)


def message(node: str, parent: str, text: str = "words", role: str = "user") -> Message:
    return Message(node, parent, "assistant" if role == "assistant" else "user", text, "Alice", "t1", NOW)

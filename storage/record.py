"""
How a turn and a message are written down: JSON with the version of its shape.

A newer program reads what an older one wrote: a field added later has a default.
"""

import json
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.chat import Message
from bot.turn import Turn

VERSION = 1

_turns: TypeAdapter[Turn] = TypeAdapter(Turn)
_messages: TypeAdapter[Message] = TypeAdapter(Message)


def ms(moment: datetime) -> int:
    """Milliseconds since 1970, UTC."""
    return int(moment.timestamp() * 1000)


def dump_turn(turn: Turn) -> str:
    return json.dumps({"v": VERSION, **_turns.dump_python(turn, mode="json")})


def load_turn(raw: str | bytes) -> Turn:
    """Read a turn. Raises ValueError when it is not one, or of a shape that only a newer program knows."""
    return _turns.validate_python(_checked(raw))


def dump_message(message: Message) -> str:
    return json.dumps({"v": VERSION, **_messages.dump_python(message, mode="json")})


def load_message(raw: str | bytes) -> Message:
    """Read a message. Raises ValueError as `load_turn` does."""
    return _messages.validate_python(_checked(raw))


def _checked(raw: str | bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(raw)
    version = value.pop("v")
    if version > VERSION:
        raise ValueError(f"written by a newer Parley (shape {version}, this one knows {VERSION})")
    return value

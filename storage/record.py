"""
How things are written down: JSON with the version of its shape.

A newer program reads what an older one wrote: a field added later has a default.
"""

import json
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from bot.chat import Message
from bot.ports import DeadLetter
from bot.quota import Charge
from bot.schedule import Schedule
from bot.turn import Turn

VERSION = 1

T = TypeVar("T")

_turns: TypeAdapter[Turn] = TypeAdapter(Turn)
_messages: TypeAdapter[Message] = TypeAdapter(Message)
_charges: TypeAdapter[Charge] = TypeAdapter(Charge)
_letters: TypeAdapter[DeadLetter] = TypeAdapter(DeadLetter)
_schedules: TypeAdapter[Schedule] = TypeAdapter(Schedule)


def ms(moment: datetime) -> int:
    """Milliseconds since 1970, UTC."""
    return int(moment.timestamp() * 1000)


def dump_turn(turn: Turn) -> str:
    return _dump(_turns, turn)


def load_turn(raw: str | bytes) -> Turn:
    """Read a turn. Raises ValueError when it is not one, or of a shape that only a newer program knows."""
    return _load(_turns, raw)


def dump_message(message: Message) -> str:
    return _dump(_messages, message)


def load_message(raw: str | bytes) -> Message:
    """Read a message. Raises ValueError as `load_turn` does."""
    return _load(_messages, raw)


def dump_charge(charge: Charge) -> str:
    """Without its shares: nothing is taken from them any more."""
    return _dump(_charges, charge, {"shares"})


def load_charge(raw: str | bytes) -> Charge:
    """Read a charge. Raises ValueError as `load_turn` does."""
    return _load(_charges, raw)


def dump_letter(letter: DeadLetter) -> str:
    return _dump(_letters, letter)


def load_letter(raw: str | bytes) -> DeadLetter:
    """Read a dead letter. Raises ValueError as `load_turn` does."""
    return _load(_letters, raw)


def dump_schedule(schedule: Schedule) -> str:
    return _dump(_schedules, schedule)


def load_schedule(raw: str | bytes) -> Schedule:
    """Read a schedule. Raises ValueError as `load_turn` does."""
    return _load(_schedules, raw)


def _dump(shape: TypeAdapter[T], value: T, without: set[str] | None = None) -> str:
    try:
        return f'{{"v":{VERSION},{shape.dump_json(value, exclude=without, warnings="error").decode()[1:]}'
    except PydanticSerializationError:  # half a surrogate pair, which only an escape can tell
        return json.dumps({"v": VERSION, **shape.dump_python(value, mode="json", exclude=without, warnings="error")})


def _load(shape: TypeAdapter[T], raw: str | bytes) -> T:
    value: dict[str, Any] = json.loads(raw)
    version = value.pop("v")
    if version > VERSION:
        raise ValueError(f"written by a newer Parley (shape {version}, this one knows {VERSION})")
    try:
        return shape.validate_python(value)
    except ValidationError as error:  # it quotes what it could not read, and those are somebody's words
        raise ValueError(f"of another shape: {error.error_count()} mistakes") from None

"""What is charged, to whom."""

from dataclasses import dataclass
from datetime import datetime

from bot.chat import Key
from bot.turn import Usage


@dataclass(frozen=True, slots=True)
class Charge:
    """What one answer costs whoever asked. `id` is the turn's: it is charged once, however often it is settled."""

    id: str
    key: Key
    model: str
    usage: Usage
    at: datetime

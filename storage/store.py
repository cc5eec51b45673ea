"""One store, whatever keeps it: the ports that wiring hands to the core."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.ports import DeadLetters, History, Leases, Ledger, Settings, Turns


@dataclass(frozen=True, slots=True)
class Store:
    """The ports of one opened store. `close` lets what is being written end first."""

    turns: Turns
    history: History
    settings: Settings
    ledger: Ledger
    letters: DeadLetters
    leases: Leases
    close: Callable[[], Awaitable[None]]

"""One store, whatever keeps it: the ports that wiring hands to the core."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.ports import DeadLetters, History, Leases, Ledger, Records, Results, Settings, Slots, Turns

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Store:
    """
    The ports of one opened store. `close` lets what is being written end first.

    Args:
        pepper: What the digests of keys in it are made with.
    """

    turns: Turns
    history: History
    settings: Settings
    ledger: Ledger
    records: Records
    results: Results
    letters: DeadLetters
    leases: Leases
    slots: Slots
    pepper: bytes = field(default=b"", kw_only=True, repr=False)
    close: Callable[[], Awaitable[None]]

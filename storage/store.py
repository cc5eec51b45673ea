"""One store, whatever keeps it: the ports that wiring hands to the core."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ports import DeadLetters, History, Leases, Ledger, Records, Results, Schedules, Settings, Slots, Turns

UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Keep:
    """
    How long things are kept.

    Args:
        history: A conversation, after its last message; None for ever.
        letters: What was given up.
    """

    history: timedelta | None = timedelta(days=90)
    letters: timedelta = timedelta(days=30)


USUAL = Keep()


@dataclass(frozen=True, slots=True)
class Store:
    """
    The ports of one opened store. `close` lets what is being written end first.

    Args:
        sweep: Forgets what is older now than `Keep` says, a little at a time, so that nobody waits long meanwhile.
            Returns how many conversations and letters these were; those that expire by themselves are not counted.
            Raises StorageDown. A conversation whose last message does not say when it was counts from the first sweep
            after it.
        pepper: What the digests of keys in it are made with.
    """

    turns: Turns
    history: History
    settings: Settings
    ledger: Ledger
    records: Records
    results: Results
    schedules: Schedules
    letters: DeadLetters
    leases: Leases
    slots: Slots
    pepper: bytes = field(default=b"", kw_only=True, repr=False)
    sweep: Callable[[datetime], Awaitable[int]]
    close: Callable[[], Awaitable[None]]

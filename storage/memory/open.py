"""Opens a store in memory."""

from datetime import datetime
from zoneinfo import ZoneInfo

from storage.memory.history import MemoryHistory
from storage.memory.leases import MemoryLeases
from storage.memory.ledger import MemoryLedger
from storage.memory.letters import MemoryLetters
from storage.memory.records import MemoryRecords
from storage.memory.results import MemoryResults
from storage.memory.schedules import MemorySchedules
from storage.memory.settings import MemorySettings
from storage.memory.slots import MemorySlots
from storage.memory.turns import MemoryTurns
from storage.store import USUAL, UTC_ZONE, Keep, Store


def open_memory(zone: ZoneInfo = UTC_ZONE, *, keep: Keep = USUAL) -> Store:
    """A store that lasts as long as the process. Its days begin at midnight in `zone`."""
    history, letters = MemoryHistory(), MemoryLetters()

    async def sweep(now: datetime) -> int:
        before = None if keep.history is None else now - keep.history
        return history.sweep(before, now) + letters.sweep(now - keep.letters)

    async def close() -> None:
        """Nothing to let go of."""

    return Store(
        turns=MemoryTurns(),
        history=history,
        settings=MemorySettings(),
        ledger=MemoryLedger(zone),
        records=MemoryRecords(),
        results=MemoryResults(),
        schedules=MemorySchedules(),
        letters=letters,
        leases=MemoryLeases(),
        slots=MemorySlots(),
        sweep=sweep,
        close=close,
    )

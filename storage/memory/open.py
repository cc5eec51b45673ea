"""Opens a store in memory."""

from zoneinfo import ZoneInfo

from storage.memory.history import MemoryHistory
from storage.memory.leases import MemoryLeases
from storage.memory.ledger import MemoryLedger
from storage.memory.letters import MemoryLetters
from storage.memory.records import MemoryRecords
from storage.memory.results import MemoryResults
from storage.memory.settings import MemorySettings
from storage.memory.slots import MemorySlots
from storage.memory.turns import MemoryTurns
from storage.store import UTC_ZONE, Store


def open_memory(zone: ZoneInfo = UTC_ZONE) -> Store:
    """A store that lasts as long as the process. Its days begin at midnight in `zone`."""

    async def close() -> None:
        """Nothing to let go of."""

    return Store(
        turns=MemoryTurns(),
        history=MemoryHistory(),
        settings=MemorySettings(),
        ledger=MemoryLedger(zone),
        records=MemoryRecords(),
        results=MemoryResults(),
        letters=MemoryLetters(),
        leases=MemoryLeases(),
        slots=MemorySlots(),
        close=close,
    )

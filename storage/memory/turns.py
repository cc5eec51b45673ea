"""bot.ports.Turns in dicts."""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import LeaseLost
from bot.ports import Ingested, Lease
from bot.turn import Turn


@dataclass(slots=True)
class _Lane:
    queue: list[str] = field(default_factory=list)
    due: datetime | None = None
    token: str = ""


class MemoryTurns:
    """bot.ports.Turns in dicts."""

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._stops: set[str] = set()
        self._lanes: dict[str, _Lane] = defaultdict(_Lane)

    async def ingest(self, turn: Turn, cap: int, now: datetime) -> Ingested:
        if turn.id in self._turns:
            return Ingested.KNOWN
        lane = self._lanes[turn.lane]
        if cap and len(lane.queue) >= cap:
            return Ingested.BUSY
        self._turns[turn.id] = turn
        lane.queue.append(turn.id)
        lane.due = lane.due or now
        return Ingested.NEW

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        ready = [(lane.due, name) for name, lane in self._lanes.items() if lane.due and lane.due <= now]
        return [name for _, name in heapq.nsmallest(limit, ready)]

    async def claim(self, lease: Lease, now: datetime, until: datetime) -> Turn | None:
        lane = self._lanes[lease.lane]
        if not lane.queue or (lane.due and lane.due > now):
            return None
        lane.token, lane.due = lease.token, until
        turn = self._turns[lane.queue[0]]
        self._turns[turn.id] = replace(turn, attempts=turn.attempts + 1)
        return self._turns[turn.id]

    async def renew(self, lease: Lease, until: datetime) -> None:
        self._held(lease).due = until

    async def save(self, lease: Lease, turn: Turn) -> bool:
        self._held(lease)
        self._turns[turn.id] = turn
        return turn.id in self._stops

    async def finish(self, lease: Lease, turn: Turn, now: datetime) -> None:
        lane = self._held(lease)
        self._turns[turn.id] = turn
        self._stops.discard(turn.id)
        lane.queue.remove(turn.id)
        lane.token, lane.due = "", now if lane.queue else None

    async def postpone(self, lease: Lease, turn: Turn, due: datetime) -> None:
        lane = self._held(lease)
        self._turns[turn.id] = turn
        lane.token, lane.due = "", due

    async def revive(self, turn: Turn, now: datetime) -> bool:
        if turn.id not in self._turns or not self._turns[turn.id].ended:
            return False
        del self._turns[turn.id]
        return await self.ingest(turn, 0, now) is Ingested.NEW

    async def get(self, room: str, turn: str) -> Turn | None:
        found = self._turns.get(turn)
        return found if found and found.origin.key.room == room else None

    async def waiting(self, lane: str) -> Sequence[str]:
        return tuple(self._lanes[lane].queue)

    async def stop(self, room: str, turn: str) -> None:
        found = await self.get(room, turn)
        if found and not found.ended:
            self._stops.add(turn)

    def _held(self, lease: Lease) -> _Lane:
        lane = self._lanes[lease.lane]
        if lane.token != lease.token:
            raise LeaseLost(lease.lane)
        return lane

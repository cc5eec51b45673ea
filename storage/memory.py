"""Every port in dicts: the reference that the other stores are held against. It forgets when the process ends."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.chat import ROOT, Message
from bot.errors import LeaseLost
from bot.ports import DeadLetter, Ingested, Lease
from bot.quota import Charge
from bot.turn import Turn
from storage.store import Store


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


class MemoryHistory:
    """bot.ports.History in dicts."""

    def __init__(self) -> None:
        self._trees: dict[str, dict[str, Message]] = defaultdict(dict)
        self._heads: dict[str, str] = {}
        self._shown: dict[tuple[str, str], tuple[str, str]] = {}

    async def append(self, session: str, messages: Sequence[Message]) -> None:
        tree = self._trees[session]
        if messages[-1].id not in tree:
            self._heads[session] = messages[-1].id
        for message in messages:
            tree.setdefault(message.id, message)

    async def path(self, session: str, node: str, limit: int) -> Sequence[Message]:
        tree, branch = self._trees[session], list[Message]()
        while node in tree and len(branch) < limit:
            branch.append(tree[node])
            node = tree[node].parent
        return branch[::-1]

    async def head(self, session: str) -> str:
        return self._heads.get(session, ROOT)

    async def move_head(self, session: str, node: str) -> None:
        self._heads[session] = node

    async def point(self, room: str, messages: Sequence[str], session: str, node: str) -> None:
        self._shown.update({(room, message): (session, node) for message in messages})

    async def find(self, room: str, message: str) -> tuple[str, str] | None:
        return self._shown.get((room, message))


class MemorySettings:
    """bot.ports.Settings in dicts."""

    def __init__(self) -> None:
        self._settings: dict[str, dict[str, str]] = defaultdict(dict)

    async def get(self, name: str) -> Mapping[str, str]:
        return dict(self._settings[name])

    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        kept = {**self._settings[name], **fields}
        self._settings[name] = {field: value for field, value in kept.items() if value}


class MemoryLedger:
    """bot.ports.Ledger in a dict."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}

    async def settle(self, charge: Charge) -> bool:
        return self._charges.setdefault(charge.id, charge) is charge

    async def charged(self, id: str) -> Charge | None:
        return self._charges.get(id)


class MemoryLetters:
    """bot.ports.DeadLetters in a dict, oldest first."""

    def __init__(self) -> None:
        self._letters: dict[str, DeadLetter] = {}

    async def add(self, letter: DeadLetter) -> None:
        self._letters.pop(letter.id, None)
        self._letters[letter.id] = letter

    async def newest(self, limit: int) -> Sequence[DeadLetter]:
        return sorted(self._letters.values(), key=lambda letter: letter.at, reverse=True)[:limit]

    async def get(self, id: str) -> DeadLetter | None:
        return self._letters.get(id)

    async def remove(self, id: str) -> None:
        self._letters.pop(id, None)


class MemoryLeases:
    """bot.ports.Leases in a dict."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, datetime]] = {}

    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        holder, end = self._held.get(office, ("", now))
        if holder != token and end > now:
            return False
        self._held[office] = (token, until)
        return True

    async def release(self, office: str, token: str) -> None:
        if self._held.get(office, ("",))[0] == token:
            del self._held[office]


def open_memory() -> Store:
    """A store that lasts as long as the process."""

    async def close() -> None:
        """Nothing to let go of."""

    return Store(
        MemoryTurns(), MemoryHistory(), MemorySettings(), MemoryLedger(), MemoryLetters(), MemoryLeases(), close
    )

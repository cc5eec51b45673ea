"""bot.ports.History in dicts."""

from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import datetime

from bot.chat import ROOT, Message


class MemoryHistory:
    """bot.ports.History in dicts."""

    def __init__(self) -> None:
        self._trees: dict[str, dict[str, Message]] = defaultdict(dict)
        self._heads: dict[str, str] = {}
        self._times: dict[str, datetime | None] = {}
        """When each conversation's last message was; None until a sweep finds it, where that is not known."""
        self._shown: dict[tuple[str, str], tuple[str, str]] = {}

    async def append(self, session: str, messages: Sequence[Message]) -> None:
        tree = self._trees[session]
        if messages[-1].id not in tree:
            self._heads[session] = messages[-1].id
            self._times[session] = _later(self._times.get(session, messages[-1].at), messages[-1].at)
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
        self._heads[session], self._times[session] = node, None

    async def point(self, room: str, messages: Sequence[str], session: str, node: str) -> None:
        self._shown.update({(room, message): (session, node) for message in messages})

    async def find(self, room: str, message: str) -> tuple[str, str] | None:
        return self._shown.get((room, message))

    async def forget(self, session: str) -> None:
        self._drop({session})

    def sweep(self, before: datetime | None, now: datetime) -> int:
        """Forget the conversations of before then; None for none. Returns how many."""
        late = {session for session, at in self._times.items() if before and at and at < before}
        self._drop(late)
        self._times = {session: at or now for session, at in self._times.items()}
        return len(late)

    def _drop(self, sessions: Set[str]) -> None:
        for session in sessions:
            for of_each in (self._trees, self._heads, self._times):
                of_each.pop(session, None)
        self._shown = {message: shown for message, shown in self._shown.items() if shown[0] not in sessions}


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else None

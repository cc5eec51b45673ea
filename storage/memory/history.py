"""bot.ports.History in dicts."""

from collections import defaultdict
from collections.abc import Sequence

from bot.chat import ROOT, Message


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

    async def forget(self, session: str) -> None:
        self._trees.pop(session, None)
        self._heads.pop(session, None)
        self._shown = {message: shown for message, shown in self._shown.items() if shown[0] != session}

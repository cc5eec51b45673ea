"""Records that count how often they are asked, and let others go on in between, as a store on a network does."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from bot.ports import Records


class WatchedRecords:
    """
    bot.ports.Records on others.

    Args:
        before_swap: What somebody else does just before the next document is written; each once, in their order.
    """

    def __init__(self, records: Records, *before_swap: Callable[[], Awaitable[object]]) -> None:
        self._records = records
        self._before_swap = list(before_swap)
        self.calls: Counter[str] = Counter()

    async def get(self, folder: str, name: str) -> str | None:
        await self._asked("get")
        return await self._records.get(folder, name)

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        await self._asked("swap")
        if self._before_swap:
            await self._before_swap.pop(0)()
        return await self._records.swap(folder, name, old, new)

    async def all(self, folder: str) -> Mapping[str, str]:
        await self._asked("all")
        return await self._records.all(folder)

    async def _asked(self, what: str) -> None:
        self.calls[what] += 1
        await asyncio.sleep(0)

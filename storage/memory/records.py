"""bot.ports.Records in dicts."""

from collections import defaultdict
from collections.abc import Mapping


class MemoryRecords:
    """bot.ports.Records in dicts."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, str]] = defaultdict(dict)

    async def get(self, folder: str, name: str) -> str | None:
        return self._folders[folder].get(name)

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        if self._folders[folder].get(name) != old:
            return False
        self._folders[folder].pop(name, None)
        if new is not None:
            self._folders[folder][name] = new
        return True

    async def all(self, folder: str) -> Mapping[str, str]:
        return dict(self._folders[folder])

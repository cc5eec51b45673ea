"""bot.ports.Settings in dicts."""

from collections import defaultdict
from collections.abc import Mapping


class MemorySettings:
    """bot.ports.Settings in dicts."""

    def __init__(self) -> None:
        self._settings: dict[str, dict[str, str]] = defaultdict(dict)

    async def get(self, name: str) -> Mapping[str, str]:
        return dict(self._settings[name])

    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        kept = {**self._settings[name], **fields}
        self._settings[name] = {field: value for field, value in kept.items() if value}

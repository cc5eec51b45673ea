"""bot.ports.DeadLetters in dicts."""

from collections.abc import Sequence
from datetime import datetime

from bot.ports import DeadLetter


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

    def sweep(self, before: datetime) -> int:
        """Forget the letters of before then. Returns how many."""
        late = [letter.id for letter in self._letters.values() if letter.at < before]
        for id in late:
            del self._letters[id]
        return len(late)

"""
How much of what callers sent is in memory at once: a few that are as large as they may be would fill it.

What is small costs nobody anything here. It is counted until it is answered, as it is written anew for the provider.
"""

from collections import Counter

from adapters.http.refusals import NoRoom

SMALL = 64 << 10
"""Bytes up to which a request is not counted."""

OF_ONE = 80 << 20
"""Bytes of all requests of one caller: two of the largest, or one with pictures that we fetch."""

OF_ALL = 160 << 20
"""Bytes of all requests."""


class Bodies:
    """What is in memory of all requests that are not answered yet."""

    def __init__(self) -> None:
        self._total = 0
        self._by_person: Counter[str] = Counter()

    def take(self, person: str, size: int) -> None:
        """Raises NoRoom."""
        if self._by_person[person] + size > OF_ONE:
            raise NoRoom(f"Your requests under way have {OF_ONE >> 20} MB. Send this one when they are answered.", 429)
        if self._total + size > OF_ALL:
            raise NoRoom("Too many large requests are under way. Send this one again in a moment.", 503)
        self._by_person[person] += size
        self._total += size

    def give_back(self, person: str, size: int) -> None:
        self._by_person[person] -= size
        self._total -= size
        if not self._by_person[person]:
            del self._by_person[person]


class Room:
    """What one request of a person has in memory, until it is closed."""

    def __init__(self, bodies: Bodies, person: str) -> None:
        self._bodies = bodies
        self._person = person
        self._size = 0

    def cover(self, size: int) -> None:
        """Have room for so many bytes in all. Raises NoRoom."""
        if size > SMALL and size > self._size:
            self._bodies.take(self._person, size - self._size)
            self._size = size

    def add(self, size: int) -> None:
        """Have room for so many bytes more. Raises NoRoom."""
        self.cover(self._size + size)

    def close(self) -> None:
        if self._size:
            self._bodies.give_back(self._person, self._size)
            self._size = 0

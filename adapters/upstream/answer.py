"""What an agent says to one request, between the one reader of its socket and whoever asked."""

import asyncio
from collections import deque

from adapters.upstream.frames import CutOff, Frame

LARGEST_ANSWER = 16 << 20
"""Characters of all frames of one answer: 32,000 tokens, each in an event of its own, have about 7 million."""

MOST_FRAMES = 200_000
"""Frames of one answer."""

UNREAD = 1 << 20
"""Characters of an answer that may wait to be read, and `UNREAD_FRAMES` frames."""

UNREAD_FRAMES = 4_096


class Answer:
    """
    What has come and was not read yet.

    `cancelled` is when nobody reads it any more, though more may come; `overdue` how many pings ago that was.
    """

    def __init__(self) -> None:
        self.cancelled = False
        self.overdue = 0
        self._unread: deque[tuple[Frame, int]] = deque()
        self._waiting = self._size = self._frames = 0
        self._came = asyncio.Event()
        self._over = ""

    def put(self, frame: Frame, size: int) -> bool:
        """Lay a frame down, of so many characters. Returns whether there was room for it. Raises CutOff."""
        self._size += size
        self._frames += 1
        if self._size > LARGEST_ANSWER or self._frames > MOST_FRAMES:
            raise CutOff("an answer has no end")
        if self._over or self.cancelled:
            return True
        if self._waiting + size > max(UNREAD, size) or len(self._unread) >= UNREAD_FRAMES:
            self.close("it was not read as fast as it came")
            return False
        self._unread.append((frame, size))
        self._waiting += size
        self._came.set()
        return True

    def close(self, why: str) -> None:
        """Nothing more comes."""
        self._over = self._over or why
        self._came.set()

    async def next(self) -> Frame:
        """Raises ConnectionError, once all is read and nothing more comes."""
        while not self._unread:
            if self._over:
                raise ConnectionError(self._over)
            self._came.clear()
            await self._came.wait()
        frame, size = self._unread.popleft()
        self._waiting -= size
        return frame

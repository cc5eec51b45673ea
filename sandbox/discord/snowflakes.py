"""Ids as Discord makes them: the time first, so that sorting by id is sorting by time."""

import time
from datetime import UTC, datetime

EPOCH = 1_420_070_400_000
"""Milliseconds of Unix time at which Discord's ids begin (docs.discord.com/developers/reference#snowflakes)."""


class Snowflakes:
    """Gives every id once, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        now = (int(time.time() * 1000) - EPOCH) << 22
        self._last = max(now, self._last + 1)
        return self._last


def born(snowflake: int) -> datetime:
    """When the thing of that id was made, UTC."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH) / 1000, UTC)

"""
The rules of places on accounts; storage/redis/lua/slot_take.lua has the same. Times are milliseconds since 1970, UTC.

How many are begun in a minute is told by a sliding window: in no minute, wherever it begins, are there more. A bucket
that fills again would let through nearly twice as many in the minute after a pause.
"""

from collections.abc import Sequence
from datetime import timedelta

MINUTE = 60_000

FULL = timedelta(seconds=1)
"""How long to wait while all places are taken: one may be given back at any moment, and nobody is told."""


def wait(taken: int, most: int, begun: Sequence[int], per_minute: int, now: int) -> timedelta | None:
    """
    How long to wait before asking for a place again; None when there is one.

    Args:
        taken: Places that are held by others.
        begun: When the newest were begun, oldest first, at least `per_minute` of them or all.
    """
    full = FULL if most and taken >= most else timedelta()
    window = begun[-per_minute] + MINUTE - now if per_minute and len(begun) >= per_minute else 0
    return max(full, timedelta(milliseconds=window)) or None

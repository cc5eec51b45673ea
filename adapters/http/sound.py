"""How long a recording is."""

import io

from tinytag import TinyTag, TinyTagException

SLOWEST = 2_000
"""
Bytes of a second, where nobody can tell how long a recording is: speech in Opus takes 16 kbit/s and more.

Source: wiki.xiph.org/Opus_Recommended_Settings
"""

FASTEST = 600_000
"""Bytes of a second, whatever a recording says of itself: two channels of 96,000 samples, of 24 bits each."""


def seconds_of(data: bytes, name: str) -> int:
    """
    The length of a recording, rounded up; by its size, and then rather too long, where its kind is not known.

    `name` is that of its file.
    """
    try:
        duration = TinyTag.get(name, file_obj=io.BytesIO(data), tags=False).duration
    except (TinyTagException, ValueError, LookupError, OSError):
        duration = None
    if not duration or duration < 0:
        return -(-len(data) // SLOWEST)
    return max(1, -int(-duration // 1), len(data) // FASTEST)

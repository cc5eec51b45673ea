"""
One process serves a file.

The lock is on a file beside it, which stays: SQLite's own locks would be lost if we opened and closed the database
file itself. The kernel lets go of the lock when its holder dies, however it dies.
"""

import fcntl
from pathlib import Path
from typing import IO

from bot.errors import StorageDown


def lock(path: Path) -> IO[str]:
    """
    Be the one that serves the file, until what is returned is closed.

    Raises:
        StorageDown: Another process serves it, or the folder cannot be written to.
    """
    real = path.resolve()
    beside = real.with_name(f"{real.name}.lock")
    try:
        held = beside.open("a")
    except OSError as error:
        raise StorageDown(f"sqlite: {beside}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        busy = isinstance(error, BlockingIOError)
        why = "another process serves it. For several processes use Redis" if busy else error.strerror
        raise StorageDown(f"sqlite: {path}: {why}") from error
    return held

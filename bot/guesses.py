"""
Wrong keys are counted, and who sent too many has to wait.

What can be told by its looks costs no look into the store, and is counted in this process (`bot.throttle.Typos`). A
key that is well formed and wrong is counted in the store, for all processes.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from bot.errors import KeyTypo, NoKey, UnknownKey
from bot.keys import Proof
from bot.ports import Records
from bot.records import change, forget_past
from bot.throttle import Guesser, Typos, admit_all, following

GUESSES = "guesses"
"""The folder: for each guesser the time up to which their guesses reach, in milliseconds since 1970."""


@contextlib.asynccontextmanager
async def counted(
    records: Records, typos: Typos, guessers: Sequence[Guesser], read: Callable[[], Proof], now: datetime
) -> AsyncIterator[Proof]:
    """
    Around whatever looks up a key that somebody sent: a wrong one counts, and after too many none is looked up.

    Args:
        read: Reads what was sent.

    Raises:
        KeyTypo, NoKey: It cannot be one; the store was not asked.
        TooManyGuesses: Somebody has to wait, be the key right or wrong.
    """
    typos.admit(guessers, now)
    try:
        proof = read()
    except (KeyTypo, NoKey):
        typos.count(guessers, now)
        raise
    await admit(records, guessers, now)
    try:
        yield proof
    except UnknownKey:
        await count(records, guessers, now)
        raise


async def admit(records: Records, guessers: Iterable[Guesser], now: datetime) -> None:
    """Raise TooManyGuesses when one of them has to wait."""
    admit_all([(guesser, int(await records.get(GUESSES, guesser.name) or 0)) for guesser in guessers], now)


async def count(records: Records, guessers: Iterable[Guesser], now: datetime) -> None:
    """
    Count one wrong key of each.

    Raises:
        TooManyGuesses: Others that were under way at the same time have used up what was allowed. It does not count.
    """
    for guesser in guessers:
        await change(records, GUESSES, guesser.name, partial(_counted, guesser, now))


def _counted(guesser: Guesser, now: datetime, raw: str | None) -> str:
    reached = int(raw or 0)
    admit_all([(guesser, reached)], now)
    return str(following(reached, guesser, now))


async def forget(records: Records, now: datetime) -> int:
    """Remove the counts of all whose hour has passed. Returns how many these were."""
    return await forget_past(records, GUESSES, now)

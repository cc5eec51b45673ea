"""
A process that fills a SQLite file as fast as it can, and says what it was promised. It is there to be killed.

As a program it forks one for every line on its input: that is there at once, with everything imported.
"""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.ports import Lease
from bot.turn import State, Turn, turn_id
from storage.sqlite import open_sqlite
from storage.store import Store
from tests.make import NOW, key, question

LANES = 4
LIFE = timedelta(minutes=1)
"""Between the births of two processes, on the clock that they go by: longer than a lease."""

LEASE = timedelta(seconds=30)


async def live(path: Path, life: int) -> None:
    now = NOW + life * LIFE
    store = await open_sqlite(path, now, sole=True)
    async with asyncio.TaskGroup() as lanes:
        for number in range(LANES):
            lanes.create_task(_fill(store, str(number), life, Lease(lane(str(number)), f"life {life}")))


async def _fill(store: Store, channel: str, life: int, lease: Lease) -> None:
    now, number = NOW + life * LIFE, 0
    while True:
        turn = make_turn(channel, f"{channel}.{life}.{number}")
        await store.turns.ingest(turn, 0, now)
        _say("asked", turn)
        oldest = await store.turns.claim(lease, now, now + LEASE)
        assert oldest is not None
        await store.turns.save(lease, replace(oldest, state=State.FINAL))
        await store.turns.finish(lease, replace(oldest, state=State.DONE), now)
        _say("done", oldest)
        number += 1


def lane(channel: str) -> str:
    return f"{key(channel=channel).room}/-/*"


def make_turn(channel: str, event: str) -> Turn:
    asked = question("Why is the sky blue? " * 20, event, key(channel=channel))
    return Turn(turn_id(asked.origin), lane(channel), lane(channel), asked)


def _say(what: str, turn: Turn) -> None:
    os.write(sys.stdout.fileno(), f"{what} {turn.id}\n".encode())


def main(path: Path) -> None:
    life = 0
    while sys.stdin.readline():
        child = os.fork()
        if child == 0:
            asyncio.run(live(path, life))
        os.write(sys.stdout.fileno(), f"born {child}\n".encode())
        os.waitpid(child, 0)
        os.write(sys.stdout.fileno(), b"dead\n")
        life += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))

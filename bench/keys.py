"""What a key costs whoever it is sent to: a wrong one, so that guessing keeps nobody busy, and a right one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import keyring, keys
from bot.errors import Refused
from bot.guesses import counted
from bot.keyring import KeyRecord, KeyScope
from bot.ports import Records
from bot.throttle import Guesser, Typos, by_person, from_address
from storage.memory import open_memory

INTRODUCTION = """## Keys

Microseconds of processor time, in the loop on which all chats wait, for one key over HTTP, with the store in memory:
what a store on disk or on a network takes for each question comes on top."""

BAD = 1_000_000
GOOD = 20_000

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PEPPER = b"pepper"


@dataclass(slots=True)
class _CountingRecords:
    """bot.ports.Records on others; counts what they are asked."""

    records: Records
    asked: int = 0

    async def get(self, folder: str, name: str) -> str | None:
        self.asked += 1
        return await self.records.get(folder, name)

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        self.asked += 1
        return await self.records.swap(folder, name, old, new)

    async def all(self, folder: str) -> Mapping[str, str]:
        self.asked += 1
        return await self.records.all(folder)


@dataclass(slots=True)
class _Door:
    """Where keys come in, as an HTTP server's does."""

    records: _CountingRecords
    typos: Typos

    async def knock(self, text: str, guesser: Guesser) -> bool:
        try:
            async with counted(self.records, self.typos, [guesser], lambda: keys.prove(PEPPER, keys.read(text)), NOW):
                await keyring.check(self.records, PEPPER, text, KeyScope.CHAT, "owl", NOW)
        except Refused:
            return False
        return True


async def report() -> str:
    good = await _good_key()
    typo = good[1][:-1] + ("a" if good[1][-1] != "a" else "b")
    rows = [
        "| key | sent | median | 99.9 % | longest | questions to the store for each |",
        "|---|---:|---:|---:|---:|---:|",
        await _row("a typo, from one person", BAD, good[0], lambda _: typo, lambda _: by_person("test:1")),
        await _row("a typo, each from another address", BAD, good[0], lambda _: typo, _somewhere),
        await _row("well formed and wrong, from one address", GOOD, good[0], _wrong, lambda _: _somewhere(0)),
        await _row("well formed and wrong, each from another address", GOOD, good[0], _wrong, _somewhere),
        await _row("right", GOOD, good[0], lambda _: good[1], _somewhere),
    ]
    return INTRODUCTION + "\n\n" + "\n".join(rows)


async def _good_key() -> tuple[Records, str]:
    store = open_memory()
    scopes = frozenset({KeyScope.CHAT, KeyScope.API})
    wanted = KeyRecord("test:1", NOW, NOW + timedelta(days=1), scopes)
    issued = await keyring.issue(store.records, store.ledger, PEPPER, wanted)
    key = await keyring.claim(store.records, PEPPER, issued.claim.reveal(), "test:1", NOW)
    return store.records, key.reveal()


async def _row(
    name: str, times: int, records: Records, text: Callable[[int], str], guesser: Callable[[int], Guesser]
) -> str:
    door = _Door(_CountingRecords(records), Typos())
    microseconds = sorted([await _microseconds(door.knock(text(number), guesser(number))) for number in range(times)])
    figures = (microseconds[int(share * (times - 1))] for share in (0.5, 0.999, 1))
    cells = " | ".join(f"{figure:,.1f}" for figure in figures)
    return f"| {name} | {times:,} | {cells} | {door.records.asked / times:.3g} |"


def _wrong(_: int) -> str:
    return keys.make().reveal()


def _somewhere(number: int) -> Guesser:
    return from_address(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")


async def _microseconds(work: Awaitable[object]) -> float:
    start = time.process_time()
    await work
    return (time.process_time() - start) * 1_000_000


if __name__ == "__main__":
    print(asyncio.run(report()))

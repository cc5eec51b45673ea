"""
Requests that a program may send twice: with the header Idempotency-Key, the second gets the first one's answer.

Source: datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header; that another body is refused with 409 is
the older practice of payment services.
"""

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from adapters.http.answer import Answer, Work, tell
from adapters.http.refusals import Rejected
from adapters.patience import patiently
from bot.caller import Caller
from bot.errors import StorageDown
from bot.ports import Ports
from bot.tasks import end, to_its_end

HEADER = "Idempotency-Key"

KEPT = timedelta(hours=24)

CLAIMED = timedelta(seconds=90)
"""How long a key stays claimed when its process dies; while that answers it claims the key anew, every `RENEW`."""

RENEW = CLAIMED / 3

LONGEST = 255
"""Characters of such a key."""

LARGEST = 1 << 20
"""Bytes of an answer that is kept. One that is larger is made anew."""

OF_ONE = 16 << 20
"""Bytes of one person's answers that a process keeps in a day. What comes after these is made anew, too."""

LEAST = 4 << 10
"""Bytes as which an answer counts at least: a name takes room, too."""


class Shelf:
    """How much this process has kept for whom today."""

    def __init__(self) -> None:
        self._day = date.min
        self._bytes: Counter[str] = Counter()

    def takes(self, person: str, size: int, now: datetime) -> bool:
        """Whether there is room for so many bytes more of theirs, which is then taken."""
        if now.date() != self._day:
            self._day, self._bytes = now.date(), Counter()
        size = max(size, LEAST)
        if size > LARGEST or self._bytes[person] + size > OF_ONE:
            return False
        self._bytes[person] += size
        return True


class Kept:
    """An answer that is kept before the last of it is sent: whoever has it may ask again at once."""

    def __init__(self, answer: Answer, keep: Callable[[bytes, bytes], Coroutine[Any, Any, None]]) -> None:
        self._answer = answer
        self._keep = keep
        self._status = 0
        self._type = ""
        self._data = bytearray()

    @property
    def begun(self) -> bool:
        return self._answer.begun

    async def begin(self, status: int, type: str, length: int | None = None) -> None:
        self._status, self._type = status, type
        await self._answer.begin(status, type, length)

    async def block(self, data: bytes) -> None:
        self._add(data)
        await self._answer.block(data)

    async def finish(self, data: bytes = b"") -> None:
        self._add(data)
        if self._status == 200:
            await to_its_end(self._keep(self._type.encode(), bytes(self._data)))
        await self._answer.finish(data)

    async def broken(self, data: bytes) -> None:
        await self._answer.broken(data)

    def _add(self, data: bytes) -> None:
        if len(self._data) <= LARGEST:
            self._data += data


@dataclass(slots=True)
class Repeatable:
    """
    A request with such a key: `name` is the key as its caller's own, `mark` tells the request from others.

    `decided` is whether its answer was kept, or cannot be just now: then nobody else gets the key for a time.
    """

    ports: Ports
    shelf: Shelf
    person: str
    name: str
    mark: str
    decided: bool = False

    async def answered(self, work: Work, answer: Answer) -> None:
        """Do the work, or send again what came of it. Raises Rejected, StorageDown, and as `work` does."""
        ports = self.ports
        found = await ports.results.begin(self.name, self.mark, CLAIMED, ports.now())
        if found is None:
            await self._made(work, answer)
        elif found.mark != self.mark:
            raise Rejected(f"That {HEADER} came with another request before.", 409, "idempotency_key_reused")
        elif found.body is None:
            raise Rejected("That very request is being answered.", 409, "idempotency_key_in_use")
        else:
            type, _, data = found.body.partition(b"\n")
            await tell(answer, 200, type.decode(), data)

    async def _made(self, work: Work, answer: Answer) -> None:
        try:
            async with self._renewed():
                await work(Kept(answer, self._keep))
        finally:
            if not self.decided:
                await to_its_end(self._drop())

    @contextlib.asynccontextmanager
    async def _renewed(self) -> AsyncIterator[None]:
        """Keep the name claimed for as long as this is open."""
        renewing = asyncio.ensure_future(self._renewing())
        try:
            yield
        finally:
            await end(renewing)

    async def _renewing(self) -> None:
        """Claim the name anew, until cancelled. A store that is down is asked again soon."""
        while True:
            await asyncio.sleep(RENEW.total_seconds())
            await patiently(f"the claim of an {HEADER}", self._renew, StorageDown)

    async def _renew(self) -> None:
        await self.ports.results.renew(self.name, self.mark, CLAIMED, self.ports.now())

    async def _drop(self) -> None:
        with contextlib.suppress(StorageDown):
            await self.ports.results.drop(self.name, self.mark)

    async def _keep(self, type: bytes, data: bytes) -> None:
        now = self.ports.now()
        if not self.shelf.takes(self.person, len(data), now):
            return
        self.decided = True
        with contextlib.suppress(StorageDown):
            await self.ports.results.keep(self.name, self.mark, type + b"\n" + data, KEPT, now)


def repeatable(ports: Ports, shelf: Shelf, caller: Caller, key: str, *request: bytes) -> Repeatable:
    """Raises Rejected for a key that is none."""
    if not key.strip() or len(key) > LONGEST:
        raise Rejected(f"An {HEADER} has 1 to {LONGEST} characters.", code="invalid_idempotency_key")
    name = hashlib.sha256(f"{caller.person}\0{key}".encode()).hexdigest()
    mark = hashlib.sha256()
    for part in request:
        mark.update(len(part).to_bytes(8, "big") + part)
    return Repeatable(ports, shelf, caller.person, name, mark.hexdigest())

"""
Requests that a program may send twice: with the header Idempotency-Key, the second gets the first one's answer.

Source: datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header; that another body is refused with 409 is
the older practice of payment services.
"""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.http.refusals import Rejected
from adapters.http.serving import Answer
from bot.api import HELD
from bot.caller import Caller
from bot.errors import StorageDown
from bot.ports import Ports
from bot.tasks import to_its_end

HEADER = "Idempotency-Key"

KEPT = timedelta(hours=24)

LONGEST = 255
"""Characters of such a key."""

LARGEST = 8 << 20
"""Bytes of an answer that is kept. One that is larger is made anew."""

Work = Callable[[Answer], Awaitable[None]]


class Kept(Answer):
    """An answer that is kept before the last of it is sent: whoever has it may ask again at once."""

    def __init__(self, answer: Answer, keep: Callable[[bytes], Coroutine[Any, Any, None]]) -> None:
        self._answer = answer
        self._keep = keep
        self._status = 0
        self._type = ""
        self._data = bytearray()
        self.done = False

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
        if self._status == 200 and len(self._data) <= LARGEST:
            self.done = True
            await to_its_end(self._keep(self._type.encode() + b"\n" + self._data))
        await self._answer.finish(data)

    async def broken(self, data: bytes) -> None:
        await self._answer.broken(data)

    def _add(self, data: bytes) -> None:
        if len(self._data) <= LARGEST:
            self._data += data


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request with such a key: `name` is the key as its caller's own, `mark` tells the request from others."""

    ports: Ports
    name: str
    mark: str

    async def answered(self, work: Work, answer: Answer) -> None:
        """Do the work, or send again what came of it. Raises Rejected, StorageDown, and as `work` does."""
        ports = self.ports
        found = await ports.results.begin(self.name, self.mark, HELD, ports.now())
        if found is None:
            await self._made(work, answer)
        elif found.mark != self.mark:
            raise Rejected(f"That {HEADER} came with another request before.", 409, "idempotency_key_reused")
        elif found.body is None:
            raise Rejected("That very request is being answered.", 409, "idempotency_key_in_use")
        else:
            type, _, data = found.body.partition(b"\n")
            await answer.whole(200, type.decode(), data)

    async def _made(self, work: Work, answer: Answer) -> None:
        kept = Kept(answer, self._keep)
        try:
            await work(kept)
        finally:
            if not kept.done:
                await to_its_end(self._drop())

    async def _drop(self) -> None:
        with contextlib.suppress(StorageDown):
            await self.ports.results.drop(self.name, self.mark)

    async def _keep(self, record: bytes) -> None:
        with contextlib.suppress(StorageDown):
            await self.ports.results.keep(self.name, self.mark, record, KEPT, self.ports.now())


def repeatable(ports: Ports, caller: Caller, key: str, *request: bytes) -> Repeatable:
    """Raises Rejected for a key that is none."""
    if not key.strip() or len(key) > LONGEST:
        raise Rejected(f"An {HEADER} has 1 to {LONGEST} characters.", code="invalid_idempotency_key")
    name = hashlib.sha256(f"{caller.person}\0{key}".encode()).hexdigest()
    mark = hashlib.sha256()
    for part in request:
        mark.update(len(part).to_bytes(8, "big") + part)
    return Repeatable(ports, name, mark.hexdigest())

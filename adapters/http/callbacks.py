"""
Long work that a program does not wait for: it is given a task's name, and the result is posted to it later.

A result is signed with the key by which the work was asked for, which nobody else has: see `adapters.fetch.signature`.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable

from fastapi.responses import JSONResponse
from pydantic_core import from_json, to_json

from adapters.fetch import Poster, check_url
from adapters.fetch.errors import NotFetched
from adapters.http import refusals
from adapters.http.answer import Work
from adapters.http.calls import FIELD
from adapters.http.refusals import Rejected, told
from bot.api import Desk
from bot.errors import BotError, Broken

log = logging.getLogger(__name__)

MOST = 4
"""Tasks of one caller at once."""

LAST = 2.0
"""Seconds for the last words on a task that ends with us."""


class Ended(Broken):
    """We were told to end, and would not wait for a task any longer."""

    for_user = "The service ended before this was done. Ask again."


class Tasks:
    """The work that goes on with nobody waiting. It ends with the process, which says so where it still can."""

    def __init__(self, desk: Desk, poster: Poster) -> None:
        self._desk = desk
        self._poster = poster
        self._by_person: Counter[str] = Counter()

    def begin(self, person: str, url: object, key: str, work: Work, over: Callable[[], None]) -> JSONResponse:
        """Begin some work; `over` is called at its end. Returns what its caller gets at once. Raises Rejected."""
        if not isinstance(url, str):
            raise Rejected(f"`{FIELD}` must be an address.", param=FIELD)
        try:
            check_url(url)
        except NotFetched as error:
            raise Rejected(f"`{FIELD}` must be a public https address.", param=FIELD) from error
        if self._by_person[person] >= MOST:
            raise Rejected(f"{MOST} of your tasks are under way. Wait for one to end.", 429, "too_many_tasks")
        id = f"task_{secrets.token_hex(12)}"
        self._by_person[person] += 1
        task = self._desk.aside(self._done(id, url, key, work))
        task.add_done_callback(lambda _: self._over(person))
        task.add_done_callback(lambda _: over())
        return JSONResponse({"task_id": id})

    def _over(self, person: str) -> None:
        self._by_person[person] -= 1
        if not self._by_person[person]:
            del self._by_person[person]

    async def _done(self, id: str, url: str, key: str, work: Work) -> None:
        """Do the work, and post what came of it; that it ended with us, when we end first."""
        news = {"task_id": id, **_failure(Ended(id))}
        try:
            news = {"task_id": id, **await _outcome(work)}
            if not await self._poster.post(url, to_json(news), key):
                log.warning("task %s: its result was not taken", id)
        except asyncio.CancelledError:
            await self._last_words(url, to_json(news), key)
            raise

    async def _last_words(self, url: str, news: bytes, key: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST):
                await self._poster.post(url, news, key)


async def _outcome(work: Work) -> dict[str, object]:
    """What came of some work, as a status and a result."""
    answer = Posted()
    try:
        await work(answer)
        return {"status": answer.status, "result": from_json(bytes(answer.data))}
    except BotError as error:
        return _failure(error)
    except ValueError:
        return _failure(BotError())


def _failure(error: BotError) -> dict[str, object]:
    how = told(error)
    return {"status": how.status, "result": refusals.body(refusals.OPENAI[0], error.for_user, how)}


class Posted:
    """An answer that is to be posted."""

    def __init__(self) -> None:
        self.status = 0
        self.data = bytearray()

    @property
    def begun(self) -> bool:
        return bool(self.status)

    async def begin(self, status: int, type: str, length: int | None = None) -> None:
        del type, length
        self.status = status

    async def block(self, data: bytes) -> None:
        self.data += data

    async def finish(self, data: bytes = b"") -> None:
        self.data += data

    async def broken(self, data: bytes) -> None:
        self.data += data

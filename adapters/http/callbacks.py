"""
Long work that a program does not wait for: it is given a task's name, and the result is posted to it later.

A result is signed with the key by which the work was asked for, which nobody else has: see `adapters.fetch.signature`.
"""

import logging
import secrets
from collections import Counter

from fastapi.responses import JSONResponse
from pydantic_core import from_json, to_json

from adapters.fetch import Poster, check_url
from adapters.fetch.errors import NotFetched
from adapters.http import refusals
from adapters.http.calls import FIELD
from adapters.http.refusals import Rejected, Told, told
from adapters.http.repeats import Work
from adapters.http.serving import Answer
from bot.api import Desk
from bot.errors import BotError

log = logging.getLogger(__name__)

MOST = 4
"""Tasks of one caller at once."""


class Tasks:
    """The work that goes on with nobody waiting. It ends with the process."""

    def __init__(self, desk: Desk, poster: Poster) -> None:
        self._desk = desk
        self._poster = poster
        self._by_person: Counter[str] = Counter()

    def begin(self, person: str, url: object, key: str, work: Work) -> JSONResponse:
        """Begin some work. Returns what its caller gets at once. Raises Rejected."""
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
        self._desk.aside(self._done(id, url, key, work)).add_done_callback(lambda _: self._over(person))
        return JSONResponse({"task_id": id})

    def _over(self, person: str) -> None:
        self._by_person[person] -= 1
        if not self._by_person[person]:
            del self._by_person[person]

    async def _done(self, id: str, url: str, key: str, work: Work) -> None:
        """Do the work, and post what came of it."""
        answer = _Posted()
        try:
            await work(answer)
            body = {"task_id": id, "status": answer.status, "result": from_json(bytes(answer.data))}
        except BotError as error:
            body = {"task_id": id, **_failure(error, told(error))}
        except ValueError:
            body = {"task_id": id, **_failure(BotError(), told(BotError()))}
        if not await self._poster.post(url, to_json(body), key):
            log.warning("task %s: its result was not taken", id)


def _failure(error: BotError, how: Told) -> dict[str, object]:
    log.warning("a task failed: %s: %s", type(error).__name__, error)
    return {"status": how.status, "result": refusals.body(refusals.OPENAI[0], error.for_user, how)}


class _Posted(Answer):
    """An answer that is kept, to be posted."""

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

"""Updates pushed to the bot's own server, one after another, each until it is taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from sandbox.telegram.state import Json
from sandbox.telegram.updates import Pending, Updates

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
"""core.telegram.org/bots/api#setwebhook."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts at most."""
READ_TIMEOUT = 60.0
"""Seconds that the bot has for its answer."""


@dataclass(frozen=True, slots=True)
class Target:
    url: str
    secret: str
    max_connections: int


class Webhook:
    """
    Pushes what waits in the queue, in order and one at a time, while a target is set.

    The real one keeps the order within a chat only, and serves up to `max_connections` chats at once.

    Args:
        first_wait: Seconds before a second attempt; doubled for each further one.
        clock: Unix time in seconds.
        answer: What to do with a method call that the bot puts into its answer: its name, its parameters.
    """

    def __init__(
        self,
        updates: Updates,
        first_wait: float,
        clock: Callable[[], float],
        answer: Callable[[str, Json], Awaitable[None]],
    ) -> None:
        self.target: Target | None = None
        self.last_error: tuple[int, str] | None = None
        self._updates = updates
        self._first_wait = first_wait
        self._clock = clock
        self._answer = answer
        self._task: asyncio.Task[None] | None = None

    async def set(self, target: Target | None) -> None:
        await self.close()
        self.target, self.last_error = target, None
        if target:
            self._task = asyncio.create_task(self._push_all(target))

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _push_all(self, target: Target) -> None:
        wait = self._first_wait
        async with ClientSession(timeout=ClientTimeout(total=READ_TIMEOUT)) as http:
            while True:
                await self._updates.arrived.wait()
                update = self._updates.pending[0]
                if await self._push(http, target, update):
                    self._updates.done(update)
                    wait = self._first_wait
                else:
                    await asyncio.sleep(wait)
                    wait = min(LONGEST_WAIT, 2 * wait)

    async def _push(self, http: ClientSession, target: Target, update: Pending) -> bool:
        headers = {SECRET_HEADER: target.secret} if target.secret else {}
        try:
            async with http.post(target.url, json=update.body, headers=headers) as response:
                if response.ok:
                    await self._follow(response)
                else:
                    reason = HTTPStatus(response.status).phrase
                    self._failed(f"Wrong response from the webhook: {response.status} {reason}")
                return response.ok
        except TimeoutError:
            self._failed("Read timeout expired")
        except ClientError:
            self._failed("Connection refused")
        return False

    async def _follow(self, response: ClientResponse) -> None:
        """core.telegram.org/bots/api#making-requests-when-getting-updates; its result is told to nobody."""
        try:
            call = json.loads(await response.read())
        except ValueError:
            return
        if isinstance(call, dict) and isinstance(call.get("method"), str):
            await self._answer(call.pop("method"), call)

    def _failed(self, reason: str) -> None:
        self.last_error = (int(self._clock()), reason)
        self._updates.changed()

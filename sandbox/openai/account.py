"""One provider account: what all its routes work with, and the way that every paid answer takes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from sandbox.openai import stage
from sandbox.openai.asked import Asked
from sandbox.openai.books import Bill, Books
from sandbox.openai.cues import Cues
from sandbox.openai.errors import ApiError, Refusal
from sandbox.openai.models import Model
from sandbox.openai.script import Raw, Script, limited
from sandbox.traffic import Traffic

Performance = Callable[[Script, Bill], Awaitable[web.StreamResponse]]
"""Gives an answer as a script has it, and writes down what it costs."""


@dataclass(frozen=True, slots=True)
class Account:
    """`hurry` is how many times faster than written the scripts are played."""

    models: Mapping[str, Model]
    cues: Cues
    books: Books
    traffic: Traffic
    hurry: float

    def pace(self) -> stage.Pace:
        return stage.Pace(self.hurry)

    async def answer(self, request: web.Request, asked: Asked, perform: Performance) -> web.StreamResponse:
        """
        Take the cue for a request and follow it.

        Raises:
            ApiError: The cue is a refusal.
        """
        self.books.requests.append(asked.body)
        answer = self.cues.take(asked)
        if isinstance(answer, Refusal):
            raise ApiError(answer)
        try:
            if isinstance(answer, Raw):
                return await stage.raw(request, answer)
            with self._billed(asked) as bill:
                return await perform(limited(answer, asked.most, asked.stops), bill)
        except stage.Cut:
            return _broken(request)

    @contextmanager
    def _billed(self, asked: Asked) -> Iterator[Bill]:
        """An answer being given: one of the open ones, and on the invoice whatever becomes of it."""
        bill = Bill(asked.model, asked.prompt_tokens, route=asked.route)
        self.books.invoice.append(bill)
        self.books.open += 1
        try:
            yield bill
        except (asyncio.CancelledError, ConnectionError):
            bill.cancelled = True
            self.books.cancelled += 1
            raise
        finally:
            self.books.open -= 1

    async def stream(
        self, request: web.Request, events: stage.Events, script: Script, bill: Bill, choices: int = 1
    ) -> web.StreamResponse:
        """Give a script as server-sent events."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        sender = stage.Sender(response, script.wire, self.pace(), events.comment())
        try:
            await stage.stream(sender, events, script, bill, choices)
        finally:
            if self.traffic.listeners:
                self.traffic.report(request, await request.read(), response, bytes(sender.sent))
        return response


def _broken(request: web.Request) -> web.StreamResponse:
    """Break the connection. What is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

"""POST /v1/chat/completions: check, take an answer from the cues, play it, keep the books."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aiohttp import web

from sandbox.openai import checks, stage
from sandbox.openai.asked import Asked
from sandbox.openai.books import Bill, Books
from sandbox.openai.cues import Cues
from sandbox.openai.errors import ApiError, Refusal
from sandbox.openai.models import Model
from sandbox.openai.payloads import Events
from sandbox.openai.script import Raw, Script, limited
from sandbox.traffic import Traffic


class Completions:
    """
    The route.

    Args:
        hurry: How many times faster than written the scripts are played.
    """

    def __init__(self, models: Mapping[str, Model], cues: Cues, books: Books, traffic: Traffic, hurry: float) -> None:
        self._models = models
        self._cues = cues
        self._books = books
        self._traffic = traffic
        self._hurry = hurry

    async def create(self, request: web.Request) -> web.StreamResponse:
        asked = checks.parse(await request.read(), self._models)
        self._books.requests.append(asked.body)
        answer = self._cues.take(asked)
        if isinstance(answer, Refusal):
            raise ApiError(answer)
        try:
            if isinstance(answer, Raw):
                return await stage.raw(request, answer)
            script = limited(answer, asked.most, asked.stops)
            with self._billed(asked) as bill:
                return await self._give(request, asked, script, bill)
        except stage.Cut:
            return _broken(request)

    @contextmanager
    def _billed(self, asked: Asked) -> Iterator[Bill]:
        """An answer being given: one of the open ones, and on the invoice whatever becomes of it."""
        bill = Bill(asked.model, asked.prompt_tokens)
        self._books.invoice.append(bill)
        self._books.open += 1
        try:
            yield bill
        except (asyncio.CancelledError, ConnectionError):
            bill.cancelled = True
            self._books.cancelled += 1
            raise
        finally:
            self._books.open -= 1

    async def _give(self, request: web.Request, asked: Asked, script: Script, bill: Bill) -> web.StreamResponse:
        if asked.stream:
            return await self._stream(request, asked, script, bill)
        return await stage.whole(asked, script, bill, stage.Pace(self._hurry))

    async def _stream(self, request: web.Request, asked: Asked, script: Script, bill: Bill) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        events = Events(asked, script.wire.line_end)
        sender = stage.Sender(response, script.wire, stage.Pace(self._hurry), events.comment())
        try:
            await stage.stream(sender, events, asked, script, bill)
        finally:
            if self._traffic.listeners:
                self._traffic.report(request, await request.read(), response, bytes(sender.sent))
        return response


def _broken(request: web.Request) -> web.StreamResponse:
    """Break the connection. What is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

"""Plays a script to one client over one connection, at the script's pace."""

import asyncio
import json
from typing import Any, Protocol

from aiohttp import web

from sandbox.openai import errors
from sandbox.openai.books import Bill
from sandbox.openai.script import Ending, Piece, Raw, Script, Wire

HOUR = 3600.0


class Cut(Exception):
    """The connection is to break here."""


class Events(Protocol):
    """The bytes of one streamed answer, in the format of its route."""

    def opening(self) -> bytes: ...

    def delta(self, piece: Piece) -> bytes: ...

    def finish(self, ending: Ending, bill: Bill) -> bytes:
        """What comes after the last piece of an answer that ends well."""
        ...

    def error(self, body: dict[str, Any]) -> bytes:
        """`body` is what a refusal would have."""
        ...

    def garbage(self) -> bytes:
        """Half an event, as if whole."""
        ...

    def comment(self) -> bytes: ...


class Pace:
    """The time of a script: what is late is made up for. `hurry` is how many times faster than written."""

    def __init__(self, hurry: float) -> None:
        self._hurry = hurry
        self._due = asyncio.get_running_loop().time()

    def until(self, after: float) -> float:
        """Seconds to wait so that `after` more of the script's seconds are over; 0 or less when they are already."""
        self._due += after / self._hurry
        return self._due - asyncio.get_running_loop().time()

    def scaled(self, seconds: float) -> float:
        return seconds / self._hurry


class Sender:
    """Writes the bytes of a stream as `wire` tells. What is due at the same moment leaves in one write."""

    def __init__(self, response: web.StreamResponse, wire: Wire, pace: Pace, comment: bytes) -> None:
        self._response = response
        self._wire = wire
        self._pace = pace
        self._comment = comment
        self._pending = bytearray()
        self.sent = bytearray()

    def put(self, data: bytes) -> None:
        self._pending += data

    async def wait(self, after: float) -> None:
        """Let `after` seconds of the script go by."""
        delay = self._pace.until(after)
        if delay <= 0:
            return
        await self.flush()
        every = self._pace.scaled(self._wire.keep_alive)
        while every and delay > every:
            await asyncio.sleep(every)
            delay -= every
            await self._write(self._comment)
        await asyncio.sleep(delay)

    async def flush(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        size = self._wire.split or len(data)
        for start in range(0, len(data), size or 1):
            await self._write(data[start : start + size])
            if self._wire.split:
                await asyncio.sleep(self._pace.scaled(self._wire.drip))

    async def _write(self, data: bytes) -> None:
        await self._response.write(data)
        self.sent += data


async def stream(sender: Sender, events: Events, script: Script, bill: Bill, choices: int) -> None:
    """
    Say it all, then end as the script ends. `bill` grows with each piece.

    Raises:
        Cut: The connection is to break.
    """
    sender.put(events.opening())
    for piece in script.pieces:
        await sender.wait(piece.after)
        sender.put(events.delta(piece))
        charge(bill, piece, choices)
    await _end(sender, events, script, bill)
    await sender.flush()


def charge(bill: Bill, piece: Piece, choices: int) -> None:
    tokens = piece.cost * choices
    bill.completion += tokens
    if piece.thought:
        bill.thought += tokens


async def _end(sender: Sender, events: Events, script: Script, bill: Bill) -> None:
    match script.ending:
        case Ending.CUT:
            await sender.flush()
            raise Cut
        case Ending.HANG:
            await sender.flush()
            while True:
                await sender.wait(HOUR)
        case Ending.GARBAGE:
            sender.put(events.garbage())
        case Ending.ERROR:
            sender.put(events.error(_error(script)))
        case Ending.STOP | Ending.LENGTH | Ending.FILTER | Ending.TOOLS:
            sender.put(events.finish(script.ending, bill))


def _error(script: Script) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((script.error or errors.server_error()).body)
    return body


async def think(script: Script, pace: Pace) -> None:
    """Let all the time go by that the script takes."""
    await asyncio.sleep(max(0.0, pace.until(script.seconds)))


async def whole(script: Script, body: bytes, content_type: str = "application/json") -> web.Response:
    """
    The answer in one body.

    Endings that only a stream can have become what comes nearest: an empty body, half a body, an error.

    Raises:
        Cut: The connection is to break.
    """
    match script.ending:
        case Ending.CUT:
            raise Cut
        case Ending.HANG:
            await asyncio.Event().wait()
        case Ending.EOF:
            body = b""
        case Ending.GARBAGE:
            body = body[: len(body) // 2]
        case Ending.ERROR:
            return refused(script.error or errors.server_error())
    return web.Response(body=body, content_type=content_type)


async def raw(request: web.Request, answer: Raw) -> web.Response:
    """
    Put bytes on the wire as they are, before anything else could get there. What is returned reaches nobody.

    Raises:
        Cut: The connection is to break.
    """
    await asyncio.sleep(answer.after)
    if request.transport is None:
        raise Cut
    request.transport.write(answer.data)
    match answer.ending:
        case Ending.HANG:
            await asyncio.Event().wait()
        case Ending.CUT:
            raise Cut
    request.transport.close()
    return web.Response()


def refused(refusal: errors.Refusal) -> web.Response:
    return web.Response(
        text=refusal.body, status=refusal.status, headers=refusal.headers, content_type=refusal.content_type
    )

"""A provider that needs no time, in a process of its own. Each event of a stream leaves by itself."""

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any, cast

import httptools
import uvloop

from bench.gateway import exchange
from bench.processes import on_core

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
END = b"0\r\n\r\n"


@contextlib.contextmanager
def provider(core: int) -> Iterator[int]:
    """A provider on that core; its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_provide, args=(theirs,))
    with on_core(core):
        process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _provide(told: Connection) -> None:
    async def serve() -> None:
        replies = Replies()
        server = await asyncio.get_running_loop().create_server(lambda: _Client(replies), "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


class Replies:
    """All that is ever answered, ready to be sent."""

    def __init__(self) -> None:
        body = exchange.answer()
        self.whole = _head(b"application/json", b"Content-Length: %d" % len(body)) + body
        self.streams = {usage: _pieces(exchange.events(usage)) for usage in (False, True)}


def _head(kind: bytes, length: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%b\r\n\r\n" % (kind, length)


def _pieces(events: list[bytes]) -> list[bytes]:
    """The head goes with the first event, the end of the body with the last one."""
    first, *others = (b"%x\r\n%b\r\n" % (len(event), event) for event in events)
    return [_head(b"text/event-stream", b"Transfer-Encoding: chunked") + first, *others[:-1], others[-1] + END]


class _Client(asyncio.Protocol):
    """A connection on which one question comes after the other."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._url = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        url, body, self._url, self._body = self._url, self._body, b"", b""
        if url == exchange.PATH.encode():
            self._answer(json.loads(body))
        else:
            self._transport.write(NOT_FOUND)

    def _answer(self, asked: Mapping[str, Any]) -> None:
        if asked.get("stream"):
            options = asked.get("stream_options") or {}
            self._send(iter(self._replies.streams[bool(options.get("include_usage"))]))
        else:
            self._transport.write(self._replies.whole)

    def _send(self, pieces: Iterator[bytes]) -> None:
        """One piece in each round of the loop: what is written in the same one would leave as one packet."""
        piece = next(pieces, None)
        if piece is not None and not self._transport.is_closing():
            self._transport.write(piece)
            self._loop.call_soon(self._send, pieces)

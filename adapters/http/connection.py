"""
Connections: uvicorn waits for ever for a head, of whatever size, for a body that nobody reads, and for those who do not
read what they are sent. Whoever has no key could otherwise fill our memory, or take all our connections.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.http.joined import Joined
from adapters.http.presence import Presence

LARGEST = 1 << 16
"""Bytes of a head; more only where they all come at once."""

PATIENCE = 30.0
"""Seconds between two looks at a connection. One on which nothing was asked in between is closed."""

STALLED = 60.0
"""Seconds for which a caller may leave unread what they are sent; found out at the next look."""

TOO_LARGE = b"The head of this request is too large."

REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: text/plain\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(TOO_LARGE), TOO_LARGE)
)


class Connection(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._read = 0  # bytes of a head that is not all there
        self._in_head = True
        self._last: object = self  # the request that was answered at the last look; None when there was none yet
        self._watch: asyncio.TimerHandle | None = None
        self._presence = Presence()
        self._unread_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(Joined(transport, self.loop))  # type: ignore[arg-type]
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)
        self._presence.leave()

    def pause_writing(self) -> None:
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._presence.whole = False
        self._presence.put_into(self.scope)  # type: ignore[arg-type]  # uvicorn has a type of its own for it

    def handle_websocket_upgrade(self) -> None:
        self._unwatch()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._read += len(data)
        super().data_received(data)
        if self._in_head and self._read > LARGEST and not self.transport.is_closing():
            self.transport.write(REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._read, self._presence.whole = True, 0, True
        super().on_message_complete()
        if not self.pipeline:
            self.flow.resume_reading()  # uvicorn does not after a large body, and would not see that its caller leaves

    def _look(self) -> None:
        """
        Close a connection on which nothing is being answered, and nothing was asked since the last look; and one whose
        caller reads nothing: others want its place.
        """
        if self._unread_since is not None and self.loop.time() - self._unread_since > STALLED:
            self.transport.abort()
            return
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.cycle is self._last:
            self.transport.close()
            return
        self._last = self.cycle if idle else self
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

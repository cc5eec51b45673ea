"""A way to a Redis on which connections can be reset, as a balancer does with those that were idle for too long."""

import asyncio
import contextlib
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator

from sandbox.listening import listening

AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: what closes is not said goodbye to, but reset."""


class Way:
    """Connections to a port, passed on. What is in `before` goes before whatever the server says next."""

    def __init__(self, port: int) -> None:
        self.before = b""
        self._port = port
        self._callers: set[StreamWriter] = set()

    async def reset(self) -> None:
        """Reset every connection, and return when whoever held it can know."""
        for caller in self._callers:
            caller.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            caller.transport.abort()
        await asyncio.sleep(0.1)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        back, there = await asyncio.open_connection("127.0.0.1", self._port)
        self._callers.add(writer)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, there))
                both.create_task(self._pass(back, writer))
        finally:
            self._callers.discard(writer)

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if writer in self._callers:
                    data, self.before = self.before + data, b""
                writer.write(data)
        except OSError:
            pass  # it was reset
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def way_to(port: int) -> AsyncIterator[tuple[Way, str]]:
    """The way, and the address at which it begins."""
    way = Way(port)
    async with listening(way.serve) as near:
        yield way, f"redis://127.0.0.1:{near}"

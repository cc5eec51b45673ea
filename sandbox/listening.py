"""A loopback server that serves each client in a task of its own, and ends them all with it."""

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable


@contextlib.asynccontextmanager
async def listening(
    serve: Callable[[StreamReader, StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve whoever connects, as long as the block lasts. Yields the port."""
    clients: set[asyncio.Future[None]] = set()

    def accept(reader: StreamReader, writer: StreamWriter) -> None:
        client = asyncio.ensure_future(serve(reader, writer))
        clients.add(client)
        client.add_done_callback(clients.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await server.wait_closed()

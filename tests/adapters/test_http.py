"""adapters.http.server: it says what is wrong when it cannot listen, and closes when it is told."""

import asyncio
import socket

import pytest

from adapters.http.errors import CannotListen
from adapters.http.server import create, serve


async def test_a_port_that_is_taken_is_told() -> None:
    """Two services on one machine is a common mistake."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotListen, match="is another program using it"):
            await serve(create(), "127.0.0.1", taken.getsockname()[1])


async def test_it_closes_when_cancelled() -> None:
    """The port is free for whoever comes next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = asyncio.ensure_future(serve(create(), "127.0.0.1", port))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.01)
    writer.close()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)

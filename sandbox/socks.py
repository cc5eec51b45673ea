"""
A SOCKS5 proxy on loopback: CONNECT, with a login or without one.

Source: RFC 1928, and RFC 1929 for the login.
"""

import asyncio
import contextlib
import ipaddress
import secrets
import socket
from asyncio import StreamReader, StreamWriter
from types import TracebackType
from typing import Self
from urllib.parse import quote

from sandbox.listening import listening

VERSION, LOGIN_VERSION, RESERVED = 5, 1, 0
NO_LOGIN, LOGIN, NONE_OF_THESE = 0, 2, 0xFF
CONNECT = 1
IPV4, NAME, IPV6 = 1, 3, 4
GRANTED, FAILED, NO_NETWORK, NO_HOST, REFUSED, NO_COMMAND, NO_ADDRESS = 0, 1, 3, 4, 5, 7, 8

ANYWHERE = bytes((IPV4, 0, 0, 0, 0, 0, 0))
"""The address in a reply that has none to tell."""

PIECE = 1 << 16


class _Refusal(Exception):
    """What is answered before the connection is closed; nothing where the RFCs know no answer."""

    def __init__(self, reply: bytes = b"") -> None:
        super().__init__(reply)
        self.reply = reply


class Socks:
    """
    A proxy, open as long as the block lasts.

    Args:
        login: The name and the password that it asks for; None lets everybody in.
    """

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.port = 0
        self.destinations: list[tuple[str, int]] = []
        """What it has connected to, by the name that it was told."""
        self.refused = 0
        self.sent = self.received = 0
        """Bytes that it has carried to destinations, and back."""
        self._login = login
        self._open = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        user = ":".join(quote(part, safe="") for part in self._login) + "@" if self._login else ""
        return f"socks5://{user}127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self.port = await self._open.enter_async_context(listening(self._serve))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One client, from its greeting to the end of what is carried for it."""
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(contextlib.suppress(ConnectionError, asyncio.IncompleteReadError))
            stack.callback(writer.close)
            try:
                await self._greet(reader, writer)
                host, port = await _asked(reader)
                there, back = await _connected(host, port)
            except _Refusal as refusal:
                self.refused += 1
                writer.write(refusal.reply)
                await writer.drain()
                return
            stack.callback(back.close)
            self.destinations.append((host, port))
            writer.write(_reply(GRANTED, back))
            with contextlib.suppress(ExceptionGroup):
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._send(reader, back))
                    ways.create_task(self._receive(there, writer))

    async def _greet(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Agree on a method, and ask for the login. Raises _Refusal."""
        version, count = await reader.readexactly(2)
        if version != VERSION:
            raise _Refusal
        wanted = LOGIN if self._login else NO_LOGIN
        if wanted not in await reader.readexactly(count):
            raise _Refusal(bytes((VERSION, NONE_OF_THESE)))
        writer.write(bytes((VERSION, wanted)))
        if self._login:
            await self._check(self._login, reader, writer)

    async def _check(self, login: tuple[str, str], reader: StreamReader, writer: StreamWriter) -> None:
        (version,) = await reader.readexactly(1)
        if version != LOGIN_VERSION:
            raise _Refusal
        told = [await _counted(reader) for _ in login]
        if not all(secrets.compare_digest(said, part.encode()) for said, part in zip(told, login, strict=True)):
            raise _Refusal(bytes((LOGIN_VERSION, FAILED)))
        writer.write(bytes((LOGIN_VERSION, GRANTED)))

    async def _send(self, reader: StreamReader, writer: StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            self.sent += len(piece)
            writer.write(piece)
            await writer.drain()
        writer.write_eof()

    async def _receive(self, reader: StreamReader, writer: StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            self.received += len(piece)
            writer.write(piece)
            await writer.drain()
        writer.write_eof()


async def _asked(reader: StreamReader) -> tuple[str, int]:
    """Where a client wants to be connected to. Raises _Refusal."""
    version, command, reserved, kind = await reader.readexactly(4)
    if version != VERSION:
        raise _Refusal
    if reserved != RESERVED:
        raise _Refusal(_reply(FAILED))
    if kind == NAME:
        host = (await _counted(reader)).decode("ascii", "replace")
    elif kind in (IPV4, IPV6):
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == IPV4 else 16)))
    else:
        raise _Refusal(_reply(NO_ADDRESS))
    port = int.from_bytes(await reader.readexactly(2), "big")
    if command != CONNECT:
        raise _Refusal(_reply(NO_COMMAND))
    return host, port


async def _connected(host: str, port: int) -> tuple[StreamReader, StreamWriter]:
    """A connection to there. Raises _Refusal, which says why there is none."""
    try:
        return await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        raise _Refusal(_reply(REFUSED)) from None
    except (socket.gaierror, UnicodeError):
        raise _Refusal(_reply(NO_HOST)) from None
    except OSError:
        raise _Refusal(_reply(NO_NETWORK)) from None


async def _counted(reader: StreamReader) -> bytes:
    """A text after a byte that says how long it is. Raises _Refusal for one of no length, which the RFCs forbid."""
    (length,) = await reader.readexactly(1)
    if not length:
        raise _Refusal
    return await reader.readexactly(length)


def _reply(outcome: int, to: StreamWriter | None = None) -> bytes:
    """An answer to a request; with the address that we have towards its destination, when there is one."""
    if to is None:
        return bytes((VERSION, outcome, RESERVED)) + ANYWHERE
    host, port = to.get_extra_info("sockname")[:2]
    address = ipaddress.ip_address(host)
    kind = IPV4 if address.version == 4 else IPV6
    return bytes((VERSION, outcome, RESERVED, kind, *address.packed, port >> 8, port & 255))

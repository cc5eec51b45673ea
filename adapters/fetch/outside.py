"""
The way out to addresses that strangers name.

Where a name leads is looked up once, every answer is checked, and the connection is made to one of the checked answers:
a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from ssl import SSLContext

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.fetch.addresses import Address, is_public
from adapters.fetch.errors import NotPublic, Unreachable
from adapters.fetch.urls import HTTPS_PORT, check_url, is_literal

Place = tuple[str, int]
"""An IP address and a port."""

Resolve = Callable[[str, int], Awaitable[Sequence[Place]]]
"""Where a host's name leads. Raises OSError."""

LOOKUPS = 8
"""Names looked up at once."""


class Names:
    """
    The system's resolver, in threads of its own.

    A lookup cannot be broken off, and a stranger's name server may take half a minute: in the event loop's own threads,
    a few of these would hold up all else that runs there.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[Place]:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [(str(address), port) for *_, (address, *_) in found]


@dataclass(frozen=True, slots=True)
class Outside:
    """
    How strangers' addresses are reached.

    Args:
        allowed: Which IP addresses may be connected to.
        tls: Whom we trust; None is whom the system trusts.
        connect: Seconds for a connection, TLS included.
    """

    resolve: Resolve = field(default_factory=Names)
    allowed: Callable[[Address], bool] = is_public
    tls: SSLContext | None = None
    connect: float = 5.0

    @contextlib.asynccontextmanager
    async def exchange(
        self, method: str, text: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[ClientResponse]:
        """
        One request over a connection of its own; what it answers is read inside the block, and not followed.

        Nothing is decompressed, and nothing is left for the next one: no cookie, no name that was looked up. How long
        it takes in all, and how much is read, is for the caller to limit.
        Raises BadAddress, NotPublic, Unreachable.
        """
        url = check_url(text, self.allowed)
        host = url.raw_host or ""
        try:
            places = [] if is_literal(host) else await self._places(host)
            async with (
                self._session(_Pinned(places)) as session,
                session.request(method, url, headers=headers, data=body, allow_redirects=False) as response,
            ):
                yield response
        except (ClientError, OSError) as error:
            raise Unreachable(f"{host}: {type(error).__name__}") from None  # its words quote the URL, and the answer

    async def _places(self, host: str) -> Sequence[Place]:
        """Where that name leads, once. Raises NotPublic when any of it is somewhere that is not allowed; OSError."""
        places = await self.resolve(host, HTTPS_PORT)
        for address, _ in places:
            if not self.allowed(ip_address(address)):
                raise NotPublic(f"{host} leads to {address}")
        return places

    def _session(self, resolver: AbstractResolver) -> ClientSession:
        connector = TCPConnector(resolver=resolver, force_close=True, ssl=self.tls or True)
        return ClientSession(
            connector=connector,
            headers={"User-Agent": "Parley"},
            timeout=ClientTimeout(total=None, sock_connect=self.connect),
            auto_decompress=False,
            trust_env=False,
        )


class _Pinned(AbstractResolver):
    """Gives what was looked up and checked before."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del port, family
        if not self._places:
            raise OSError("leads nowhere")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_UNSPEC, proto=0, flags=0)
            for address, port in self._places
        ]

    async def close(self) -> None: ...

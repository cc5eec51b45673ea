"""The web beyond us, on loopback: any host's name, over TLS, and pages that misbehave as told."""

import asyncio
import contextlib
import socket
import ssl
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from adapters.fetch import Outside
from adapters.fetch.addresses import Address, is_public
from sandbox.listening import listening

HERE = "127.0.0.1"
"""The address of every host; it counts as public."""

PIECE = 1 << 16

T = TypeVar("T")

Page = Callable[[StreamWriter], Awaitable[None]]
"""Writes an answer, status line and headers included."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `server` is the name that TLS was told, header names are in lower case."""

    server: str | None
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class WideWeb:
    """
    A web server for some hosts, and the only name server that knows them; open as long as the block lasts.

    Args:
        hosts: The names that its certificate is for. They lead here until `lead` says otherwise.
    """

    def __init__(self, *hosts: str) -> None:
        self.visits: list[Visit] = []
        self.asked: list[str] = []
        """Names that were looked up."""
        self.connections = 0
        self.port = 0
        self._hosts = hosts
        self._leads: dict[str, list[Sequence[str]]] = {host: [[HERE]] for host in hosts}
        self._pages: dict[str, list[Page]] = {}
        self._told: dict[ssl.SSLObject, str | None] = {}
        self._certificate = b""
        self._open = contextlib.AsyncExitStack()

    @property
    def outside(self) -> Outside:
        """What reaches this web, and takes nothing but it and public addresses for public."""
        trust = ssl.create_default_context(cadata=self._certificate.decode())
        return Outside(self.resolve, _allowed, trust, connect=10)

    def lead(self, host: str, *answers: Sequence[str]) -> None:
        """Give these addresses, one answer a lookup; the last is given from then on."""
        self._leads[host] = list(answers)

    def put(self, url: str, *pages: Page) -> None:
        """Answer with these, one a request; the last is given from then on."""
        self._pages[url.removeprefix("https://")] = list(pages)

    async def resolve(self, host: str, port: int) -> Sequence[tuple[str, int]]:
        """Where a name leads. Whatever port was meant, it is this server's."""
        del port
        self.asked.append(host)
        if host not in self._leads:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(address, self.port) for address in _next(self._leads[host])]

    async def __aenter__(self) -> Self:
        self._certificate, key = _certificate(self._hosts)
        self.port = await self._open.enter_async_context(listening(self._serve, self._tls(key)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def _tls(self, key: bytes) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._hear
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder, "both.pem")
            both.write_bytes(key + self._certificate)
            context.load_cert_chain(both)
        return context

    def _hear(self, connection: ssl.SSLObject, server: str | None, context: ssl.SSLContext) -> None:
        del context
        self._told[connection] = server

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One request, one answer."""
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            visit = await _request(reader, self._told.pop(writer.get_extra_info("ssl_object"), None))
            self.visits.append(visit)
            pages = self._pages.get(visit.headers.get("host", "") + visit.path)
            await (_next(pages) if pages else say(b"", status=404))(writer)
            await writer.drain()


def say(body: bytes, type: str = "text/plain", status: int = 200, **headers: str) -> Page:
    """A whole answer. An underscore in a header's name stands for a hyphen; Content-Length may be given, and lie."""
    fields = {"content_type": type, "content_length": str(len(body)), **headers}

    async def write(writer: StreamWriter) -> None:
        writer.write(_head(status, fields) + body)

    return write


def move(location: str, status: int = 302) -> Page:
    """A redirect."""
    return say(b"", status=status, location=location)


class Flood:
    """A body of `size` bytes that does not say how long it is, or says `length`; `sent` is how far it came."""

    def __init__(self, size: int, type: str = "text/plain", length: int | None = None) -> None:
        self.sent = 0
        self._size = size
        self._fields = {"content_type": type} | ({} if length is None else {"content_length": str(length)})

    async def __call__(self, writer: StreamWriter) -> None:
        writer.write(_head(200, self._fields))
        while self.sent < self._size:
            writer.write(bytes(PIECE))
            await writer.drain()
            self.sent += PIECE


def drip(body: bytes, every: float, type: str = "text/plain") -> Page:
    """An answer whose body comes a byte at a time, with so many seconds between them."""

    async def write(writer: StreamWriter) -> None:
        writer.write(_head(200, {"content_type": type, "content_length": str(len(body))}))
        for byte in body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(every)

    return write


def late(page: Page, seconds: float) -> Page:
    """An answer that does not begin before."""

    async def write(writer: StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await page(writer)

    return write


async def hang_up(writer: StreamWriter) -> None:
    """No answer at all."""
    writer.transport.abort()


def _allowed(address: Address) -> bool:
    return address == IPv4Address(HERE) or is_public(address)


def _next(given: list[T]) -> T:
    return given.pop(0) if len(given) > 1 else given[0]


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


async def _request(reader: StreamReader, server: str | None) -> Visit:
    """What was asked. Raises IncompleteReadError when the client leaves before it has said so."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Visit(server, method, path, headers, body)


def _certificate(hosts: Sequence[str]) -> tuple[bytes, bytes]:
    """A certificate for these hosts that vouches for itself, valid for a day, and its key; both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The wide web on loopback")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    return (
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )

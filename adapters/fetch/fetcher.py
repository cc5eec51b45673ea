"""What is at an address that a user named."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import ClientResponse
from yarl import URL

from adapters.fetch.errors import BadAddress, BadStatus, TooBig, TooManyRedirects, TooSlow, WrongType
from adapters.fetch.outside import Outside

REDIRECTS = 3

OK = 200
MOVED = (301, 302, 303, 307, 308)

PLAIN = "identity"
"""Not compressed: what is small on the way could be huge when it is here."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, and the media type that its server gives it, which may be wrong."""

    body: bytes
    type: str


class Fetcher:
    """
    Fetches over https from the public internet, and from nowhere else.

    Args:
        total: Seconds for all of it: lookups, redirects, the file.
    """

    def __init__(self, outside: Outside, total: float = 20.0) -> None:
        self._outside = outside
        self._total = total

    async def fetch(self, url: str, types: Collection[str], most: int) -> Fetched:
        """
        The file at an address, after three redirects at most.

        Args:
            types: The media types that will do, in lower case: "image/png".
            most: Bytes that the file may have.

        Raises one of adapters.fetch.errors.NotFetched.
        """
        try:
            async with asyncio.timeout(self._total):
                for _ in range(1 + REDIRECTS):
                    async with self._outside.exchange("GET", url, {"Accept-Encoding": PLAIN}) as response:
                        if response.status not in MOVED:
                            return await _read(response, types, most)
                        url = _onward(response)
        except TimeoutError as error:
            raise TooSlow(f"not done after {self._total:g} s") from error
        raise TooManyRedirects(f"more than {REDIRECTS} redirects")


def _onward(response: ClientResponse) -> str:
    """Where a redirect leads. Raises BadAddress."""
    try:
        return str(response.url.join(URL(response.headers["Location"])))
    except (LookupError, ValueError) as error:
        raise BadAddress("it leads on to nowhere") from error


async def _read(response: ClientResponse, types: Collection[str], most: int) -> Fetched:
    """What was answered, when it is what was wanted. Raises BadStatus, WrongType, TooBig."""
    host = response.url.raw_host or ""
    if response.status != OK:
        raise BadStatus(host, response.status)
    coding = response.headers.get("Content-Encoding", PLAIN)
    if coding != PLAIN or response.content_type not in types:
        raise WrongType(f"{host}: {response.content_type}, coded as {coding}")
    return Fetched(await _body(response, host, most), response.content_type)


async def _body(response: ClientResponse, host: str, most: int) -> bytes:
    """The body. Raises TooBig as soon as more has come, or is announced: what is announced need not be true."""
    if (response.content_length or 0) > most:
        raise TooBig(host, most)
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > most:
            raise TooBig(host, most)
    return bytes(body)

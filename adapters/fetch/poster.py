"""News to an address that a program gave us, signed, so that it can tell them from anybody else's."""

import asyncio
import enum
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from adapters.fetch.errors import NotFetched, Unreachable
from adapters.fetch.outside import Outside

HEADER = "X-Parley-Signature"

log = logging.getLogger(__name__)


def signature(secret: str, body: bytes, at: datetime) -> str:
    """
    What the signature's header says of a body that is sent at that time.

    The time is in whole seconds, and signed too: who checks it, and refuses what is old, cannot be sent it once more.

    Source: docs.stripe.com/webhooks#verify-manually, which many programs know how to check.
    """
    time = int(at.timestamp())
    signed = hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256)
    return f"t={time},v1={signed.hexdigest()}"


class _Outcome(enum.Enum):
    TAKEN = enum.auto()
    REFUSED = enum.auto()
    TROUBLE = enum.auto()


class Poster:
    """
    Posts over https to the public internet, and to nowhere else.

    Args:
        pauses: Seconds between tries; there is one try more than there are pauses.
        total: Seconds for one try.
        sleep: What waits for a pause to be over.
    """

    def __init__(
        self,
        outside: Outside,
        now: Callable[[], datetime],
        pauses: Sequence[float] = (2, 15, 60),
        total: float = 10.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._outside = outside
        self._now = now
        self._pauses = pauses
        self._total = total
        self._sleep = sleep

    async def post(self, url: str, body: bytes, secret: str) -> bool:
        """
        Whether a body, which is JSON, was taken: a status of 200 to 299.

        Tried again after trouble with the connection and after 5xx; any other answer is final, a redirect too. An
        address may be posted the same body more than once: an answer that is lost is trouble.
        """
        for pause in self._pauses:
            outcome = await self._try(url, body, secret)
            if outcome is not _Outcome.TROUBLE:
                return outcome is _Outcome.TAKEN
            await self._sleep(pause)
        return await self._try(url, body, secret) is _Outcome.TAKEN

    async def _try(self, url: str, body: bytes, secret: str) -> _Outcome:
        headers = {"Content-Type": "application/json", HEADER: signature(secret, body, self._now())}
        try:
            async with asyncio.timeout(self._total), self._outside.exchange("POST", url, headers, body) as response:
                return _judged(response.status, response.url.raw_host)
        except TimeoutError:
            log.info("callback: no answer after %g s", self._total)
            return _Outcome.TROUBLE
        except NotFetched as error:
            log.info("callback: %s", error)
            return _Outcome.TROUBLE if isinstance(error, Unreachable) else _Outcome.REFUSED


def _judged(status: int, host: str | None) -> _Outcome:
    if 200 <= status < 300:
        return _Outcome.TAKEN
    log.info("callback: %s: status %d", host, status)
    return _Outcome.TROUBLE if status >= 500 else _Outcome.REFUSED

"""Who a caller over HTTP is: a key is looked up, and whoever sends too many wrong ones has to wait."""

import hashlib
import time
from collections import OrderedDict

from fastapi import Request

from adapters.http.header import header
from adapters.http.refusals import Rejected
from bot import keys
from bot.caller import Caller, calling
from bot.errors import Refused
from bot.guesses import counted
from bot.keyring import KeyRecord, KeyScope, proven, require_by_program
from bot.ports import Ports
from bot.throttle import from_address

BEARER = "bearer "

FRESH = 0.5
"""Seconds for which a key that was looked up need not be looked up again: revoked, it is dead within one."""

REMEMBERED = 4_096
"""Keys that are remembered for so long."""


def key_in(authorization: str) -> str:
    """The key in an Authorization header: `Bearer KEY`, or KEY alone as older clients send it."""
    raw = authorization.strip()
    return raw[len(BEARER) :].strip() if raw.lower().startswith(BEARER) else raw


def address_of(request: Request) -> str:
    """Where a request comes from."""
    client: tuple[str, int] | None = request.scope.get("client")
    return client[0] if client else "127.0.0.1"


class Door:
    """Lets callers in."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        """Who was let in a moment ago, by a digest of the key, until when."""

    async def caller_of(self, request: Request, key: str = "") -> Caller:
        """Whoever sent a request: by its header, or else by a key from a field. Raises Rejected, and as `caller`."""
        text = key_in(header(request, "Authorization") or "") or key
        if not text:
            raise Rejected("Send your key as `Authorization: Bearer parley_...`.", 401, "invalid_api_key")
        return await self.caller(text, address_of(request))

    async def caller(self, text: str, address: str, scope: KeyScope = KeyScope.API) -> Caller:
        """
        Whoever sent that key from that address, if it may be used for that.

        Raises:
            KeyTypo, NoKey, UnknownKey, KeyRefused, KeyTooNarrow: It may not.
            TooManyGuesses: Too many wrong ones came from there.
            Banned: Whoever it belongs to gets no answers.
            StorageDown: Nobody can tell.
        """
        ports, name, begun = self._ports, hashlib.sha256(text.encode()).digest(), time.monotonic()
        until, caller = self._known.get(name) or (0.0, None)
        if caller is None or begun >= until:
            if caller is not None:
                self._remember(name, caller, begun)  # one of many that come at once looks it up again
            try:
                caller = await calling(ports, await admitted(ports, text, address, scope))
            except BaseException:
                self._known.pop(name, None)
                raise
            self._remember(name, caller, begun)
        require_by_program(caller.held, scope, "", ports.now())
        return caller

    def _remember(self, name: bytes, caller: Caller, begun: float) -> None:
        """From when it began to be looked up: what happened to a key meanwhile may not have been seen."""
        self._known[name] = begun + FRESH, caller
        self._known.move_to_end(name)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


async def admitted(ports: Ports, text: str, address: str, scope: KeyScope, model: str = "") -> KeyRecord:
    """
    The key that a program sent from that address, if it may be used for that.

    Raises:
        KeyTypo, NoKey, UnknownKey, KeyRefused, KeyTooNarrow: It may not.
        TooManyGuesses: Too many wrong ones came from there.
        StorageDown: Nobody can tell.
    """
    now = ports.now()
    guessers = [from_address(address)]
    async with counted(
        ports.records, ports.typos, guessers, lambda: keys.prove(ports.pepper, keys.read(text)), now
    ) as proof:
        record = await proven(ports.records, proof)
    require_by_program(record, scope, model, now)
    return record


async def may(ports: Ports, text: str, address: str, scope: KeyScope) -> KeyRecord | None:
    """The key, or None for one that may not be used for that, whatever the reason. Raises StorageDown."""
    try:
        return await admitted(ports, text, address, scope)
    except Refused:
        return None

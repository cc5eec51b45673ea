"""
Who owns a bot whose configuration names nobody: whoever is first to send it the code that it printed at its start.

Each process makes a code of its own, so that any of them works; the first claim wins, and ends all of them. A code is
known by its looks wherever it is said, and sealed before anything is written down.
"""

import hashlib
import hmac
import logging
import re
import secrets
from datetime import datetime, timedelta

from bot.access import Rank
from bot.audit import AuditEntry, note
from bot.chat import Key
from bot.errors import NoKey, UnknownKey
from bot.guesses import counted
from bot.keys import Proof
from bot.people import EVERYWHERE, decide, standing_of
from bot.ports import Ports, Records
from bot.records import forget_past
from bot.throttle import by_person, ms

log = logging.getLogger(__name__)

LASTS = timedelta(minutes=10)

CODES = "owner codes"
"""The folder: for each code's digest, when it ends, in milliseconds since 1970."""

OWNER, FIRST = "owner", "first"
"""Folder and name of the person whose claim won."""

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits that nobody takes for one another; 16 of them are 80 bits."""

_CODE = re.compile(rf"own(?:-[{ALPHABET}]{{4}}){{4}}", re.IGNORECASE)

SEALED = "sealed-code-"

_SEALED = re.compile(rf"{SEALED}(?P<digest>[0-9a-f]{{64}})")

YOURS = "You own this bot now. /help lists what you can do here and where I am; in private that holds for all places."
WRONG = (
    "That code does not work: it was used, is older than ten minutes, or never was one. As long as nobody owns me, I "
    "print another whenever I am started."
)
VOID = "Others can read that here, so that code works no longer. Start me again for another, and send it in private."


async def has_owner(ports: Ports) -> bool:
    """Whether anybody runs the service."""
    return bool(ports.owners) or await ports.records.get(OWNER, FIRST) is not None


async def owners(ports: Ports) -> frozenset[str]:
    """Everybody who runs the service: whom the configuration names, and whoever claimed it."""
    first = await ports.records.get(OWNER, FIRST)
    return ports.owners | {first} if first else ports.owners


async def make_code(records: Records, pepper: bytes, now: datetime) -> str:
    """A code by which the bot can be claimed once, within ten minutes. Only a digest of it is kept."""
    code = "-".join(["own", *("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))])
    await records.swap(CODES, _digest(pepper, code), None, str(ms(now + LASTS)))
    return code


def sealed(pepper: bytes, text: str) -> str:
    """A text with a digest in place of each code. Nobody can write one by hand: what looks like one is broken first."""
    return _CODE.sub(lambda found: f"{SEALED}{_digest(pepper, found[0])}", text.replace(SEALED, "sealed code "))


def sealed_in(text: str) -> str:
    """The digest of a code in a text that was sealed; "" for none."""
    found = _SEALED.search(text)
    return found["digest"] if found else ""


async def claimed(ports: Ports, key: Key, text: str) -> str:
    """
    Let whoever sent a code, sealed by now, own the bot. One that others can read is void.

    Returns what to say. Raises TooManyGuesses.
    """
    if not key.private:
        await _void(ports.records, sealed_in(text))
        return VOID
    if await ports.records.get(OWNER, FIRST) == key.person:
        await _install(ports, key.person)  # should we have died in the middle of it
        return YOURS
    try:
        async with counted(
            ports.records, ports.typos, [by_person(key.person)], lambda: _read(text), ports.now()
        ) as code:
            await _take(ports, code.digest, key.person)
    except (NoKey, UnknownKey):
        return WRONG
    log.warning("%s has claimed this bot and owns it now", key.person)
    return YOURS


async def forget(records: Records, now: datetime) -> int:
    """Remove the codes that are too old. Returns how many these were."""
    return await forget_past(records, CODES, now)


async def _take(ports: Ports, digest: str, person: str) -> None:
    """Make somebody the owner, if the code is good and nobody was quicker. Raises UnknownKey."""
    records, now = ports.records, ports.now()
    ends = await records.get(CODES, digest)
    if ports.owners or ends is None or int(ends) <= ms(now):
        raise UnknownKey("of the owner")
    if not await records.swap(OWNER, FIRST, None, person):
        raise UnknownKey("of the owner")
    await _install(ports, person)
    await _void(records, digest)


async def _install(ports: Ports, person: str) -> None:
    """Give the one whose claim won their rank, once."""
    if (await standing_of(ports.records, EVERYWHERE, person)).rank is not Rank.OWNER:
        await decide(ports.records, EVERYWHERE, person, rank=Rank.OWNER, by=person)
        await note(ports.records, AuditEntry(ports.now(), person, "", "claim", "owner", new=person))


async def _void(records: Records, digest: str) -> None:
    ends = await records.get(CODES, digest)
    if ends is not None:
        await records.swap(CODES, digest, ends, None)


def _read(text: str) -> Proof:
    """The proof of a code. Raises NoKey when there is none in the text."""
    digest = sealed_in(text)
    if not digest:
        raise NoKey("no code by its looks")
    return Proof("", digest)


def _digest(pepper: bytes, code: str) -> str:
    assert pepper
    return hmac.new(pepper, code.upper().encode(), hashlib.sha256).hexdigest()

"""
Keys as people hold them: `parley_<id>_<secret><checksum>`, letters and digits only.

The checksum tells a typo, and a text that was never a key, without a look into any store. The scheme is GitHub's
(github.blog/2021-04-05-behind-githubs-new-authentication-token-formats): a prefix that scanners find, a CRC-32 in six
base62 digits, and underscores, so that a double click selects all of it.
"""

import hmac
import re
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NoReturn

from bot.errors import ClaimRefused, KeyTypo, NoKey

PREFIX = "parley_"

ALPHABET = digits + ascii_uppercase + ascii_lowercase

ID, SECRET, CHECKSUM = 8, 32, 6
"""How many characters each part has; 32 of base62 are 190 bits."""

LENGTH = len(PREFIX) + ID + 1 + SECRET + CHECKSUM

CLAIM = 22
"""Characters of base62 that make 128 bits and a little more."""

PATTERN = re.compile(
    rf"{PREFIX}(?P<id>[0-9A-Za-z]{{{ID}}})_(?P<secret>[0-9A-Za-z]{{{SECRET}}})(?P<checksum>[0-9A-Za-z]{{{CHECKSUM}}})"
)
"""A key, wherever in a text it stands."""

_SHAPED = re.compile(
    r"parley(?:\\?_|%5F)(?P<id>[0-9A-Za-z]{8})(?:\\?_|%5F)[^\s`*|<>\"'“”]{8,}"
    r"|parley(?:\\?_|%5F)[0-9A-Za-z]{30,}"  # the second joint is missing
    r"|(?<=_)[0-9A-Za-z]{38,}",  # the front is damaged
    re.IGNORECASE,
)
"""What may have been a key: cut short, grown longer, mistyped, escaped for Markdown or for an address."""

_TOLD = re.compile(rf"parley\\?_(?P<id>[0-9A-Za-z]{{{ID}}})\\?_[0-9A-Za-z]{{20,}}")
"""A key in an answer, whole or nearly so. No name that a program gives to anything looks like that."""

_BEGUN = re.compile(rf"parley\\?_[0-9A-Za-z]{{0,{ID}}}(?:\\?_[0-9A-Za-z]{{0,19}})?\\?\Z")
"""What may become one, at the end of an answer that still grows."""

SEALED = "sealed-key-"
BROKEN = "sealed key "

_SEAL = re.compile(rf"{SEALED}(?P<id>[0-9A-Za-z]{{{ID}}})-(?P<digest>[0-9a-f]{{64}})")

_MISTYPED = re.compile(rf"{PREFIX}\w{{30,}}", re.IGNORECASE)
"""What cannot be anything but a key with a typo. Other long words of a question are none of our business."""

_CLAIM_SHAPE = re.compile(rf"[0-9A-Za-z]{{{ID + CLAIM}}}")

_WRAPPING = " \t\r\n`*|<>\"'“”"
"""What people, and chats, put around a key."""


class Secret:
    """A text that is not shown by accident: it has no repr, no str, no pickle and no JSON. `reveal` is the one way."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]  # what can be hashed ends up as the name of something

    def __repr__(self) -> str:
        return "***"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not written down")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that somebody holds. Whether it opens anything, only the keyring knows."""

    id: str
    secret: Secret

    def reveal(self) -> str:
        """All of it, as its holder keeps it."""
        body = f"{PREFIX}{self.id}_{self.secret.reveal()}"
        return body + _checksum(body)


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that somebody holds a key, in place of the key itself: it opens nothing, and may be written down."""

    id: str
    digest: str


def new_id() -> str:
    """An id that no other key has, as far as chance can promise: one of 2 * 10^14."""
    return _random(ID)


def make(id: str = "") -> ApiKey:
    """A new key, with that id or one of its own."""
    return ApiKey(id or new_id(), Secret(_random(SECRET)))


def make_claim(id: str) -> Secret:
    """
    A new right to be shown the key with that id: the id and 128 random bits.

    It fits where a Telegram link and a Discord button keep a word of ours (64 characters).
    """
    return Secret(id + _random(CLAIM))


def claimed_id(claim: str) -> str:
    """Which key a claim is for. Raises ClaimRefused when it can be none."""
    if not _CLAIM_SHAPE.fullmatch(claim):
        raise ClaimRefused("not a claim")
    return claim[:ID]


def read(text: str) -> ApiKey:
    """
    Read a key as somebody pasted it, with what chats put around it.

    Raises:
        KeyTypo: It was meant for a key, and some of it is wrong.
        NoKey: It is something else.
    """
    stripped = text.strip(_WRAPPING)
    found = PATTERN.fullmatch(stripped)
    if found and _holds(found):
        return _key(found)
    raise KeyTypo("the checksum is wrong") if _resembles(stripped) else NoKey("no key by its looks")


def prove(pepper: bytes, key: ApiKey) -> Proof:
    """The proof of a key."""
    return Proof(key.id, digest(pepper, key.secret))


def sealed(pepper: bytes, text: str) -> str:
    """
    A text with a proof in place of each key. What was plainly meant for one, and is none, is hidden.

    Nobody can write a proof by hand: what looks like one is broken first.
    """

    def seal(found: re.Match[str]) -> str:
        if not _holds(found):
            return f"{PREFIX}***"
        proof = prove(pepper, _key(found))
        return f"{SEALED}{proof.id}-{proof.digest}"

    return _MISTYPED.sub(f"{PREFIX}***", PATTERN.sub(seal, text.replace(SEALED, BROKEN)))


def sealed_in(text: str) -> Iterator[Proof]:
    """The proofs in a text that was sealed."""
    return (Proof(found["id"], found["digest"]) for found in _SEAL.finditer(text))


def unsealed(text: str) -> Proof:
    """
    The proof that somebody gave as a key.

    Raises:
        KeyTypo: It was meant for a key, and some of it was wrong.
        NoKey: It is something else.
    """
    stripped = text.strip(_WRAPPING)
    if found := _SEAL.fullmatch(stripped):
        return Proof(found["id"], found["digest"])
    raise KeyTypo("the checksum is wrong") if _resembles(stripped) or "***" in stripped else NoKey("no key")


def found_in(text: str) -> Iterator[ApiKey]:
    """The keys in a text, wherever they stand."""
    return (_key(found) for found in PATTERN.finditer(text) if _holds(found))


def redacted(text: str) -> str:
    """A text in which no key can be read: of each, and of what looks like one, only the id stays."""
    return _SHAPED.sub(lambda found: f"{PREFIX}{found['id']}_***" if found["id"] else "***", text)


def hidden(text: str) -> str:
    """An answer in which no key can be read. Only its id stays; names that merely begin alike are left as they are."""
    return _TOLD.sub(lambda found: f"{PREFIX}{found['id']}_***", text) if "parley" in text else text


def hidden_so_far(text: str) -> str:
    """An answer that still grows, without its last word where that may become a key."""
    return _BEGUN.sub("", text) if "parley" in text else text


def digest(pepper: bytes, secret: Secret) -> str:
    """
    What is kept of a secret: HMAC-SHA256, in hex.

    A fast hash will do for 128 random bits and more (OWASP ASVS 5.0, 6.5.2); a slow one would let anybody who sends
    keys keep the processor busy.

    Raises:
        ValueError: There is no pepper, so that anybody could make such a digest.
    """
    if not pepper:
        raise ValueError("a digest without a pepper")
    return hmac.digest(pepper, secret.reveal().encode(), "sha256").hex()


def agrees(proof: Proof, kept: str) -> bool:
    """Whether a proof is that of the key of which this digest was kept. Takes as long for a wrong one."""
    return hmac.compare_digest(proof.digest, kept)


def matches(pepper: bytes, secret: Secret, kept: str) -> bool:
    """Whether it is the secret that this was kept of. Takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(digest(pepper, secret), kept)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, written = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        written = ALPHABET[digit] + written
    return written


def _holds(found: re.Match[str]) -> bool:
    return _checksum(found[0][:-CHECKSUM]) == found["checksum"]


def _key(found: re.Match[str]) -> ApiKey:
    return ApiKey(found["id"], Secret(found["secret"]))


def _resembles(text: str) -> bool:
    """Whether a text was meant for a key: it begins like one, or is about as long and has a joint."""
    return text.casefold().startswith(PREFIX) or ("_" in text and abs(len(text) - LENGTH) <= 4)

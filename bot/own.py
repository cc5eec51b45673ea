"""
Members' own keys with a provider, used in place of the operator's accounts.

Such a key is written down sealed and in no other way: neither in its record, nor in the turn that brought it.
"""

import re

from bot import keys
from bot.chat import Key
from bot.errors import Refused
from bot.keys import Secret
from bot.ports import Ports
from bot.records import change

OWN_KEYS = "own keys"
"""The folder: sealed keys, by `Key.person`."""

SET = "mykey set"
"""The command that brings a key: what is written behind it is sealed before it is stored."""

WITHHELD = "withheld"
"""In place of what nobody may keep."""

_BEHIND = re.compile(r'(/mykey)(?:[^"\\]|\\.)*', re.IGNORECASE)
"""What stands behind the command in a text of JSON."""


class SealBroken(Refused):
    """What was sealed cannot be opened: it was changed, or what sealed it is gone."""

    for_user = (
        "I cannot read your own key any more. Give it to me again with `/mykey set`, "
        "or go on without it after `/mykey remove`."
    )


class OwnKeysOff(Refused):
    for_user = "Whoever runs this bot has not switched on that members use keys of their own."


class OwnKeyFails(Refused):
    """A provider that does nothing for a member's own key. `sentence` says why."""

    def __init__(self, detail: str, sentence: str) -> None:
        super().__init__(detail)
        self.for_user = sentence


async def set_own(ports: Ports, person: str, own: Secret) -> None:
    """Keep a person's key in place of the one before. Raises OwnKeysOff."""
    if ports.cipher is None:
        raise OwnKeysOff
    sealed = ports.cipher.seal(own.reveal())
    await change(ports.records, OWN_KEYS, person, lambda _: sealed)


async def own_of(ports: Ports, person: str) -> Secret | None:
    """
    A person's key; None for none, and where these are switched off.

    Raises:
        SealBroken: There is one that cannot be read any more. They should learn that before they pay for answers.
    """
    kept = await ports.records.get(OWN_KEYS, person) if ports.cipher else None
    if ports.cipher is None or kept is None:
        return None
    text = ports.cipher.open(kept)
    if not ports.cipher.is_fresh(kept):
        await ports.records.swap(OWN_KEYS, person, kept, ports.cipher.seal(text))
    return Secret(text)


async def forget_own(ports: Ports, person: str) -> bool:
    """Keep a person's key no longer. Returns whether there was one."""
    while (kept := await ports.records.get(OWN_KEYS, person)) is not None:
        if await ports.records.swap(OWN_KEYS, person, kept, None):
            return True
    return False


def sealed(ports: Ports, key: Key, text: str) -> str:
    """
    What may be stored of that which stands behind the command.

    Where others read along none of it is kept, but for proofs of keys of ours: these are to be revoked.
    """
    if not key.private and not ports.platforms[key.platform].whispers:
        return " ".join((WITHHELD, *(f"{keys.SEALED}{proof.id}-{proof.digest}" for proof in keys.sealed_in(text))))
    return ports.cipher.seal(text) if ports.cipher else WITHHELD


def hidden(text: str) -> str:
    """A text of JSON without what stands behind the command in it."""
    return _BEHIND.sub(rf"\1 {WITHHELD}", text)

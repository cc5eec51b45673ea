"""Keys that are said in a chat: in private one is redeemed, before others it is revoked."""

import logging
from collections.abc import Callable, Sequence

from bot import keyring, keys, owner
from bot.audit import AuditEntry, note
from bot.chat import Call, Key, Origin
from bot.errors import KeyHeard, UnknownKey
from bot.guesses import counted
from bot.keyring import KeyRecord
from bot.keys import Proof
from bot.people import write_to
from bot.ports import Ports
from bot.reply import Reply
from bot.throttle import by_person, in_chat

log = logging.getLogger(__name__)

OVERHEARD = "overheard"
"""The command that a key said to others amounts to. Nobody can give it by name."""

OURSELVES = "parley"
"""Who the audit log says it was, where nobody gave a command."""

REVOKED = (
    "Your key `{id}` was shown where others could read it, so it works no longer. "
    "Ask whoever gave it to you for another one; what was used of it is not lost."
)


async def heed(ports: Ports, key: Key, text: str) -> None:
    """
    Do what is to be done about the keys, and the owner's code, in a text; return when there are none.

    Raises:
        KeyHeard: There were. Says what was done; the text is not for the model.
        Refused: In private, what is wrong with the key.
    """
    if owner.sealed_in(text):
        raise KeyHeard(await owner.claimed(ports, key, text))
    proofs = list(keys.sealed_in(text))
    if not proofs:
        return
    if key.private:
        own = await redeem(ports, key, lambda: proofs[0])
        await note(ports.records, AuditEntry(ports.now(), key.person, key.club, "redeem", own.id))
        raise KeyHeard(redeemed(own))
    said = await revoke_all(ports, proofs)
    raise KeyHeard(said or "That looks like a key, and is none. Keep keys to yourself: send them to me in private.")


def overheard(text: str, origin: Callable[[], Origin]) -> Call | None:
    """What a text that was said to others asks of us: nothing, unless there is a key in it. No more of it is kept."""
    found = [key.reveal() for key in keys.found_in(text)]
    return Call(origin(), OVERHEARD, {"keys": " ".join(found)}) if found else None


async def revoke_all(ports: Ports, proofs: Sequence[Proof]) -> str:
    """Revoke the keys that others could read. Returns what to say to that; "" when none of them worked any more."""
    revoked = [record.id for proof in proofs if (record := await revoke(ports, proof))]
    if not revoked:
        return ""
    ids = ", ".join(f"`{id}`" for id in revoked)
    return f"That was a key, and others can read it here: {ids} works no longer. Please delete your message."


async def redeem(ports: Ports, key: Key, read: Callable[[], Proof]) -> KeyRecord:
    """Let a person's account stand for the key that `read` reads. Raises Refused."""
    now = ports.now()
    async with counted(ports.records, ports.typos, (by_person(key.person), in_chat(key.room)), read, now) as proof:
        return await keyring.redeem(ports.records, proof, key.person, key.club, now)


def redeemed(record: KeyRecord) -> str:
    """What to say to whoever redeemed a key."""
    until = f"{record.expires:%-d %B %Y}"
    return f"Done: until {until}, what you ask me is taken from key `{record.id}`. `/quota show` says what is left."


async def revoke(ports: Ports, proof: Proof) -> KeyRecord | None:
    """Revoke a key that others have seen, and tell those whose it is. None when it was none, or was revoked before."""
    try:
        record = await keyring.proven(ports.records, proof)
    except UnknownKey:
        return None
    if record.revoked:
        return None
    await keyring.revoke(ports.records, record.id, ports.now())
    entry = AuditEntry(ports.now(), OURSELVES, record.community, "key revoke", record.id, new="others could read it")
    await note(ports.records, entry)
    log.warning("key %s was shown in public and is revoked", record.id)
    for person in sorted({record.issuer, record.made_for, *record.redeemed_by} - {""}):
        await write_to(ports, person, Reply(REVOKED.format(id=record.id)))
    return record

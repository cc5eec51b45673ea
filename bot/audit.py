"""
Who did what to which key or limit: entries that each hold the digest of the one before.

An entry that was changed, removed, put elsewhere or put in between is found by `verify`; so is an end that was cut off,
as the number and the digest of the last entry are kept beside the log. Who can write the whole store can write a whole
new log: against that, keep what `verify` says elsewhere.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from bot.keys import redacted
from bot.ports import Records

AUDIT = "audit"
"""The folder: entries by their numbers, from 1."""

ENDS, LAST = "audit end", "last"
"""Folder and name of the number and the digest of the last entry. It may lag behind, never run ahead."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """
    One thing that was done.

    Args:
        actor: The person who did it, as `Key.person`.
        community: Where it was done, as `Key.club`; "" in private.
        action: Such as "key issue" or "quota set".
        what: The key's id, or the scope in the ledger.
        old: How it was before, in words.
        new: How it is now, in words.
        turn: The id of the turn in which it was done.
        number: Given by `note`.
        prev: The digest of the entry before; given by `note`.
    """

    at: datetime
    actor: str
    community: str
    action: str
    what: str
    old: str = ""
    new: str = ""
    turn: str = ""
    number: int = 0
    prev: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether the log is whole.

    Args:
        entries: How many are there.
        broken: The number of the first that is not as it was written, 0 for one that never had one; None for none.
        why: What is wrong with it, in words.
        digest: Of the last entry, to be kept elsewhere.
    """

    entries: int
    broken: int | None = None
    why: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class _End:
    number: int = 0
    digest: str = ""


async def note(records: Records, entry: AuditEntry) -> AuditEntry:
    """Write an entry down after the last one. What looks like a key is hidden. Returns it with its number."""
    end, clean = await _end(records), _without_keys(entry)
    while True:
        numbered = replace(clean, number=end.number + 1, prev=end.digest)
        text = _dump(numbered)
        if await records.swap(AUDIT, str(numbered.number), None, text):
            await _move_end(records, _End(numbered.number, _digest(text)))
            return numbered
        end = await _following(records, end) or end


async def verify(records: Records) -> Verdict:
    """Look whether every entry is as it was written."""
    end, texts = await _end(records), await records.all(AUDIT)
    last = max([end.number, *(int(name) for name in texts if _is_number(name))])
    broken, why = _stranger(texts) or _first_broken(texts, last, end) or (None, "")
    digest = _digest(texts[str(last)]) if str(last) in texts else end.digest
    return Verdict(len(texts), broken, why, digest)


async def newest(records: Records, limit: int, community: str | None = None) -> list[AuditEntry]:
    """The newest entries, of one community or of all; the newest first. What cannot be read is left out."""
    found: list[AuditEntry] = []
    async for entry in _backwards(records):
        if len(found) >= limit:
            break
        if community in (None, entry.community):
            found.append(entry)
    return found


async def _backwards(records: Records) -> AsyncIterator[AuditEntry]:
    end = await _end(records)
    while following := await _following(records, end):
        end = following
    for number in range(end.number, 0, -1):
        entry = _read(await records.get(AUDIT, str(number)))
        if entry:
            yield entry


def _stranger(texts: Mapping[str, str]) -> tuple[int, str] | None:
    """Something in the folder that `note` never put there."""
    names = sorted(name for name in texts if not _is_number(name))
    return (0, f"there is something called {names[0]!r} among the entries") if names else None


def _first_broken(texts: Mapping[str, str], last: int, end: _End) -> tuple[int, str] | None:
    """The first entry that is not as it was written, and what is wrong with it."""
    digest = ""
    for number in range(1, last + 1):
        entry = _read(texts.get(str(number)))
        if str(number) not in texts:
            return number, "it was removed"
        if entry is None:
            return number, "it cannot be read"
        if entry.number != number:
            return number, f"it was written as number {entry.number}"
        if entry.prev != digest:
            # Where the next one vouches for this one, it is the one before that was changed.
            changed = number - 1 if number > 1 and _vouched_for(texts, number, end) else number
            return changed, "it was changed"
        digest = _digest(texts[str(number)])
        if number == end.number and digest != end.digest:
            return number, "it was changed"
    return None


def _vouched_for(texts: Mapping[str, str], number: int, end: _End) -> bool:
    """Whether what was written after an entry says that it is as it was."""
    following = _read(texts.get(str(number + 1)))
    expected = following.prev if following else end.digest
    return _digest(texts[str(number)]) == expected


async def _end(records: Records) -> _End:
    return _read_end(await records.get(ENDS, LAST))


async def _move_end(records: Records, end: _End) -> None:
    """Write down where the log ends, unless it goes on from there by now."""
    while True:
        raw = await records.get(ENDS, LAST)
        if _read_end(raw).number >= end.number:
            return
        if await records.swap(ENDS, LAST, raw, f"{end.number} {end.digest}"):
            return


async def _following(records: Records, end: _End) -> _End | None:
    """The end as it is when the next entry counts too, if there is one."""
    text = await records.get(AUDIT, str(end.number + 1))
    return _End(end.number + 1, _digest(text)) if text is not None else None


def _read_end(raw: str | None) -> _End:
    """Where the log ends; its beginning when that was lost, from where the end is found again."""
    number, _, digest = (raw or "").partition(" ")
    return _End(int(number), digest) if _is_number(number) else _End()


def _without_keys(entry: AuditEntry) -> AuditEntry:
    texts: dict[str, Any] = {name: redacted(value) for name, value in asdict(entry).items() if isinstance(value, str)}
    return replace(entry, **texts)


def _dump(entry: AuditEntry) -> str:
    return json.dumps({"v": VERSION, **asdict(entry), "at": entry.at.isoformat()})


def _read(text: str | None) -> AuditEntry | None:
    """An entry; None when it is none that we could have written."""
    try:
        value: dict[str, Any] = json.loads(text or "")
        del value["v"]
        return AuditEntry(**{**value, "at": datetime.fromisoformat(value["at"])})
    except (ValueError, TypeError, KeyError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and not name.startswith("0")

"""Who did what to which key: a log in which nothing can be changed unseen."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot import audit, keys
from bot.audit import AUDIT, ENDS, LAST, AuditEntry, Verdict
from bot.ports import Records
from storage.memory import open_memory
from tests.bot.records import WatchedRecords
from tests.make import NOW

CLUB, OTHER_CLUB = "discord:100", "telegram:-200"
LENGTH = 6


def entry(what: str = "Ab3dEf7h", **others: Any) -> AuditEntry:
    return replace(AuditEntry(NOW, "discord:1", CLUB, "key revoke", what, turn="t1"), **others)


@pytest.fixture
def records() -> WatchedRecords:
    return WatchedRecords(open_memory().records)


@pytest.fixture
async def log(records: Records) -> Records:
    """A log of some entries."""
    for number in range(1, LENGTH + 1):
        await audit.note(records, entry(f"key {number}"))
    return records


async def text(records: Records, number: int) -> str:
    found = await records.get(AUDIT, str(number))
    assert found is not None
    return found


async def put(records: Records, number: int | str, new: str | None) -> None:
    """What somebody writes into the store who should not."""
    assert await records.swap(AUDIT, str(number), await records.get(AUDIT, str(number)), new)


async def forge(records: Records, number: int, /, **fields: Any) -> None:
    await put(records, number, json.dumps({**json.loads(await text(records, number)), **fields}))


async def test_entries_are_numbered_and_read_back(records: Records) -> None:
    written = [await audit.note(records, entry(action=action, old="5", new="10")) for action in ("one", "two")]

    assert [1, 2] == [each.number for each in written]
    assert written[::-1] == await audit.newest(records, 10)


async def test_an_untouched_log_is_whole(log: Records) -> None:
    verdict = await audit.verify(log)

    assert (LENGTH, None) == (verdict.entries, verdict.broken)
    assert 64 == len(verdict.digest)


async def test_an_empty_log_is_whole(records: Records) -> None:
    assert Verdict(0) == await audit.verify(records)


@pytest.mark.parametrize("number", range(1, LENGTH + 1))
@pytest.mark.parametrize(
    "fields", [{"actor": "discord:2"}, {"new": "more"}, {"at": "2026-11-20T12:00:00+00:00"}, {"v": 0}]
)
async def test_an_entry_that_was_changed_is_found(log: Records, number: int, fields: dict[str, Any]) -> None:
    await forge(log, number, **fields)

    verdict = await audit.verify(log)
    assert (number, "it was changed") == (verdict.broken, verdict.why)


async def test_an_entry_whose_link_was_changed_is_found(log: Records) -> None:
    await forge(log, 3, prev="0" * 64)

    assert 3 == (await audit.verify(log)).broken


@pytest.mark.parametrize("number", range(1, LENGTH + 1))
async def test_an_entry_that_was_removed_is_found(log: Records, number: int) -> None:
    """The last one too: its number is kept elsewhere."""
    await put(log, number, None)

    verdict = await audit.verify(log)
    assert (LENGTH - 1, number, "it was removed") == (verdict.entries, verdict.broken, verdict.why)


@pytest.mark.parametrize("left", range(LENGTH))
async def test_an_end_that_was_cut_off_is_found(log: Records, left: int) -> None:
    for number in range(left + 1, LENGTH + 1):
        await put(log, number, None)

    assert left + 1 == (await audit.verify(log)).broken


@pytest.mark.parametrize("number", range(1, LENGTH))
async def test_entries_that_were_exchanged_are_found(log: Records, number: int) -> None:
    one, other = await text(log, number), await text(log, number + 1)
    await put(log, number, other)
    await put(log, number + 1, one)

    verdict = await audit.verify(log)
    assert (number, f"it was written as number {number + 1}") == (verdict.broken, verdict.why)


@pytest.mark.parametrize("number", range(1, LENGTH))
async def test_an_entry_that_was_closed_over_is_found(log: Records, number: int) -> None:
    """Removed, and all that follow moved up by one."""
    for each in range(number, LENGTH):
        await put(log, each, await text(log, each + 1))
    await put(log, LENGTH, None)

    assert number == (await audit.verify(log)).broken


async def test_an_entry_that_was_put_in_between_is_found(log: Records) -> None:
    for each in range(LENGTH, 2, -1):
        await put(log, each + 1, await text(log, each))
    await forge(log, 3, what="never happened")

    assert 4 == (await audit.verify(log)).broken


async def test_entries_that_were_numbered_anew_are_found(log: Records) -> None:
    """Put in between with care: numbers and the link to the one before are right."""
    for each in range(LENGTH, 2, -1):
        await put(log, each + 1, await text(log, each))
        await forge(log, each + 1, number=each + 1)
    await forge(log, 3, what="never happened")

    assert 4 == (await audit.verify(log)).broken


@pytest.mark.parametrize("junk", ["", "hello", "[]", "{}", '{"v": 1}', "null"])
async def test_an_entry_that_cannot_be_read_is_found(log: Records, junk: str) -> None:
    """And does not keep the others from being read."""
    await put(log, 4, junk)

    verdict = await audit.verify(log)
    assert (4, "it cannot be read") == (verdict.broken, verdict.why)
    assert [6, 5, 3, 2, 1] == [each.number for each in await audit.newest(log, 10)]


@pytest.mark.parametrize("name", ["0", "007", "x", "-1", "٣"])
async def test_what_is_no_entry_is_found(log: Records, name: str) -> None:
    await put(log, name, "{}")

    verdict = await audit.verify(log)
    assert (0, f"there is something called {name!r} among the entries") == (verdict.broken, verdict.why)


async def test_a_log_written_anew_has_another_digest(log: Records) -> None:
    """Nothing in the store can tell: that is why the digest is worth keeping elsewhere."""
    before = await audit.verify(log)
    for number in range(1, LENGTH + 1):
        await put(log, number, None)
    await log.swap(ENDS, LAST, await log.get(ENDS, LAST), None)
    for number in range(1, LENGTH + 1):
        await audit.note(log, entry(f"another key {number}"))
    after = await audit.verify(log)

    assert before.entries == after.entries
    assert before.digest != after.digest


async def test_the_log_goes_on_after_its_end_was_cut_off_and_the_gap_stays_seen(log: Records) -> None:
    await put(log, LENGTH, None)
    written = await audit.note(log, entry())

    assert LENGTH + 1 == written.number
    assert LENGTH == (await audit.verify(log)).broken


@pytest.mark.parametrize("raw", [None, "junk", ""])
async def test_an_end_that_was_lost_is_found_again(log: Records, raw: str | None) -> None:
    await log.swap(ENDS, LAST, await log.get(ENDS, LAST), raw)
    written = await audit.note(log, entry())
    verdict = await audit.verify(log)

    assert LENGTH + 1 == written.number
    assert (LENGTH + 1, None) == (verdict.entries, verdict.broken)
    assert f"{LENGTH + 1} {verdict.digest}" == await log.get(ENDS, LAST)


async def test_a_crash_before_the_end_was_moved_breaks_nothing(log: Records) -> None:
    """The entry is there, and nobody knows yet that it is the last."""
    end = await log.get(ENDS, LAST)
    await audit.note(log, entry("last words"))
    await log.swap(ENDS, LAST, await log.get(ENDS, LAST), end)

    assert (LENGTH + 1, None) == await _found(log)
    assert "last words" == (await audit.newest(log, 1))[0].what
    await audit.note(log, entry())
    assert (LENGTH + 2, None) == await _found(log)


async def test_all_who_write_at_once_find_a_place(records: Records) -> None:
    written = await asyncio.gather(*(audit.note(records, entry(f"key {number}")) for number in range(40)))

    assert set(range(1, 41)) == {each.number for each in written}
    assert (40, None) == await _found(records)
    assert {f"key {number}" for number in range(40)} == {each.what for each in await audit.newest(records, 99)}


async def test_who_is_late_writes_after_who_was_quick(records: WatchedRecords) -> None:
    """Somebody else's entry comes between the look at the end and the write."""
    late = WatchedRecords(records, lambda: audit.note(records, entry("quick")))
    await audit.note(late, entry("late"))

    assert ["late", "quick"] == [each.what for each in await audit.newest(records, 9)]
    assert (2, None) == await _found(records)


async def test_the_end_never_moves_back(records: WatchedRecords) -> None:
    """Somebody else's entry, and its end, come before the end of the first is written."""

    async def pause() -> None:
        """The first entry is written."""

    first = WatchedRecords(records, pause, lambda: audit.note(records, entry("second")))
    await audit.note(first, entry("first"))
    end = await records.get(ENDS, LAST)

    assert end is not None
    assert end.startswith("2 ")


@pytest.mark.parametrize("field", ["actor", "community", "action", "what", "old", "new", "turn"])
@pytest.mark.parametrize("dress", [str, "`{}`".format, "see {}, please".format])
async def test_no_key_is_ever_written(records: Records, field: str, dress: Callable[[str], str]) -> None:
    key = keys.make()
    await audit.note(records, entry(**{field: dress(key.reveal())}))

    written = await text(records, 1)
    assert key.secret.reveal() not in written
    assert f"parley_{key.id}_***" in written


async def test_whatever_is_noted_can_be_written_and_read(records: Records) -> None:
    """A name on a platform can be anything, half a surrogate pair included."""
    written = await audit.note(records, entry(new='\ud800 "\n🦉'))

    assert [written] == await audit.newest(records, 1)
    assert (1, None) == await _found(records)


async def test_the_newest_entries_of_a_community(records: Records) -> None:
    for number in range(1, 7):
        await audit.note(records, entry(str(number), community=CLUB if number % 2 else OTHER_CLUB))

    async def whats(limit: int, community: str | None = None) -> list[str]:
        return [each.what for each in await audit.newest(records, limit, community)]

    assert ["6", "5", "4"] == await whats(3)
    assert ["5", "3"] == await whats(2, CLUB)
    assert ["6", "4", "2"] == await whats(9, OTHER_CLUB)
    assert [] == await whats(9, "")
    assert [] == await whats(0)


async def _found(records: Records) -> tuple[int, int | None]:
    verdict = await audit.verify(records)
    return verdict.entries, verdict.broken

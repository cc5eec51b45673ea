"""What people have at set times: how it is drafted, kept and changed, by whom, and how much of it."""

import hashlib
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from bot.access import Rank
from bot.amounts import span_words
from bot.chat import Call
from bot.errors import BadArgument, Banned, Gone
from bot.people import is_banned, is_owner, rank_of
from bot.ports import Ports
from bot.records import Shape
from bot.reply import plain
from bot.schedule import Schedule, changed

LONGEST = 2_000
"""Characters of what is said or asked at a set time."""

_DRAFTS = "schedule drafts"
"""The folder: what was not confirmed yet, by the turn that asked for it."""

_shape = Shape(TypeAdapter(Schedule), version=1)


# Made.


def short_id(turn: str) -> str:
    """What people type to name the schedule that a turn made: six letters and digits."""
    return b32encode(hashlib.sha256(turn.encode()).digest())[:6].decode().lower()


async def draft(ports: Ports, turn: str, schedule: Schedule) -> None:
    """Keep what still wants to be confirmed, under the turn that asked for it."""
    await ports.records.swap(_DRAFTS, turn, None, _shape.dump(schedule))


async def discard(ports: Ports, call: Call, turn: str) -> None:
    """Forget a draft of the caller's. Raises Gone."""
    raw, _ = await _drafted(ports, call, turn)
    await ports.records.swap(_DRAFTS, turn, raw, None)


async def confirm(ports: Ports, call: Call, turn: str) -> Schedule:
    """
    Keep what was drafted. Of those who confirm it at once, each gets what is kept.

    Raises:
        Gone: There is no such draft of the caller's.
        BadArgument: They have too much by now, or its time has passed.
    """
    raw, drafted = await _drafted(ports, call, turn)
    upcoming = ports.planner.after(drafted.recurrence, ports.now())
    kept = await begin(ports, call, replace(drafted, next=upcoming))
    await ports.records.swap(_DRAFTS, turn, raw, None)
    return kept


async def begin(ports: Ports, call: Call, wanted: Schedule) -> Schedule:
    """
    Keep a schedule from now on; doing it again changes nothing.

    Of several that are begun at the same moment, none stays that is one too many. Raises Banned, and BadArgument as
    `confirm` does.
    """
    if there := await ports.schedules.get(wanted.id):
        return there
    if wanted.next is None:
        raise BadArgument("That time has passed by now. Give the command again with another one.")
    if await is_banned(ports, wanted.place):
        raise Banned(wanted.owner.person)
    await require_room(ports, call, wanted)
    await ports.schedules.write(wanted)
    try:
        await require_room(ports, call, wanted)
    except BadArgument:
        await ports.schedules.remove(wanted.id)
        raise
    return wanted


async def forget_drafts(ports: Ports, before: datetime) -> int:
    """Forget what nobody confirmed, and was asked for before then. Returns how many these were."""
    drafts = await ports.records.all(_DRAFTS)
    old = [(turn, raw) for turn, raw in drafts.items() if _is_older(raw, before)]
    return sum([await ports.records.swap(_DRAFTS, turn, raw, None) for turn, raw in old])


def _is_older(raw: str, moment: datetime) -> bool:
    """Whether a draft was made before then; what only a newer program can read is left to that."""
    try:
        return _shape.read(raw).made < moment
    except ValueError:
        return False


async def _drafted(ports: Ports, call: Call, turn: str) -> tuple[str, Schedule]:
    raw = await ports.records.get(_DRAFTS, turn)
    if raw is None or (drafted := _shape.read(raw)).owner.person != call.origin.key.person:
        raise Gone
    return raw, drafted


# How much.


async def require_room(ports: Ports, call: Call, wanted: Schedule) -> None:
    """Refuse what is more, or more often, than its owner may have. Raises BadArgument."""
    allowance = ports.allowances.of(await _rank(ports, call))
    theirs = _others(await ports.schedules.of(wanted.owner.person), wanted)
    here = _others(await ports.schedules.at(wanted.place.place), wanted)
    if len(theirs) >= allowance.own:
        raise BadArgument(f"You have {allowance.own} schedules, and may have no more. `/schedules` shows them.")
    if len(here) >= allowance.here:
        raise BadArgument(f"There are {allowance.here} schedules in that place, and may be no more.")
    shortest = ports.planner.shortest(wanted.recurrence, ports.now())
    if shortest is not None and shortest < allowance.shortest:
        least = span_words(allowance.shortest)
        raise BadArgument(f"That is too often: there must be {least} at least between two times.")


def _others(found: Sequence[Schedule], wanted: Schedule) -> Sequence[Schedule]:
    """What there is besides this one, as far as it is still to come."""
    return [each for each in found if each.next and each.id != wanted.id]


async def _rank(ports: Ports, call: Call) -> Rank:
    """What the caller is; in private, where everybody runs the place, that alone earns them no more."""
    if call.origin.key.private:
        return Rank.OWNER if await is_owner(ports, call.origin.key.person) else Rank.USER
    return await rank_of(call, ports)


# Changed.


async def find(ports: Ports, call: Call, id: str) -> Schedule:
    """One that the caller may see, and pause: their own, or one in the community that they run. Raises BadArgument."""
    schedule = await ports.schedules.get(id.strip().casefold())
    if schedule is None or not (is_own(call, schedule) or await _looks_after(ports, call, schedule)):
        raise BadArgument(f"You have no schedule “{plain(id)}”. `/schedules` shows those that you have.")
    return schedule


def is_own(call: Call, schedule: Schedule) -> bool:
    """Whether the caller made it, so that it is taken from their shares."""
    return schedule.owner.person == call.origin.key.person


async def _looks_after(ports: Ports, call: Call, schedule: Schedule) -> bool:
    """Whether the caller runs the community where it is said. Nobody looks after what is said in private."""
    key = call.origin.key
    if schedule.place.private:
        return False
    if await is_owner(ports, key.person):
        return True
    return not key.private and schedule.place.club == key.club and await rank_of(call, ports) >= Rank.ADMIN


async def change(ports: Ports, id: str, new: Callable[[Schedule], Schedule]) -> Schedule | None:
    """
    Put what `new` makes of a schedule in its place; when somebody was quicker, it decides again.

    Returns what is there then; None when it was deleted meanwhile.
    """
    while schedule := await ports.schedules.get(id):
        wanted = new(schedule)
        if wanted is schedule or await ports.schedules.write(wanted):
            return wanted
    return None


async def pause(ports: Ports, id: str, why: str) -> Schedule | None:
    """Let a schedule rest until somebody resumes it."""
    return await change(ports, id, lambda there: changed(there, paused=why))


async def resume(ports: Ports, id: str) -> Schedule | None:
    """Let a schedule that rests go on, with the next time that is to come."""

    def resumed(there: Schedule) -> Schedule:
        if not there.paused:
            return there
        upcoming = ports.planner.after(there.recurrence, ports.now())
        return changed(there, paused="", skipped=0, skipped_at=None, next=upcoming)

    return await change(ports, id, resumed)


async def run_now(ports: Ports, id: str) -> Schedule | None:
    """Have a schedule done at once, besides its own times."""
    return await change(ports, id, lambda there: changed(there, next=ports.now()))

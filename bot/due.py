"""A schedule that is due becomes a turn like any other: written down once, charged to its owner, shown, repaired."""

import asyncio
import logging
from datetime import datetime, timedelta

from bot import agenda
from bot.aftermath import stop
from bot.amounts import moment_words
from bot.chat import Inbound, Origin
from bot.errors import Banned, PlatformDown
from bot.people import is_banned
from bot.ports import Ports
from bot.reply import Button, Reply, plain
from bot.schedule import Job, Schedule, changed
from bot.session import Sessions
from bot.turn import turn_id

log = logging.getLogger(__name__)

OPENING = "⏰ A reminder …"

BRIEFLY = 2.0
"""Seconds that a platform may take to say whether somebody is still there: others are due as well."""

UNSERVED = timedelta(hours=1)
"""How long what is due waits for a platform that nobody serves."""

LATE = timedelta(minutes=1)
"""After which what is said mentions that it comes late."""


async def happen(ports: Ports, sessions: Sessions, id: str) -> None:
    """
    Do what is due, once for each of its times, whoever else does so at the same moment.

    What was missed while nobody was there is done once, for the last of these times, if that is not too long ago;
    otherwise its owner is told where it would have stood. Raises StorageDown, PlatformDown: then it is still due.
    """
    schedule = await ports.schedules.get(id)
    if schedule is None or schedule.waiting is None or schedule.waiting > ports.now():
        return
    if why := await _hindrance(ports, schedule):
        await stop(ports, id, why)
        return
    due = ports.planner.last(schedule.recurrence, schedule.waiting, ports.now())
    asked = _asked(ports, schedule, due)
    await sessions.do(asked, _said(ports, schedule, asked.origin))
    await _go_on(ports, schedule)


async def _hindrance(ports: Ports, schedule: Schedule) -> str:
    """Why it cannot be done any more, in a sentence for its owner; "" when it can. Raises PlatformDown."""
    assert schedule.waiting is not None
    if schedule.place.platform not in ports.platforms:
        if ports.now() - schedule.waiting > UNSERVED:
            return "I am not there any more."
        raise PlatformDown("this process does not serve it")
    if await is_banned(ports, schedule.place):
        return Banned.for_user
    return "" if await _is_there(ports, schedule) else "You are not in that place any more, or I am not."


async def _is_there(ports: Ports, schedule: Schedule) -> bool:
    """Whether owner and place still belong together; when the platform cannot tell at once, the turn will see."""
    try:
        async with asyncio.timeout(BRIEFLY):
            return await ports.platforms[schedule.place.platform].belongs(schedule.place)
    except (PlatformDown, TimeoutError) as trouble:
        log.warning("schedule %s: nobody can tell whether its owner is still there: %s", schedule.id, trouble)
        return True


def _asked(ports: Ports, schedule: Schedule, due: datetime) -> Inbound:
    """What its owner would have said there, then. The same time always makes the same event."""
    address = ports.platforms[schedule.place.platform].address(schedule.place)
    event = f"at.{schedule.id}.{due.timestamp():.3f}"
    return Inbound(Origin(schedule.place, event, schedule.author, due, address), schedule.text, schedule=schedule.id)


def _said(ports: Ports, schedule: Schedule, origin: Origin) -> Reply | None:
    """What is said without the model being asked; None when it is asked."""
    late = ports.now() - origin.at
    if schedule.job is Job.PROMPT and late <= ports.allowances.grace:
        return None
    mention = "" if schedule.place.private else schedule.place.user
    then = moment_words(origin.at, schedule.recurrence.zone)
    if schedule.job is Job.PROMPT:
        missed = f"I was away, and did not answer what was due {then}: “{plain(schedule.text)}”."
        return Reply(missed, buttons=(Button("Answer now", "regenerate", turn_id(origin)),), mention=mention)
    note = f"I was away, and am late: this was for {then}." if late > LATE else ""
    return Reply(schedule.text, note, mention=mention, opening=OPENING)


async def _go_on(ports: Ports, done: Schedule) -> None:
    """Give a schedule its next time, unless somebody has changed that meanwhile; forget one that is over."""

    def advanced(there: Schedule) -> Schedule:
        if there.next != done.next:
            return there
        return changed(there, next=ports.planner.after(there.recurrence, ports.now()))

    there = await agenda.change(ports, done.id, advanced)
    if there is not None and there.next is None:
        await ports.schedules.remove(there.id)

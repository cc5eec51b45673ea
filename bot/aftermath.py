"""What becomes of a schedule by how its turn went: a share that is used up, a place where nobody can be answered."""

import logging

from bot import agenda
from bot.chat import Inbound
from bot.errors import Banned, BotError, KeyNeeded, KeyRefused, QuotaExhausted
from bot.people import write_to
from bot.ports import Ports
from bot.reply import Reply, plain
from bot.schedule import Schedule, changed
from bot.turn import Turn

log = logging.getLogger(__name__)

UNPAID = (Banned, KeyNeeded, KeyRefused, QuotaExhausted)
"""Why an answer is not to be had by its asker, whoever asks for it in their name."""

MOST_SKIPS = 3
"""How often in a row that may be so before a schedule is paused."""


async def answered(ports: Ports, asked: Inbound) -> None:
    """There was an answer: what a schedule skipped before counts no more."""
    if asked.schedule:
        await agenda.change(ports, asked.schedule, _unskipped)


async def unpaid(ports: Ports, asked: Inbound, error: BotError) -> Reply:
    """
    Skip what its owner may not ask now, and tell them in private.

    Each due time counts once, however often it is tried. Returns what is to be shown where the answer would stand:
    nothing, unless they cannot be written to.
    """
    schedule = await agenda.change(ports, asked.schedule, lambda there: _skipped(there, asked))
    told = Reply(f"I skipped “{plain(asked.text)}”, which was due. {error.for_user}{_consequence(schedule)}")
    return Reply() if await write_to(ports, asked.origin.key.person, told) else told


async def unreachable(ports: Ports, turn: Turn) -> None:
    """What a schedule says can be shown to nobody there any more: its owner gets it in private, and it is ended."""
    if isinstance(turn.task, Inbound) and turn.task.schedule:
        said, why = turn.reply.text or turn.task.text, "I cannot write there any more."
        consequence = await _ended(ports, await ports.schedules.get(turn.task.schedule), why) or why
        await write_to(ports, turn.origin.key.person, Reply(said, f"This was due. {consequence}"))


async def stop(ports: Ports, id: str, why: str) -> None:
    """End what cannot go on as it is, and tell its owner where that can be."""
    schedule = await ports.schedules.get(id)
    if schedule is not None and (consequence := await _ended(ports, schedule, why)):
        await write_to(ports, schedule.owner.person, Reply(schedule.text, f"I did not do this. {consequence}"))


async def _ended(ports: Ports, schedule: Schedule | None, why: str) -> str:
    """Pause a schedule, or forget one for a single time. Returns that in words; "" where it was ended before."""
    if schedule is None or schedule.paused:
        return ""
    log.info("schedule %s is ended: %s", schedule.id, why)
    if schedule.recurrence.once:
        await ports.schedules.remove(schedule.id)
        return why
    await agenda.pause(ports, schedule.id, why)
    return f"{why} I have paused it. {how_to_go_on(schedule)}"


def how_to_go_on(schedule: Schedule) -> str:
    return f"`/schedules resume {schedule.id}` lets it go on."


def _unskipped(there: Schedule) -> Schedule:
    return changed(there, skipped=0, skipped_at=None) if there.skipped else there


def _skipped(there: Schedule, asked: Inbound) -> Schedule:
    due = asked.origin.at
    if there.skipped_at is not None and there.skipped_at >= due:
        return there
    skipped = there.skipped + 1
    paused = f"It was skipped {MOST_SKIPS} times in a row." if skipped >= MOST_SKIPS else there.paused
    return changed(there, skipped=skipped, skipped_at=due, paused=paused)


def _consequence(schedule: Schedule | None) -> str:
    if schedule is None or not schedule.next:
        return ""
    if schedule.paused:
        return f" That was the {MOST_SKIPS}rd time in a row, so I have paused it. {how_to_go_on(schedule)}"
    return f" I try again at its next time; at the {MOST_SKIPS}rd failure in a row I pause it."

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
    """What a schedule asks can be shown to nobody any more: pause it, and tell its owner where that can be."""
    if isinstance(turn.task, Inbound) and turn.task.schedule:
        await stop(ports, turn.task.schedule, "I cannot write there any more.")


async def stop(ports: Ports, id: str, why: str) -> None:
    """Pause a schedule that cannot go on as it is, and tell its owner, once, where that can be."""
    before = await ports.schedules.get(id)
    if before is None or before.paused:
        return
    await agenda.pause(ports, id, why)
    words = f"I have paused “{plain(before.text)}”, which you had me do at set times. {why} {how_to_go_on(before)}"
    told = await write_to(ports, before.owner.person, Reply(words))
    log.info("schedule %s was paused: %s Its owner was %s.", id, why, "told" if told else "not told")


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

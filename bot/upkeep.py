"""What the service does for itself at set times."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from bot import agenda, expiry, guesses, owner
from bot.commands import request
from bot.errors import StorageDown
from bot.expiry import tell_of_expiring
from bot.ports import Ports, Records
from bot.records import change
from bot.schedule import Recurrence
from bot.throttle import ms
from bot.weekly import send_reports

log = logging.getLogger(__name__)

CHORES = "chores"
"""The folder: when each chore was last done, by its name, in milliseconds since 1970."""

DRAFTS = timedelta(days=1)
"""How long a schedule may wait for being confirmed."""

REQUESTS = timedelta(days=30)
"""How long a request may be answered."""


@dataclass(frozen=True, slots=True)
class Chore:
    """
    Something that the service does for itself at set times.

    Args:
        name: What its last time is written down under.
        do: May be called twice without harm. Raises StorageDown, PlatformDown when it is to be tried again.
    """

    name: str
    recurrence: Recurrence
    do: Callable[[], Awaitable[None]]


async def last_done(records: Records, name: str) -> datetime | None:
    """When a chore was last done; None for never."""
    raw = await records.get(CHORES, name)
    return datetime.fromtimestamp(int(raw) / 1000, UTC) if raw else None


async def note_done(records: Records, name: str, at: datetime) -> None:
    """Write down that a chore was done, so that whoever keeps time next does it neither again nor too late."""
    await change(records, CHORES, name, lambda _: str(ms(at)))


def chores(
    ports: Ports, sweep: Callable[[datetime], Awaitable[int]], probe: Callable[[], Awaitable[None]]
) -> tuple[Chore, ...]:
    """
    All that is to be done.

    Args:
        sweep: Has the store forget what it need not keep.
        probe: Asks the provider accounts whether they are there.
    """
    here = ports.zone.key
    return (
        Chore("keys", Recurrence(here, cron="0 9 * * *"), partial(tell_of_expiring, ports)),
        Chore("tidy", Recurrence("UTC", cron="0 * * * *"), partial(tidy, ports, sweep)),
        Chore("report", Recurrence(here, cron="0 9 * * mon"), partial(send_reports, ports)),
        Chore("probe", Recurrence("UTC", cron="*/5 * * * *"), probe),
    )


async def tidy(ports: Ports, sweep: Callable[[datetime], Awaitable[int]]) -> None:
    """Forget what is of no use any more; what cannot be forgotten keeps nothing else. Raises StorageDown."""
    records, now = ports.records, ports.now()
    await _forget("guesses", guesses.forget(records, now))
    await _forget("owner codes", owner.forget(records, now))
    await _forget("who was told of expired keys", expiry.forget(records, now))
    await _forget("drafts", agenda.forget_drafts(ports, now - DRAFTS))
    await _forget("requests", request.forget(records, now - REQUESTS))
    await _forget("what the store need not keep", sweep(now))


async def _forget(what: str, forgotten: Awaitable[int]) -> None:
    try:
        await forgotten
    except StorageDown:
        raise
    except Exception:
        log.exception("not forgotten: %s", what)

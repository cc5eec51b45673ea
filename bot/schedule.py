"""What is to be said or asked at set times, as plain data. When that is, a `bot.ports.Planner` works out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.access import Rank
from bot.chat import Key


class Job(StrEnum):
    """What happens when a schedule is due."""

    REMIND = "remind"
    """Its text is said."""
    PROMPT = "prompt"
    """Its text is asked, and the model's answer said."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """
    When something is due. One of `at`, `cron`, `seconds` and `days` says it.

    A time that the clock skips in spring is due at the moment right after the gap; one that it shows twice in autumn
    is due the first time alone. Where every hour is meant, in `cron`, each real hour counts instead.

    Args:
        zone: Whose clock on the wall `cron` and `days` are read on, and in which times are told: a name of the IANA
            database.
        at: Once, then.
        cron: Five fields, as in crontab(5): "0 18 * * mon"; and "L" for the last day of a month, "mon#1" for its first
            Monday, "fri#L" for its last Friday.
        seconds: Every so many, from `since` on.
        days: Every so many, from `since` on, at the time of day that the clock shows then.
    """

    zone: str
    at: datetime | None = None
    cron: str = ""
    seconds: int = 0
    days: int = 0
    since: datetime | None = None

    @property
    def once(self) -> bool:
        return self.at is not None


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    One thing to be done at set times.

    Args:
        id: Short, of letters and digits; people read and type it.
        version: One more with every change, from 1 on; a store takes only the one after the one that it has.
        owner: Who made it and where. It is done in their name, and taken from their shares.
        author: What they are called there.
        place: Where it is said: the owner's key in that channel, or in their private chat.
        next: When it is due next; None when it never is again.
        paused: Why it is not done, in a sentence for its owner; "" while it is.
        skipped: How often in a row it was due and its owner's share was used up.
        skipped_at: The last time that counts for that.
    """

    id: str
    version: int
    job: Job
    text: str
    recurrence: Recurrence
    owner: Key
    author: str
    place: Key
    made: datetime
    next: datetime | None
    paused: str = ""
    skipped: int = 0
    skipped_at: datetime | None = None

    @property
    def waiting(self) -> datetime | None:
        """When it is to be done; None while it is paused, or when it is over."""
        return None if self.paused else self.next


def changed(schedule: Schedule, **changes: Any) -> Schedule:
    """The next version of a schedule."""
    return replace(schedule, version=schedule.version + 1, **changes)


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    What somebody of a rank may have at set times.

    Args:
        own: Schedules of theirs, in all places.
        here: Schedules in one channel, whoever made them, when they add one.
        shortest: The fewest seconds between two times of one.
    """

    own: int
    here: int
    shortest: int


@dataclass(frozen=True, slots=True)
class Allowances:
    """
    What each rank may have; a rank that is not named has what the next lower one has.

    Args:
        grace: How late something may be done that was missed while nobody was there to do it; later, that is told.
    """

    by_rank: Mapping[Rank, Allowance] = field(default_factory=lambda: {Rank.GUEST: Allowance(10, 20, 60)})
    grace: timedelta = timedelta(hours=1)

    def of(self, rank: Rank) -> Allowance:
        return self.by_rank[max((each for each in self.by_rank if each <= rank), default=min(self.by_rank))]

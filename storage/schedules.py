"""What the stores of schedules share: which comes first, and what becomes of one that cannot be read."""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from bot.schedule import Schedule
from storage.record import load_schedule

log = logging.getLogger(__name__)

EPOCH = datetime.fromtimestamp(0, UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC: nothing is due before its time, nor stands behind a later one."""
    return (moment - EPOCH) // MICROSECOND


def oldest_first(schedules: Iterable[Schedule]) -> list[Schedule]:
    return sorted(schedules, key=lambda schedule: (schedule.made, schedule.id))


class Reader:
    """Reads schedules. One that it cannot read it leaves out, and tells of once, as it is asked again every second."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def read(self, docs: Iterable[tuple[str, str]]) -> Iterator[Schedule]:
        """What can be read of these documents, each with its schedule's id, one by one."""
        for id, doc in docs:
            try:
                yield load_schedule(doc)
            except ValueError as error:
                self._tell(id, error)

    def _tell(self, id: str, error: ValueError) -> None:
        if id not in self._told:
            self._told.add(id)
            log.error("schedule %s cannot be read, and is not done: %s", id, error)

"""Stretches of time over which something is counted, and when each begins anew. Times are milliseconds since 1970."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

ROLLING_DAYS = 30


class Window(StrEnum):
    """How long it is counted before it begins at nothing again."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    ROLLING = "30 days"
    """The last thirty days, today's included; each day leaves by itself."""
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    One moment, and the day and the month that it lies in.

    `date` names the day, as 2026-11-21. Days and months begin at midnight where the community lives; minutes, hours
    and the days of `Window.ROLLING` are those of UTC.
    """

    now: int
    date: str
    day: int
    day_end: int
    month: int
    month_end: int

    def begin(self, window: Window) -> int:
        """When the stretch that is now began; for `ROLLING` the number of the day, 0 for `EVER`."""
        match window:
            case Window.MINUTE:
                return self.now - self.now % MINUTE
            case Window.HOUR:
                return self.now - self.now % HOUR
            case Window.DAY:
                return self.day
            case Window.MONTH:
                return self.month
            case Window.ROLLING:
                return self.now // DAY
            case Window.EVER:
                return 0

    def end(self, window: Window, oldest: int = 0) -> int:
        """
        When there is more again; 0 for never.

        Args:
            oldest: For `ROLLING`, the number of the first day that still counts.
        """
        match window:
            case Window.MINUTE:
                return self.begin(window) + MINUTE
            case Window.HOUR:
                return self.begin(window) + HOUR
            case Window.DAY:
                return self.day_end
            case Window.MONTH:
                return self.month_end
            case Window.ROLLING:
                return (oldest + ROLLING_DAYS) * DAY
            case Window.EVER:
                return 0


def calendar(now: datetime, zone: ZoneInfo) -> Calendar:
    """The day and the month of a moment, as clocks on the wall there tell them."""
    local = now.astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    month = day.replace(day=1)
    # Arithmetic on a zone's own times is done on the wall's clock: it ends at midnight on days of 23 and 25 hours too.
    following = (month + timedelta(days=32)).replace(day=1)
    ends = _ms(day), _ms(day + timedelta(days=1)), _ms(month), _ms(following)
    return Calendar(_ms(now), day.date().isoformat(), *ends)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

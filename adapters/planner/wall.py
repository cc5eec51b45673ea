"""Clocks on the wall, and the moments that they show. A wall's time has no zone; a moment is UTC."""

from datetime import UTC, datetime, timedelta, tzinfo

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def shown(moment: datetime, zone: tzinfo) -> datetime:
    """What the clock shows then."""
    return moment.astimezone(zone).replace(tzinfo=None)


def instant(wall: datetime, zone: tzinfo) -> datetime:
    """When the clock shows that for the first time; where it skips it, right after the gap."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if shown(first, zone) == wall:
        return first
    return change(zone, second, first) or first


def change(zone: tzinfo, low: datetime, high: datetime) -> datetime | None:
    """The first moment after `low`, and not later than `high`, from which on clocks are put forward or back."""
    while low < high:
        following = min(low + _DAY, high)
        if _offset(low, zone) != _offset(following, zone):
            return _between(zone, low, following)
        low = following
    return None


def _between(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The same, where it is known that there is one."""
    before = _offset(low, zone)
    low = low.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high.replace(microsecond=0)


def _offset(moment: datetime, zone: tzinfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()

"""Clocks and calendars: what people write for a time, and when that is."""

from adapters.planner.almanac import Almanac

__all__ = ["Almanac"]

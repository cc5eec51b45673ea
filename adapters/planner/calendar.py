"""Hours, days and months as people name and number them. Weekdays count from Sunday, which is 0, as in crontab(5)."""

from collections.abc import Sequence

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The most days that each month has."""

POSITIONS = ("first", "second", "third", "fourth", "fifth")

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

HOURS, MINUTES, SECONDS = "hours?|hrs?|h", "minutes?|mins?|m", "seconds?|secs?|s"
"""Patterns of what people write for so many of them, to be put into brackets."""

A_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
"""A pattern of what people write for a month; its first three letters tell which."""

A_WEEKDAY = (
    r"(?:sun(?:day)?|mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?)s?\b\.?"
)
"""A pattern of what people write for a day of the week; its first three letters tell which."""


def month(name: str) -> int:
    """1 for January, by its first three letters."""
    return _place(MONTHS, name) + 1


def weekday(name: str) -> int:
    """0 for Sunday, by its first three letters."""
    return _place(WEEKDAYS, name)


def ordinal(number: int) -> str:
    """ "1st", "2nd", "23rd", "31st"."""
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def listed(names: Sequence[str]) -> str:
    """ "Monday", "Monday and Friday", "Monday, Wednesday and Friday"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _place(names: Sequence[str], name: str) -> int:
    return next(place for place, full in enumerate(names) if full.casefold()[:3] == name.casefold()[:3])

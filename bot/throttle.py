"""
How many wrong keys somebody may send, and who has to wait.

Who sends too many is told by GCRA: one number for each guesser, the time at which all that they sent would have been
allowed, one after the other.

Source: en.wikipedia.org/wiki/Generic_cell_rate_algorithm
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.amounts import wait_words
from bot.errors import TooManyGuesses
from bot.period import HOUR

REMEMBERED = 10_000
"""Guessers whose mistyped keys one process counts."""


@dataclass(frozen=True, slots=True)
class Guesser:
    """Somebody, or somewhere, that keys come from, and how many wrong ones in an hour are put up with."""

    name: str
    hourly: int


def by_person(person: str) -> Guesser:
    return Guesser(f"person/{person}", 5)


def in_chat(room: str) -> Guesser:
    return Guesser(f"chat/{room}", 20)


def from_address(address: str) -> Guesser:
    """Somebody on the network. An IPv6 address counts as its /64, of which everybody has one to themselves."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # a proxy in front of us passes on whatever it was sent
        return Guesser("address/?", 100)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ipaddress.IPv6Network((ip, 64), strict=False).network_address
    return Guesser(f"address/{ip}", 100)


class Typos:
    """
    What came from whom that was no key by its looks; forgotten when the process ends.

    Args:
        most: Guessers that are remembered. Beyond, the one who was quiet for longest is forgotten.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._reached: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._reached)

    def admit(self, guessers: Iterable[Guesser], now: datetime) -> None:
        """Raise TooManyGuesses when one of them has to wait."""
        admit_all([(guesser, self._reached.get(guesser.name, 0)) for guesser in guessers], now)

    def count(self, guessers: Iterable[Guesser], now: datetime) -> None:
        for guesser in guessers:
            self._reached[guesser.name] = following(self._reached.get(guesser.name, 0), guesser, now)
            self._reached.move_to_end(guesser.name)
        while len(self._reached) > self._most:
            self._reached.popitem(last=False)


def admit_all(reached: Iterable[tuple[Guesser, int]], now: datetime) -> None:
    """Raise TooManyGuesses for the one that has to wait longest."""
    waits = ((following(so_far, guesser, now) - HOUR, guesser.name) for guesser, so_far in reached)
    free, guesser = max(waits, default=(0, ""))
    if free > ms(now):
        raise TooManyGuesses(guesser, wait_words(datetime.fromtimestamp(free / 1000, UTC), now))


def following(reached: int, guesser: Guesser, now: datetime) -> int:
    """How far it reaches with one more."""
    return max(reached, ms(now)) + HOUR // guesser.hourly


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

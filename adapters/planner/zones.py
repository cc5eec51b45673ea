"""Zones by the names that people type: "Europe/Oslo", "europe/oslo", "Oslo", "são paulo"."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

SHOWN = 25
"""Names that are suggested at once."""

_MISLEADING = frozenset({"EST", "MST", "Factory", "localtime", "posixrules"})
"""Where "EST" and "MST" are kept all year, clocks are never put forward; hardly anybody means that."""


def zone(typed: str) -> str | None:
    """The zone that somebody means, by its name or its city; None for none."""
    return _by_key().get(_key(typed))


def zones(typed: str) -> Sequence[str]:
    """Up to 25 names that begin so, or have it in them: the former first."""
    key = _key(typed)
    found = [name for name in _places() if key in _key(name)]
    return sorted(found, key=lambda name: (not _begins(name, key), name))[:SHOWN]


def _begins(name: str, key: str) -> bool:
    return _key(name).startswith(key) or _city(name).startswith(key)


@cache
def _by_key() -> Mapping[str, str]:
    """Every name, whole and by its city; where two zones have one, that of the list of places counts."""
    names = sorted(available_timezones() - _MISLEADING)
    cities = {_city(name): name for name in (*names, *_places())}
    return {**cities, **{_key(name): name for name in names}}


@cache
def _places() -> Sequence[str]:
    """The names that the IANA database has for places: without its old ones, and those for ships."""
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    return sorted({line.split("\t")[2] for line in lines if not line.startswith("#")} | {"UTC"})


def _city(name: str) -> str:
    return _key(name.rpartition("/")[2])


def _key(typed: str) -> str:
    """Without case, accents, and what stands between words."""
    letters = unicodedata.normalize("NFKD", typed.strip()[:64]).casefold()
    return "".join("_" if letter in " _" else letter for letter in letters if not unicodedata.combining(letter))

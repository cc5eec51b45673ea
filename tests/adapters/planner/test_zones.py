"""Zones, by what people type."""

import pytest

from adapters.planner import Almanac

ALMANAC = Almanac()


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Oslo", "Europe/Oslo"),
        ("europe/oslo", "Europe/Oslo"),
        (" Oslo ", "Europe/Oslo"),
        ("new york", "America/New_York"),
        ("são paulo", "America/Sao_Paulo"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("Japan", "Japan"),
        ("EST", None),
        ("Mars/Olympus", None),
        ("", None),
        ("/", None),
        ("x" * 2_000, None),
    ],
)
def test_a_zone_is_known_by_its_name_or_its_city(typed: str, zone: str | None) -> None:
    """EST is none: clocks there are never put forward, and whoever writes it lives where they are."""
    assert zone == ALMANAC.zone(typed)


def test_zones_are_suggested_that_begin_so_before_those_that_have_it() -> None:
    assert ["America/New_York", "America/North_Dakota/New_Salem"] == list(ALMANAC.zones("new"))[:2]
    assert "Europe/Oslo" == ALMANAC.zones("osl")[0]
    assert 25 == len(ALMANAC.zones(""))
    assert [] == list(ALMANAC.zones("nowhere"))

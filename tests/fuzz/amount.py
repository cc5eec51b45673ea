"""How much is tried: some in every run of the tests, all of it when PARLEY_LONG says so."""

import os

LONG = "PARLEY_LONG" in os.environ

SEED = 21
"""What all dice are thrown from. A failure names it together with the number of what failed."""


def amount(short: int, long: int) -> int:
    return long if LONG else short

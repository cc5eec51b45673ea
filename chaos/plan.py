"""What is done in one run, and how often."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One run.

    Args:
        processes: How many of `parley run`. SQLite takes one.
        rate: Questions a second.
        rooms: Private chats, and as many groups and channels, on each platform.
        lease: Seconds for which a process that has died keeps others from its work.
        kills: SIGKILLs of a process, about `kill_pause` seconds apart.
        pauses: SIGSTOPs for longer than a lease, `at_once` of them side by side.
        outages: SIGKILLs of Redis, about `outage_pause` seconds apart.
        restarts: SIGTERMs.
    """

    name: str
    store: Literal["redis", "sqlite"] = "redis"
    platforms: tuple[Literal["telegram", "discord"], ...] = ("telegram",)
    processes: int = 4
    rate: float = 3.0
    rooms: int = 12
    lease: float = 3.0
    kills: int = 0
    kill_pause: float = 1.5
    pauses: int = 0
    at_once: int = 2
    outages: int = 0
    outage_pause: float = 8.0
    restarts: int = 0
    seed: int = 1


FULL = (
    Plan(
        "Six processes on one Redis, Telegram",
        processes=6,
        kills=1_000,
        kill_pause=1.2,
        pauses=500,
        outages=50,
        outage_pause=12.0,
    ),
    Plan("Redis dies under four processes", outages=50, outage_pause=3.0, seed=2),
    Plan("Restarts by SIGTERM", restarts=100, kill_pause=1.0, seed=3),
    Plan("One process on SQLite, Telegram", "sqlite", processes=1, rate=2.0, kills=50, kill_pause=4.0, seed=4),
    Plan(
        "Four processes on one Redis, Discord",
        platforms=("discord",),
        kills=25,
        kill_pause=4.0,
        pauses=25,
        outages=10,
        outage_pause=10.0,
        seed=5,
    ),
)
"""`make chaos`: about three quarters of an hour."""

SHORT = Plan("short", processes=3, rate=4.0, rooms=8, kills=15, kill_pause=0.4, pauses=3, outages=3, outage_pause=1.5)
"""`make test`."""

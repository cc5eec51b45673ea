"""One run in which time is kept: schedules in many rooms, and whoever keeps time is killed again and again."""

import asyncio
import contextlib
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bot.chat import Key
from bot.ports import Schedules
from bot.schedule import Job, Recurrence, Schedule
from chaos.crew import Crew, Member, crew
from chaos.run import CALM, DURABLE, config_for, running
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from sandbox.redis_server import redis_server
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Chat, Message
from storage.redis import open_redis

TEXT = re.compile(r"\bdue(\d+)\.")
"""What is said, whether as a reminder or by the model, has the schedule's number in it."""

GLANCE = 0.02
"""Seconds between two looks at the chats."""

AHEAD = (1.0, 20.0)
"""Seconds before it is due that a schedule is made."""

BEFORE, AFTER = 3.5, 1.0
"""
Seconds around a change of hands that count for it: what was begun just before waits for the lease of its turn, and what
became due meanwhile is done at once afterwards.
"""


@dataclass(frozen=True, slots=True)
class TimePlan:
    """
    One run.

    Args:
        schedules: How many, each for one time.
        prompts: The share of them that the model answers.
        kills: SIGKILLs of whoever keeps time, about `pause` seconds after they began to.
        lease: Seconds for which a process that has died keeps others from its turns.
    """

    name: str = "Three processes keep time on one Redis"
    processes: int = 3
    rooms: int = 100
    schedules: int = 1_000
    prompts: float = 0.2
    kills: int = 50
    pause: float = 8.0
    lease: float = 3.0
    seed: int = 1


SHORT = TimePlan("short", processes=2, rooms=4, schedules=24, kills=1, pause=4.0)
"""`make test`."""


@dataclass(slots=True)
class Due:
    """
    One due time. Seconds since 1970, 0 for not yet.

    Args:
        begun: When its message was first seen: that is when a telephone rings.
        done: When its words stood there.
    """

    number: int
    at: float
    begun: float = 0.0
    done: float = 0.0


@dataclass(slots=True)
class TimeResult:
    """What came out. `changes` are the moments of each kill, and of the next process's taking over."""

    plan: TimePlan
    seconds: float
    dues: Sequence[Due]
    seen: Counter[int]
    changes: Sequence[tuple[float, float]]
    exits: Counter[int] = field(default_factory=Counter)

    @property
    def lost(self) -> list[int]:
        return [due.number for due in self.dues if not self.seen[due.number]]

    @property
    def doubled(self) -> list[int]:
        return [number for number, count in self.seen.items() if count > 1]

    @property
    def kept(self) -> bool:
        return not self.lost and not self.doubled

    @property
    def takeovers(self) -> list[float]:
        """Seconds from each kill until another process kept time."""
        return [taken - killed for killed, taken in self.changes]

    def begun_late(self, *, in_peace: bool) -> list[float]:
        """Seconds that each began late, outside all changes of hands or within them."""
        return [due.begun - due.at for due in self._done(in_peace=in_peace)]

    def done_late(self, *, in_peace: bool) -> list[float]:
        """Seconds until its words stood there."""
        return [due.done - due.at for due in self._done(in_peace=in_peace)]

    def _done(self, *, in_peace: bool) -> list[Due]:
        return [due for due in self.dues if due.done and self._in_peace(due) is in_peace]

    def _in_peace(self, due: Due) -> bool:
        return not any(killed - BEFORE <= due.at <= taken + AFTER for killed, taken in self.changes)


class Rooms:
    """Private chats, and what stands in them."""

    def __init__(self, telegram: Telegram, count: int) -> None:
        self.telegram = telegram
        self._born: dict[tuple[int, int], float] = {}
        self._people = [telegram.add_person(f"Person{number}") for number in range(count)]
        for person in self._people:
            telegram.chat(person).opened = True

    def place(self, number: int) -> Key:
        """One of them, as a place where something is said."""
        person = self._people[number % len(self._people)]
        return Key("telegram", str(self.telegram.bot.id), "", str(person.id), "", str(person.id))

    def look(self, now: float) -> dict[int, list[float]]:
        """For each number the messages that have it, each as when it was first seen."""
        found = defaultdict[int, list[float]](list)
        for person in self._people:
            for message in self._own(self.telegram.chat(person)):
                born = self._born.setdefault((person.id, message.id), now)
                for number in set(TEXT.findall(message.text)):
                    found[int(number)].append(born)
        return found

    def _own(self, chat: Chat) -> list[Message]:
        return [each for each in chat.messages.values() if each.sender == self.telegram.bot]


async def keep_time(plan: TimePlan, folder: Path) -> TimeResult:
    """Do what the plan says. Raises TimeoutError when the processes do not come up, or nobody keeps time any more."""
    dice = random.Random(plan.seed)
    async with contextlib.AsyncExitStack() as stack:
        provider = await stack.enter_async_context(OpenAI(otherwise=lambda asked: say(asked.text)))
        telegram = await stack.enter_async_context(Telegram(pace=UNLIMITED))
        server = await stack.enter_async_context(redis_server(*DURABLE))
        config = config_for(provider, server.url, plan.lease)
        config["telegram"] = {"token": telegram.token, "api_base": telegram.base_url.removesuffix("/bot")}
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        rooms = Rooms(telegram, plan.rooms)
        team = await stack.enter_async_context(crew(plan.processes, file, 1, folder, dice))
        async with asyncio.timeout(CALM):
            await team.all_up()
        store = await open_redis(server.url)
        stack.push_async_callback(store.close)
        return await _play(plan, rooms, team, store.schedules, dice)


async def _play(plan: TimePlan, rooms: Rooms, team: Crew, schedules: Schedules, dice: random.Random) -> TimeResult:
    began, dues, changes = time.time(), list[Due](), list[tuple[float, float]]()
    async with running(_watch(rooms, dues)):
        async with asyncio.TaskGroup() as acts:
            acts.create_task(_make(plan, rooms, schedules, dues, dice))
            acts.create_task(_kill(plan, team, changes, dice))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AHEAD[1] + CALM):
                while not all(due.done for due in dues):
                    await asyncio.sleep(GLANCE)
        await asyncio.sleep(plan.lease)
    exits = sum((member.exits for member in team.members), Counter[int]())
    seen = Counter({number: len(messages) for number, messages in rooms.look(time.time()).items()})
    return TimeResult(plan, time.time() - began, dues, seen, changes, exits)


async def _make(plan: TimePlan, rooms: Rooms, schedules: Schedules, dues: list[Due], dice: random.Random) -> None:
    """Make all schedules, evenly over about as long as the kills take."""
    gap = plan.kills * 2 * plan.pause / plan.schedules
    for number in range(plan.schedules):
        due = Due(number, time.time() + dice.uniform(*AHEAD))
        job = Job.PROMPT if dice.random() < plan.prompts else Job.REMIND
        await schedules.write(_schedule(due, job, rooms.place(number)))
        dues.append(due)
        await asyncio.sleep(dice.uniform(0, 2 * gap))


def _schedule(due: Due, job: Job, place: Key) -> Schedule:
    now, at = datetime.now(UTC), datetime.fromtimestamp(due.at, UTC)
    return Schedule(f"s{due.number}", 1, job, f"due{due.number}.", Recurrence("UTC", at), place, "Ann", place, now, at)


async def _kill(plan: TimePlan, team: Crew, changes: list[tuple[float, float]], dice: random.Random) -> None:
    """SIGKILL whoever keeps time, so many times."""
    for _ in range(plan.kills):
        keeper = await _keeper(team)
        await asyncio.sleep(dice.uniform(0.5, 2 * plan.pause - 0.5))
        killed = time.time()
        keeper.kill()
        await _keeper(team)
        changes.append((killed, time.time()))


async def _keeper(team: Crew) -> Member:
    """Whoever keeps time. Raises TimeoutError when nobody does."""
    async with asyncio.timeout(CALM):
        while True:
            for member in team.members:
                if member.keeps_time:
                    return member
            await asyncio.sleep(GLANCE)


async def _watch(rooms: Rooms, dues: Sequence[Due]) -> None:
    """Notice what has been done, until cancelled."""
    while True:
        await asyncio.sleep(GLANCE)
        now = time.time()
        seen = rooms.look(now)
        for due in dues:
            if not due.done and due.number in seen:
                due.begun, due.done = seen[due.number][0], now


def late_by(share: float, lateness: Sequence[float]) -> float:
    """That share of them was no later. 0 for none."""
    ordered = sorted(lateness)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

"""The people: they ask at a bounded rate, each question once, and look at what stands in the chats."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.judge import KEPT, Fate, fate
from chaos.rooms import Room
from chaos.words import question

PATIENCE = 2
"""Questions that one room asks before the first of them is answered: some wait in line, none is turned away."""

GLANCE = 0.1
"""Seconds between two looks at the chats."""


@dataclass(slots=True)
class Question:
    """Something that was asked. Times are the monotonic clock's; `settled` is 0 until its end is on the screen."""

    number: int
    room: Room
    message: int
    asked: float
    settled: float = 0.0

    @property
    def fate(self) -> Fate:
        """As of now."""
        return fate(self.number, self.message, self.room.shown(self.message))


class Crowd:
    """Everybody, in all rooms."""

    def __init__(self, rooms: Sequence[Room], rate: float, dice: random.Random) -> None:
        self.rooms = rooms
        self.questions: list[Question] = []
        self.last_answer = 0.0
        self._rate = rate
        self._dice = dice
        self._open: defaultdict[Room, list[Question]] = defaultdict(list)

    @property
    def waiting(self) -> int:
        """Questions that have not come to their end yet."""
        return sum(map(len, self._open.values()))

    async def begin(self) -> None:
        """Ask one question in every room, and wait until all have come to their end."""
        for room in self.rooms:
            await self._ask(room)
        while self.waiting:
            await asyncio.sleep(GLANCE)

    async def talk(self) -> None:
        """Ask, `rate` times a second in the mean, until cancelled."""
        while True:
            await asyncio.sleep(self._dice.expovariate(self._rate))
            patient = [room for room in self.rooms if len(self._open[room]) < PATIENCE]
            if patient:
                await self._ask(self._dice.choice(patient))

    async def watch(self) -> None:
        """Notice which questions have come to their end, until cancelled."""
        while True:
            await asyncio.sleep(GLANCE)
            for room in self.rooms:
                self._open[room] = [each for each in self._open[room] if not self._has_ended(each)]

    async def _ask(self, room: Room) -> None:
        number = len(self.questions) + 1
        asked = time.monotonic()
        self.questions.append(Question(number, room, await room.ask(question(number)), asked))
        self._open[room].append(self.questions[-1])

    def _has_ended(self, question: Question) -> bool:
        ending = question.fate
        if ending not in KEPT:
            return False
        question.settled = time.monotonic()
        if ending is not Fate.REFUSED:
            self.last_answer = question.settled
        return True

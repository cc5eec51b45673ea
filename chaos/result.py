"""What came out of one run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chaos.crew import Crew
from chaos.crowd import Crowd, Question
from chaos.judge import KEPT, Fate
from chaos.plan import Plan

SOON = 5.0
"""Seconds from when Redis is back to the first complete answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """
    The figures of one run. Times are in seconds.

    Args:
        visible: From each question to its end on the screen.
        refusals: What was said instead of an answer, and how often.
        strays: Messages that were put up and never filled, by platform.
        recovered: From Redis answering again to the first complete answer, for each outage.
        ended: From SIGTERM to the end of the process.
        started: From the start of a process until it was let in.
        calls: How often each question was put to the provider.
        broken: What was neither answered nor refused.
    """

    plan: Plan
    seconds: float
    fates: Counter[Fate]
    visible: Sequence[float]
    refusals: Counter[str]
    strays: Counter[str]
    calls: Counter[int]
    exits: Counter[int]
    tracebacks: int
    started: Sequence[float]
    recovered: Sequence[float] = ()
    ended: Sequence[float] = ()
    broken: Sequence[Question] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Whether every promise was kept. How soon Redis is served again is judged where nothing else is harmed."""
        crashes = self.plan.kills + self.plan.outages + self.plan.pauses
        late = not self.plan.kills and max(self.recovered, default=0.0) > SOON
        return not (self.broken or late or self.strays["discord"] or self.strays["telegram"] > crashes)


def judged(plan: Plan, seconds: float, crowd: Crowd, crew: Crew, calls: Counter[int]) -> Result:
    """Look at all the chats, once it is quiet."""
    fates = [(question, question.fate) for question in crowd.questions]
    return Result(
        plan,
        seconds,
        Counter(ending for _, ending in fates),
        [question.settled - question.asked for question in crowd.questions if question.settled],
        Counter(_refusal(question) for question, ending in fates if ending is Fate.REFUSED),
        _strays(crowd),
        calls,
        sum((member.exits for member in crew.members), Counter[int]()),
        sum(member.tracebacks for member in crew.members),
        [took for member in crew.members for took in member.starts],
        broken=[question for question, ending in fates if ending not in KEPT],
    )


def _strays(crowd: Crowd) -> Counter[str]:
    return Counter(room.platform for room in crowd.rooms for each in room.shown() if each.empty)


def _refusal(question: Question) -> str:
    return next(
        each.text
        for each in question.room.shown(question.message)
        if each.answers == question.message and not each.empty
    )

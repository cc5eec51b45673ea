"""
Whatever a provider does: each question ends in exactly one thing to be seen, and nothing is left behind.

`make test` asks some of the questions, PARLEY_LONG=1 all of them.
"""

import asyncio
import logging
import sys
from collections import Counter, defaultdict

import pytest

from bot.turn import Turn
from tests.faults.judge import faults, outcome
from tests.faults.troubles import HARMLESS, TROUBLES
from tests.faults.world import Plan, world
from tests.fuzz.amount import amount

QUESTIONS = amount(1_600, 10_400)
CALLS = amount(1_500, 10_000)

NOBODY = "nobody listens"


async def test_every_question_ends_in_one_thing_to_be_seen(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half streams, silence, garbage, refusals: an answer, the part of it that came, or a plain sentence."""
    caplog.set_level(logging.ERROR)
    plan = Plan()
    async with world(plan) as tried:
        await tried.run(QUESTIONS)
        found = [fault for question in range(QUESTIONS) for fault in await faults(tried, question, plan)]
        turns = [await tried.turn(question) for question in range(QUESTIONS)]
        assert [] == await tried.open_lanes()

    with capsys.disabled():
        sys.stdout.write(table(turns, plan))
    assert [] == found[:5]
    assert [] == [record.getMessage() for record in caplog.records if record.exc_info or "broke" in record.msg][:5]
    assert set() == asyncio.all_tasks() - {asyncio.current_task()}
    assert sum(plan.calls.values()) >= CALLS
    assert not unheard(turns, plan)


def unheard(turns: list[Turn], plan: Plan) -> set[str]:
    """Troubles that should do no harm and were never heard to their end."""
    heard = set()
    for question, turn in enumerate(turns):
        met = plan.met(question)
        if met and met[-1].ending is turn.ending:
            heard.add(met[-1].name)
    return {trouble.name for trouble in HARMLESS} - heard


def table(turns: list[Turn], plan: Plan) -> str:
    """How the questions ended, by the trouble that they met last."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for question, turn in enumerate(turns):
        met = plan.met(question)
        ends[met[-1].name if met else NOBODY][outcome(turn)] += 1
    names = [*(trouble.name for trouble in TROUBLES), NOBODY]
    lines = [f"\n{len(turns)} questions, {sum(plan.calls.values())} calls"]
    lines += [f"{name:>30}: {', '.join(f'{count} {end}' for end, count in ends[name].most_common())}" for name in names]
    return "\n".join(lines) + "\n"

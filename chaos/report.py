"""docs/reliability.md, from what came out of the runs."""

import os
import platform
import statistics
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from chaos.judge import KEPT, Fate
from chaos.punctual import BEFORE, TimeResult, late_by
from chaos.result import Result

HEAD = """# What was done to it, and what became of it

Written by `make chaos` on {today}: {cores} cores, Python {python}, {minutes:.0f} minutes in all. Machines differ;
`python -m chaos --help` tells how to do less.

`parley run` runs as processes of its own (forked, so that a start costs one second rather than several), between
simulators of Telegram, Discord and a model provider. People ask in private chats, groups and channels, each question
once; the provider gives each call words of its own. Meanwhile, at moments that seeded dice choose, processes are killed
(SIGKILL), stopped for longer than their lease (SIGSTOP, then SIGCONT), and asked to end (SIGTERM), and Redis is killed
and started again on its data. Whatever ends is started again. Platforms and provider have troubles of their own: 5xx,
cut connections, lost replies, streams that break or hang.

When it is quiet again, every question is judged by what stands in its chat. It must have exactly one visible end: the
whole answer of one call, a part of it with a sentence that says so, or a sentence instead of an answer."""

NOTES = """## Notes

- A lease lasts {lease:g} s here and 30 s by default (`limits.lease`), so that hundreds of pauses fit into half an hour.
  By default, an answer that a crash has interrupted goes on after half a minute rather than after a few seconds.
- The machine runs the simulators and the people, too. A process needs about {start:.1f} s until it is let in, and is
  killed again soon after.
- "A sentence instead" counts answers that the provider's troubles prevented, and turns of which three tries ended with
  the death of their process: these are given up with an apology, for nothing is tried for ever.
- A process that has been stopped is left in peace for 2 s before it may be killed. In that time it puts right what it
  may have shown after its lease had run out. Killed within it, it may leave a stale text: no lease can prevent that.
- Telegram's rate limits are off in these runs; the service keeps its own pace all the same. A process that has just
  started does not know what its predecessor was told to wait, calls too early, and is told to wait twice as long: with
  a crash every few seconds that becomes minutes.
- Discord's limit of one login in 5 s is off. Each process of the service logs in, and all of them together do so ever
  more slowly, so that a day's 1,000 logins are never used up: that is why there are few kills in the run on Discord."""


TIME = """Schedules of many rooms, each for one time, are made 1 to 20 s before they are due; most are reminders, some
are answered by the model. Whoever keeps time is killed again and again. A schedule begins when its message appears,
which rings; its words follow as Telegram's pace of one call a second allows. What was due up to {before} s before such
a death, or until another process had taken over, is told apart."""


def report(results: Sequence[Result], times: Sequence[TimeResult] = ()) -> str:
    """The whole page."""
    started = [took for result in results for took in result.started]
    head = HEAD.format(
        today=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        minutes=sum(each.seconds for each in results) / 60 + sum(each.seconds for each in times) / 60,
    )
    notes = [NOTES.format(lease=results[0].plan.lease, start=statistics.median(started))] if results else []
    return "\n\n".join([head, *map(section, results), *map(time_section, times), *notes]) + "\n"


def time_section(result: TimeResult) -> str:
    """What came out of a run in which time was kept."""
    plan, peace = result.plan, result.begun_late(in_peace=True)
    rows = [
        ("due times", _count(len(result.dues))),
        ("done once", _count(sum(count == 1 for count in result.seen.values()))),
        ("**lost**", str(len(result.lost))),
        ("**doubled**", str(len(result.doubled))),
        ("kills of whoever kept time", _count(plan.kills)),
        ("minutes", f"{result.seconds / 60:.1f}"),
        ("begun late, in peace: 99 %", f"{late_by(0.99, peace):.2f} s"),
        ("begun late, in peace: median, 95 %, longest", _spread(peace)),
        ("its words there, in peace: median, 95 %, longest", _spread(result.done_late(in_peace=True))),
        ("begun late, around a change of hands: median, 95 %, longest", _spread(result.begun_late(in_peace=False))),
        ("death until another keeps time: median, 95 %, longest", _spread(result.takeovers)),
        ("exits", _exits(result.exits)),
    ]
    verdict = "Every promise was kept." if result.kept else "**A promise was broken.**"
    table = [f"| {name} | {value} |" for name, value in rows]
    said = TIME.format(before=BEFORE)
    return "\n".join([f"## {plan.name}", "", said, "", verdict, "", "| | |", "|---|---:|", *table])


def section(result: Result) -> str:
    """What came out of one run."""
    rows = [f"| {name} | {value} |" for name, value in _rows(result) if value]
    verdict = "Every promise was kept." if result.kept else "**A promise was broken.**"
    return "\n".join([f"## {result.plan.name}", "", verdict, "", "| | |", "|---|---:|", *rows])


def _rows(result: Result) -> list[tuple[str, str]]:
    plan, fates = result.plan, result.fates
    told = sum(result.strays.values())
    return [
        ("kills of a process", _count(plan.kills)),
        (f"pauses, {1.1 * plan.lease:.1f} to {1.8 * plan.lease:.1f} s", _count(plan.pauses)),
        ("kills of Redis", _count(plan.outages)),
        ("restarts by SIGTERM", _count(plan.restarts)),
        ("minutes", f"{result.seconds / 60:.1f}"),
        ("questions", _count(fates.total())),
        ("answered", _count(fates[Fate.ANSWERED])),
        ("answered in part, and said so", _count(fates[Fate.CUT])),
        *((f"a sentence instead: “{text}”", _count(count)) for text, count in result.refusals.most_common()),
        *((f"**{fate}**", str(fates[fate])) for fate in Fate if fate not in KEPT),
        ("stray “…”", str(told)),
        ("answers begun again", str(result.calls.total() - len(result.calls))),
        ("question to its end on the screen: median, 95 %, longest", _spread(result.visible)),
        ("Redis back to the first complete answer: median, longest", _spread(result.recovered, middle=False)),
        ("SIGTERM to the end: median, 95 %, longest", _spread(result.ended)),
        ("start of a process until it is let in: median, 95 %, longest", _spread(result.started)),
        ("exits", _exits(result.exits)),
        ("unexpected errors in the logs", str(result.tracebacks)),
    ]


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _spread(seconds: Sequence[float], *, middle: bool = True) -> str:
    if not seconds:
        return ""
    ordered = sorted(seconds)
    shown = [statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1]]
    return ", ".join(f"{value:.1f} s" for value in (shown if middle else [shown[0], shown[2]]))


def _exits(exits: Counter[int]) -> str:
    """By signal or code."""
    names = {-9: "killed", 0: "ended when asked", 2: "gave up at the start, for want of Redis"}
    return ", ".join(f"{count:,} {names.get(code, f'code {code}')}" for code, count in exits.most_common())

"""Harms the service in every way, and writes docs/reliability.md: `make chaos`."""

import asyncio
import logging
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from chaos.plan import FULL, Plan
from chaos.punctual import TimePlan, TimeResult, keep_time
from chaos.report import report, section, time_section
from chaos.result import Result
from chaos.run import run

REPORT = Path("docs/reliability.md")

COUNTED = ("kills", "pauses", "outages", "restarts", "schedules")
"""What there is less of in a smaller run."""

P = TypeVar("P", bound=Plan | TimePlan)

Share = Annotated[float, typer.Option(min=0.001, help="How much of everything: 0.1 does a tenth.")]
Only = Annotated[str, typer.Option(help="Only the runs with this in their name.")]
Seed = Annotated[int, typer.Option(help="Other dice.")]
Logs = Annotated[Path | None, typer.Option(help="A folder to keep the processes' logs in.")]
Output = Annotated[Path, typer.Option(help="Where the report goes.")]


def main(share: Share = 1.0, only: Only = "", seed: Seed = 0, logs: Logs = None, output: Output = REPORT) -> None:
    """Harm the service in every way, and say what became of it. Ctrl-C ends every process that was started."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it complains of clients that were killed
    plans = [_scaled(plan, share, seed) for plan in (*FULL, TimePlan()) if only in plan.name]
    results: list[Result | TimeResult] = []
    try:
        asyncio.run(_all(plans, logs, results, output))
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    if not all(result.kept for result in results):
        raise typer.Exit(1)


def _scaled(plan: P, share: float, seed: int) -> P:
    """Less of it. What is done at all is done at least once."""
    counts = {field.name: getattr(plan, field.name) for field in fields(plan) if field.name in COUNTED}
    return replace(
        plan,
        seed=plan.seed + seed,
        **{name: max(min(count, 1), round(count * share)) for name, count in counts.items()},
    )


async def _all(
    plans: Sequence[Plan | TimePlan], logs: Path | None, results: list[Result | TimeResult], output: Path
) -> None:
    """Do one run after the other, each into `results`. The report grows with them."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for number, plan in enumerate(plans):
        print(f"{plan.name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="parley-chaos-") as temporary:
            folder = logs / str(number) if logs else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            results.append(await (run(plan, folder) if isinstance(plan, Plan) else keep_time(plan, folder)))
        _tell(results, output)


def _tell(results: Sequence[Result | TimeResult], output: Path) -> None:
    """Write what is known so far; show what came last, and what broke in it."""
    stormy = [result for result in results if isinstance(result, Result)]
    output.write_text(report(stormy, [result for result in results if isinstance(result, TimeResult)]))
    last = results[-1]
    if isinstance(last, TimeResult):
        print(time_section(last), f"lost: {last.lost}, doubled: {last.doubled}", sep="\n", flush=True)
        return
    print(section(last), flush=True)
    for question in last.broken:
        room = question.room
        print(f"q{question.number}, {room.platform} {room.id}, message {question.message}: {question.fate}")
        for shown in room.shown(question.message):
            print(f"    {shown}")


if __name__ == "__main__":
    typer.run(main)

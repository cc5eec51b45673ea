"""Processes that are measured: on which core they run, what they took of it, what they held. Linux alone tells that."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
"""Of processor time, in a second."""


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Whatever this thread starts in the block runs on that core alone, and so does all that it starts in turn."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(pid: int) -> list[int]:
    """A process and all that it started, as far as they are still there."""
    parents = dict(filter(None, map(_with_parent, Path("/proc").glob("[0-9]*"))))
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def work(pid: int) -> float:
    """Seconds of processor time that a process and all that it started have taken."""
    return sum(sum(map(int, _stat(each)[11:13])) for each in tree(pid)) / TICKS


def memory(pid: int) -> float:
    """The most memory that a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _with_parent(process: Path) -> tuple[int, int] | None:
    """Two ids, or None of a process that has just ended."""
    try:
        return int(process.name), int(_stat(int(process.name))[1])
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on. Source: man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()

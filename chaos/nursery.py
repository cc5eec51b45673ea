"""
Starts `parley run` quickly: a process that has imported everything, and forks.

Python and the imports take most of a start, seconds on a busy machine; a thousand starts would take hours. For each
line on stdin, a configuration and a log with a tab between, it forks one process that runs the command, and says
`born PID`; when one ends it says `dead PID CODE`, a negative code for a signal. When stdin ends, so do all of them.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from adapters.cli import app


class Nursery:
    """The processes that live."""

    def __init__(self) -> None:
        self._living: set[int] = set()

    def bear(self, config: str, log: str) -> None:
        """Start one."""
        pid = os.fork()
        if pid == 0:
            _live(config, log)
        self._living.add(pid)
        _say(f"born {pid}")

    def bury(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Tell of all that have ended."""
        while self._living:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._living.discard(pid)
            _say(f"dead {pid} {os.waitstatus_to_exitcode(status)}")

    def end(self) -> None:
        """Kill them all."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self._living:
            os.kill(pid, signal.SIGKILL)


def _live(config: str, log: str) -> NoReturn:
    """Be `parley run --config CONFIG`, with all that it says in the log."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(written, 1)
        os.dup2(written, 2)
        app(["run", "--config", config])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """Serve until stdin ends."""
    nursery = Nursery()
    signal.signal(signal.SIGCHLD, nursery.bury)
    try:
        for line in iter(sys.stdin.readline, ""):
            nursery.bear(*line.rstrip("\n").split("\t"))
    finally:
        nursery.end()


if __name__ == "__main__":
    main()

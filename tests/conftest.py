"""For all tests."""

import os

import pytest
from hypothesis import settings

from tests.sandbox.page.installed import program

os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot's durations as timedelta, as the service sets it


# The same examples each time, so that whoever changed nothing breaks nothing; `make nightly` has others each night.
settings.register_profile("everyday", derandomize=True)
settings.load_profile("default" if os.environ.get("PARLEY_LONG") else "everyday")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out. pytest's header would say it too, but -q hides it."""
    if not program():
        terminalreporter.write_line("No Chromium or Chrome was found: the sandbox's page was not tried in a browser.")

"""For all tests."""

import os

import pytest

from tests.sandbox.page.installed import program

os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot's durations as timedelta, as the service sets it


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out. pytest's header would say it too, but -q hides it."""
    if not program():
        terminalreporter.write_line("No Chromium or Chrome was found: the sandbox's page was not tried in a browser.")

"""For all tests."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot's durations as timedelta, as the service sets it

"""Which browser is on this machine."""

import shutil

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """The path of the first browser that there is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)

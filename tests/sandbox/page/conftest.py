"""Without a browser on the machine, the page is tried up to its server."""

from tests.sandbox.page.installed import program

collect_ignore = [] if program() else ["test_browser.py"]

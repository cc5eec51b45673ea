"""bot.ports kept by one SQLite file: the embedded default, for one process."""

from storage.sqlite.open import open_sqlite

__all__ = ["open_sqlite"]

"""
The tables, and how an older file becomes a newer one.

Times are milliseconds since 1970, UTC; `schedule.due` is microseconds.
"""

import sqlite3

FIRST = """
CREATE TABLE turn (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, doc TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, stop INTEGER NOT NULL DEFAULT 0, ended INTEGER
) STRICT;
CREATE INDEX turn_waiting ON turn (lane, place) WHERE ended IS NULL;
CREATE INDEX turn_ended ON turn (ended) WHERE ended IS NOT NULL;
CREATE TABLE lane (name TEXT PRIMARY KEY, token TEXT NOT NULL DEFAULT '', due INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX lane_due ON lane (due);
CREATE TABLE message (
  session TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE head (session TEXT PRIMARY KEY, node TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE shown (
  room TEXT NOT NULL, message TEXT NOT NULL, session TEXT NOT NULL, node TEXT NOT NULL, PRIMARY KEY (room, message)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
  name TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, field)
) STRICT, WITHOUT ROWID;
"""

KEPT_PROMISES = """
CREATE TABLE charge (id TEXT PRIMARY KEY, at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE letter (id TEXT PRIMARY KEY, at INTEGER NOT NULL, doc TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lease (
  office TEXT PRIMARY KEY, token TEXT NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

QUOTAS = """
CREATE TABLE sheet (scope TEXT PRIMARY KEY, seen INTEGER NOT NULL, doc TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE held (
  id TEXT PRIMARY KEY, until INTEGER NOT NULL, granted TEXT NOT NULL, legs TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX held_until ON held (until);
CREATE TABLE journal (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL, id TEXT NOT NULL,
  legs TEXT NOT NULL
) STRICT;
CREATE TABLE spending (
  date TEXT NOT NULL, community TEXT NOT NULL, channel TEXT NOT NULL, user TEXT NOT NULL, model TEXT NOT NULL,
  api_key TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, requests INTEGER NOT NULL,
  micro_usd INTEGER NOT NULL, images INTEGER NOT NULL, audio_seconds INTEGER NOT NULL,
  PRIMARY KEY (date, community, channel, user, model, api_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE record (
  folder TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE granted (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE charge ADD COLUMN crossings TEXT NOT NULL DEFAULT '[]';
"""

PLACES = """
CREATE TABLE slot (
  account TEXT NOT NULL, token TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (account, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX slot_until ON slot (until);
CREATE TABLE slot_begun (account TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX slot_begun_account ON slot_begun (account, at);
CREATE INDEX slot_begun_at ON slot_begun (at);
"""

RESULTS = """
CREATE TABLE result (name TEXT PRIMARY KEY, mark TEXT NOT NULL, body BLOB, until INTEGER NOT NULL) STRICT;
CREATE INDEX result_until ON result (until);
CREATE INDEX shown_session ON shown (session);
"""

SCHEDULES = """
CREATE TABLE schedule (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, person TEXT NOT NULL, place TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule (due, id) WHERE due IS NOT NULL;
CREATE INDEX schedule_person ON schedule (person);
CREATE INDEX schedule_place ON schedule (place);
"""

RETENTION = """
ALTER TABLE head ADD COLUMN at INTEGER;
CREATE INDEX head_at ON head (at);
CREATE INDEX letter_at ON letter (at);
CREATE INDEX charge_at ON charge (at);
CREATE INDEX granted_at ON granted (at);
"""

STEPS = (FIRST, KEPT_PROMISES, QUOTAS, PLACES, RESULTS, SCHEDULES, RETENTION)
"""What was added with each version, oldest first."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to this version. Raises ValueError when a newer program wrote it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise ValueError(f"written by a newer Parley (tables {version}, this one knows {len(STEPS)})")
    for step in STEPS[version:]:
        for statement in step.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")

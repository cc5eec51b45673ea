"""
The text and the lifetime of every key.

A room's keys share the hash tag of its partition, so that one script may touch them all, on a Redis Cluster too.
"""

from zlib import crc32

PARTITIONS = 16
"""Sixteenths of the rooms; the most nodes of a cluster that the load can be spread over."""

ENDED_TURN = 7 * 24 * 3600
"""Seconds that an ended turn is kept: for its buttons, and so that its event is known when it comes again."""

CHARGE = 35 * 24 * 3600
"""Seconds that a charge is kept: longer than a turn may take, and than a month."""

JOURNAL = 1_000_000
"""Lines of the ledger's journal that are kept, the newest."""

SPENDING_DAYS = 400
"""Days that a day's spendings are kept, and what was counted for a scope that nothing is taken from: over a year."""

SPENDING = SPENDING_DAYS * 24 * 3600
"""The same, in seconds."""

LETTERS = 10_000
"""Dead letters that are kept at the most, the newest."""


def partition(name: str) -> str:
    """The hash tag of a room, or of a lane or session in it."""
    room = name.split("/", 1)[0]
    return f"{{p{crc32(room.encode()) % PARTITIONS}}}"


def partitions() -> tuple[str, ...]:
    return tuple(f"{{p{number}}}" for number in range(PARTITIONS))


def turn(room: str, turn: str) -> str:
    """HASH doc, attempts, stop. ENDED_TURN after its end."""
    return f"turn:{partition(room)}:{turn}"


def queue(lane: str) -> str:
    """LIST of turn ids, oldest first. Until it is empty."""
    return f"queue:{partition(lane)}:{lane}"


def fence(lane: str) -> str:
    """STRING, the token of the lease on a lane. Until the lane is free."""
    return f"fence:{partition(lane)}:{lane}"


def due(tag: str) -> str:
    """ZSET lane -> when it may be claimed, ms: the end of its lease while somebody holds it. For ever."""
    return f"due:{tag}"


def tree(session: str) -> str:
    """HASH node -> parent, line end, JSON. `Keep.history` after the last message."""
    return f"tree:{partition(session)}:{session}"


def head(session: str) -> str:
    """STRING, the node where the conversation stands. `Keep.history` after the last message, or after it moved."""
    return f"head:{partition(session)}:{session}"


def shown(room: str, message: str) -> str:
    """STRING session, line end, node: what a message of the platform shows. `Keep.history`."""
    return f"shown:{partition(room)}:{room}:{message}"


def settings(name: str) -> str:
    """HASH field -> value. For ever."""
    return f"settings:{partition(name)}:{name}"


LEDGER = tuple(f"quota:{{q}}:{name}" for name in ("limits", "sheets", "seen", "held", "open", "journal"))


def ledger() -> tuple[str, ...]:
    """
    What every script of the ledger gets, in this order. All of the ledger is in one slot, so that it can be exact.

    limits   HASH scope -> JSON {limit's name: most}. For ever.
    sheets   HASH scope -> msgpack {"seen": day, limit's name: account}. SPENDING_DAYS after it was last seen.
    seen     ZSET scope -> the day that something was last taken from it. As long as its sheet.
    held     HASH turn id -> what was granted, line end, its legs, JSON. Until it is settled or let go of.
    open     ZSET turn id -> when that runs out, ms. As long as `held`.
    journal  STREAM at, what, id, legs. JOURNAL lines.
    """
    return LEDGER


def limits() -> str:
    return ledger()[0]


def journal() -> str:
    return ledger()[-1]


def charge(id: str) -> str:
    """STRING charge, line end, what it crossed, JSON. CHARGE."""
    return f"charge:{{q}}:{id}"


def granted(id: str) -> str:
    """STRING "", that this was granted. CHARGE."""
    return f"granted:{{q}}:{id}"


def spent(date: str) -> str:
    """HASH JSON [community, channel, user, model, key] -> JSON of the figures. SPENDING_DAYS."""
    return f"spent:{{q}}:{date}"


def records(folder: str) -> str:
    """HASH name -> document. For ever."""
    return f"records:{partition(folder)}:{folder}"


def result(name: str) -> str:
    """HASH mark; body, base64, once it is there. As long as whoever put it there said."""
    return f"result:{name}"


def letters() -> str:
    """ZSET dead letter -> when, ms. Until it is swept (`Keep.letters`), LETTERS of them."""
    return "letters:{dead}:at"


def letter_docs() -> str:
    """HASH dead letter -> JSON. As long as `letters`."""
    return "letters:{dead}:docs"


SCHEDULES = tuple(f"schedules:{{when}}:{name}" for name in ("docs", "due", "persons", "places"))


def schedules() -> tuple[str, ...]:
    """
    What every script of the schedules gets, in this order. All are in one slot, so that no index is ever behind.

    docs     HASH schedule -> version, line end, owner, line end, place, line end, JSON. Until it is removed.
    due      ZSET schedule -> when it is due, microseconds. While it waits.
    persons  ZSET owner, line end, schedule -> 0. As long as `docs`.
    places   ZSET place, line end, schedule -> 0. As long as `docs`.
    """
    return SCHEDULES


def lease(office: str) -> str:
    """STRING, the token of whoever holds an office. Until its lease ends."""
    return f"lease:{partition(office)}:{office}"


def places(account: str) -> str:
    """ZSET token of whoever holds a place on an account -> when its time runs out, ms. Until the last one's does."""
    return f"places:{{account/{account}}}"


def begun(account: str) -> str:
    """LIST of when the newest places were taken, ms, oldest first; as many as may be in a minute. A minute."""
    return f"begun:{{account/{account}}}"

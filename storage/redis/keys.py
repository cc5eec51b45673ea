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

LETTERS = 10_000
"""Dead letters that are kept, the newest."""

HISTORY = 90 * 24 * 3600
"""Seconds that a conversation is kept after its last message."""


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
    """HASH node -> parent, line end, JSON. HISTORY after the last message."""
    return f"tree:{partition(session)}:{session}"


def head(session: str) -> str:
    """STRING, the node where the conversation stands. HISTORY after the last message."""
    return f"head:{partition(session)}:{session}"


def shown(room: str, message: str) -> str:
    """STRING session, line end, node: what a message of the platform shows. HISTORY."""
    return f"shown:{partition(room)}:{room}:{message}"


def settings(name: str) -> str:
    """HASH field -> value. For ever."""
    return f"settings:{partition(name)}:{name}"


def charge(id: str) -> str:
    """STRING JSON. CHARGE."""
    return f"charge:{partition(id)}:{id}"


def letters() -> str:
    """ZSET dead letter -> when, ms. For ever, LETTERS of them."""
    return "letters:{dead}:at"


def letter_docs() -> str:
    """HASH dead letter -> JSON. As long as `letters`."""
    return "letters:{dead}:docs"


def lease(office: str) -> str:
    """STRING, the token of whoever holds an office. Until its lease ends."""
    return f"lease:{partition(office)}:{office}"

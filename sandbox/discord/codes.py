"""
What gateway packets are called and why connections end.

Source: docs.discord.com/developers/topics/opcodes-and-status-codes#gateway
"""

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT = 1, 2, 3, 4, 6, 7
MEMBERS, INVALID_SESSION, HELLO, ACK, SOUNDS, CHANNEL_INFO = 8, 9, 10, 11, 31, 43

UNKNOWN_ERROR, UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = range(4000, 4005)
ALREADY_AUTHENTICATED, INVALID_SEQ, RATE_LIMITED = 4005, 4007, 4008
INVALID_SHARD, INVALID_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4012, 4013, 4014


class Closed(Exception):
    """The gateway ends a connection with this close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code

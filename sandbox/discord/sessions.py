"""Gateway sessions: what outlives a connection, and how many may be started."""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.broadcast import Dispatch
from sandbox.discord.intents import Intent
from sandbox.discord.rules import Rules

Send = Callable[[str], None]


def packet(op: int, data: Any, number: int | None = None, name: str | None = None) -> str:
    """A packet as the gateway writes it, docs.discord.com/developers/events/gateway-events#payload-structure."""
    return json.dumps({"op": op, "d": data, "s": number, "t": name})


@dataclass(slots=True)
class Session:
    """
    One bot's view of its shard. It goes on taking events while nobody is connected, for as long as it can be resumed.

    `send` is None meanwhile; `lost` is when that began, on the monotonic clock.
    """

    shard: int
    shards: int
    intents: Intent
    buffer: deque[tuple[int, str]]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    last: int = 0
    send: Send | None = None
    lost: float = 0.0

    def covers(self, guild_id: int | None) -> bool:
        """docs.discord.com/developers/events/gateway#sharding-sharding-formula; what has no guild goes to shard 0."""
        return self.shard == (0 if guild_id is None else (guild_id >> 22) % self.shards)

    def hears(self, event: Dispatch) -> bool:
        return self.covers(event.guild_id) and event.intent in self.intents

    def tell(self, name: str, data: Any) -> None:
        self.last += 1
        text = packet(0, data, self.last, name)
        self.buffer.append((self.last, text))
        if self.send is not None:
            self.send(text)

    def missed_since(self, number: int) -> list[str] | None:
        """What was told after that number; None when some of it is no longer kept."""
        oldest = self.buffer[0][0] if self.buffer else self.last + 1
        if number + 1 < oldest:
            return None
        return [text for told, text in self.buffer if told > number]

    def lose(self) -> None:
        self.send = None
        self.lost = time.monotonic()

    def expired(self, rules: Rules) -> bool:
        return self.send is None and time.monotonic() - self.lost > rules.session_seconds


class Starts:
    """
    How many sessions may still be started: so many a day, and few at a time.

    Source: docs.discord.com/developers/events/gateway#session-start-limit-object
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._used = 0
        self._day = time.monotonic()
        self._latest: dict[int, float] = {}

    @property
    def remaining(self) -> int:
        self._roll()
        return max(0, self._rules.starts_per_day - self._used)

    def reset_after(self) -> int:
        """Milliseconds until the day is over."""
        self._roll()
        return int((86_400 - (time.monotonic() - self._day)) * 1000)

    def spend(self) -> None:
        self._roll()
        self._used += 1

    def too_fast(self, shard: int) -> bool:
        """Whether another session of the same rate limit key was just started; else this is now the latest."""
        key, now = shard % self._rules.max_concurrency, time.monotonic()
        if now - self._latest.get(key, -self._rules.identify_seconds) < self._rules.identify_seconds:
            return True
        self._latest[key] = now
        return False

    def _roll(self) -> None:
        if time.monotonic() - self._day > 86_400:
            self._day, self._used = time.monotonic(), 0

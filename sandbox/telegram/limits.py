"""How much a bot may do in how little time, and what happens to one that does more."""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

from sandbox.telegram.errors import too_many_requests
from sandbox.telegram.state import Chat

Kind = Literal["send", "edit", "hint"]
"""A hint is a chat action or a draft: these share a budget of their own."""

LONGEST_FLOOD = 300
"""Seconds that one refusal adds at most. The real one has been seen to go up to hours."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` calls within any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """
    What is allowed; the defaults are what Telegram documents.

    Args:
        chat: For any one chat: "avoid sending more than one message per second", short bursts are tolerated.
        group: For a group: "not more than 20 messages per minute".
        overall: For all chats together: "about 30 messages per second".
        hints: For drafts and chat actions of one chat together: 20 in 5 s and 40 in 30 s.
        edits_count: Whether an edit counts in its chat like a message, as bots have found. For all chats together
            only messages count: Telegram speaks of "bulk notifications to multiple users".

    Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this; core.telegram.org/api/bots/ai.
    """

    chat: Window | None = Window(3, 3.0)
    group: Window | None = Window(20, 60.0)
    overall: Window | None = Window(30, 1.0)
    hints: tuple[Window, ...] = (Window(20, 5.0), Window(40, 30.0))
    edits_count: bool = True


DOCUMENTED = Pace()
STRICT = Pace(chat=Window(1, 1.0))
"""One message or edit a second in a chat and not one more: keep 1.05 s apart, arrival times jitter."""
UNLIMITED = Pace(chat=None, group=None, overall=None, hints=())


@dataclass(slots=True)
class Flood:
    until: float
    refusals: int = 1


class Limits:
    """Keeps the times of what was allowed, and refuses what would be too much."""

    def __init__(self, pace: Pace, clock: Callable[[], float]) -> None:
        self.pace = pace
        self._clock = clock
        self._past: dict[Hashable, deque[float]] = defaultdict(deque)
        self._floods: dict[Hashable, Flood] = {}

    def spend(self, chat: Chat, kind: Kind) -> None:
        """
        Count one call.

        Raises:
            ApiError: 429. Whoever calls again before the time is over has to wait longer.
        """
        if kind == "edit" and not self.pace.edits_count:
            return
        now, budget = self._clock(), ("hint" if kind == "hint" else "message", chat.id)
        self._check_flood(budget, now)
        windows = list(self._windows(chat, kind))
        wait = max((self._wait(key, window, now) for key, window in windows), default=0.0)
        if wait > 0:
            seconds = math.ceil(wait)
            self._floods[budget] = Flood(until=now + seconds)
            raise too_many_requests(seconds)
        self._floods.pop(budget, None)
        for key, _ in windows:
            self._past[key].append(now)

    def _windows(self, chat: Chat, kind: Kind) -> Iterator[tuple[Hashable, Window]]:
        if kind == "hint":
            for window in self.pace.hints:
                yield ("hint", chat.id, window), window
            return
        if self.pace.chat:
            yield ("chat", chat.id), self.pace.chat
        if self.pace.group and not chat.private:
            yield ("group", chat.id), self.pace.group
        if self.pace.overall and kind == "send":
            yield "overall", self.pace.overall

    def _check_flood(self, budget: Hashable, now: float) -> None:
        flood = self._floods.get(budget)
        if flood and now < flood.until:
            flood.until += min(LONGEST_FLOOD, 2**flood.refusals)
            flood.refusals += 1
            raise too_many_requests(math.ceil(flood.until - now))

    def _wait(self, key: Hashable, window: Window, now: float) -> float:
        """Seconds until the window has room for one more; 0 when it has."""
        past = self._past[key]
        while past and past[0] + window.seconds <= now:
            past.popleft()
        return 0.0 if len(past) < window.count else past[0] + window.seconds - now

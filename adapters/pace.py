"""When a chat may be called again: within the platform's limits, and what is urgent before what only looks good."""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """
    No more than `calls` in any `seconds`.

    `kept` of them are left for what is urgent: a cosmetic edit waits rather than take one of these. A rule that
    `spares` what is urgent is no limit of the platform's, only ours, for edits to come evenly.
    """

    calls: int
    seconds: float
    kept: int = 0
    spares: bool = False


class Pace:
    """
    The pace of one chat, or of one bot as a whole.

    Times are the event loop's, in seconds. A call counts from its end (`spent`), because only then is it certain that
    the platform has seen it: two calls that start a second apart may arrive closer than that.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._calls: deque[float] = deque(maxlen=max(rule.calls for rule in rules))
        self._closed_until = 0.0
        self._cosmetic_until = 0.0
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether forgetting this pace would change nothing."""
        now = asyncio.get_running_loop().time()
        longest = max(rule.seconds for rule in self._rules)
        recent = self._calls and self._calls[-1] + longest > now
        return not (recent or self._waiting or max(self._closed_until, self._cosmetic_until) > now)

    async def turn(self, *, urgent: bool) -> None:
        """Wait for one's turn to make a call, and take it. Cancelled while waiting, nothing is taken."""
        loop = asyncio.get_running_loop()
        if not self._waiting and self._opens(urgent) <= loop.time():
            self._calls.append(loop.time())
            return
        mine: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), mine))
        self._arm()
        await mine

    def spent(self) -> None:
        """The call for which the last turn was taken has ended."""
        if self._calls:
            self._calls[-1] = asyncio.get_running_loop().time()

    def hold_off(self, seconds: float, *, urgent_too: bool = True) -> None:
        """The platform said to wait."""
        until = asyncio.get_running_loop().time() + seconds
        self._cosmetic_until = max(self._cosmetic_until, until)
        if urgent_too:
            self._closed_until = max(self._closed_until, until)
        self._arm()

    def _opens(self, urgent: bool) -> float:
        """The time from which on the next call may be made."""
        opens = self._closed_until if urgent else max(self._closed_until, self._cosmetic_until)
        for rule in self._rules:
            if urgent and rule.spares:
                continue
            room = rule.calls if urgent else max(1, rule.calls - rule.kept)
            if len(self._calls) >= room:
                opens = max(opens, self._calls[-room] + rule.seconds)
        return opens

    def _arm(self) -> None:
        """Wake up when the first in the queue may go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        if self._waiting:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._opens(urgent=not self._waiting[0][0]), loop.time()), self._let_go)

    def _let_go(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and self._opens(urgent=not self._waiting[0][0]) <= loop.time():
            mine = heapq.heappop(self._waiting)[2]
            if not mine.done():
                self._calls.append(loop.time())
                mine.set_result(None)
        self._arm()


class Paces:
    """The paces of many chats, each kept for as long as it matters."""

    def __init__(self, crowd: int = 1_000) -> None:
        self._paces: dict[str, Pace] = {}
        self._crowd = crowd

    def of(self, chat: str, rules: Sequence[Rule]) -> Pace:
        """The pace of a chat; it is made when it is first asked for."""
        if chat not in self._paces:
            if len(self._paces) >= self._crowd:
                self._paces = {name: pace for name, pace in self._paces.items() if not pace.idle}
            self._paces[chat] = Pace(rules)
        return self._paces[chat]

    def known(self, chat: str) -> Pace | None:
        """The pace of a chat that has been called lately."""
        return self._paces.get(chat)

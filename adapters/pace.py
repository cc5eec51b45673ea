"""When a chat may be called again: within the platform's limits, and what is urgent before what only looks good."""

import asyncio
import contextlib
import heapq
import itertools
import math
from collections import deque
from collections.abc import AsyncIterator, Sequence
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

    Times are the event loop's, in seconds. A call counts from its end, and until then as if it were made now: only its
    answer tells that the platform has seen it, and calls that leave evenly may arrive in a bunch.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._ended: deque[float] = deque(maxlen=max(rule.calls for rule in rules))
        self._flying = 0
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
        recent = self._ended and self._ended[-1] + longest > now
        return not (recent or self._flying or self._waiting or max(self._closed_until, self._cosmetic_until) > now)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait for one's turn; the block makes one call. Cancelled while waiting, nothing is taken."""
        await self._wait(urgent)
        try:
            yield
        finally:
            self._flying -= 1
            self._ended.append(asyncio.get_running_loop().time())
            self._arm()

    def hold_off(self, seconds: float, *, urgent_too: bool = True) -> None:
        """The platform said to wait."""
        until = asyncio.get_running_loop().time() + seconds
        self._cosmetic_until = max(self._cosmetic_until, until)
        if urgent_too:
            self._closed_until = max(self._closed_until, until)
        self._arm()

    async def _wait(self, urgent: bool) -> None:
        loop = asyncio.get_running_loop()
        if not self._waiting and self._opens(urgent) <= loop.time():
            self._flying += 1
            return
        mine: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (not urgent, next(self._order), mine))
        self._arm()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._flying -= 1  # it came too late to be taken
                self._arm()
            raise

    def _opens(self, urgent: bool) -> float:
        """The time from which on the next call may be made; never, while too many are under way."""
        opens = self._closed_until if urgent else max(self._closed_until, self._cosmetic_until)
        for rule in self._rules:
            if urgent and rule.spares:
                continue
            room = (rule.calls if urgent else max(1, rule.calls - rule.kept)) - self._flying
            if room <= 0:
                return math.inf
            if len(self._ended) >= room:
                opens = max(opens, self._ended[-room] + rule.seconds)
        return opens

    def _arm(self) -> None:
        """Let those go who may, and wake up when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while self._waiting:
            cosmetic, _, mine = self._waiting[0]
            opens = self._opens(urgent=not cosmetic)
            if not mine.done() and opens > loop.time():
                if opens < math.inf:
                    self._timer = loop.call_at(opens, self._arm)
                return
            heapq.heappop(self._waiting)
            if not mine.done():
                self._flying += 1
                mine.set_result(None)


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

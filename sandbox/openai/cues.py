"""Who says what next: answers queued for the next calls, rules for some, and one for all the others."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.openai.asked import Asked
from sandbox.openai.errors import Refusal
from sandbox.openai.script import Answer, Raw, Script

Cue = Answer | Callable[[Asked], Answer]
"""An answer, or what makes one from the request."""


@dataclass(slots=True)
class _Rule:
    matches: Callable[[Asked], bool]
    cue: Cue
    left: int | None


class Cues:
    """What is planned to be said. `otherwise` is for requests that nothing else was planned for."""

    def __init__(self, otherwise: Cue) -> None:
        self._queue: deque[Cue] = deque()
        self._rules: list[_Rule] = []
        self._otherwise = otherwise

    def queue(self, *cues: Cue) -> None:
        """Answer the next calls with these, one each."""
        self._queue.extend(cues)

    def when(self, matches: Callable[[Asked], bool], cue: Cue, times: int | None = None) -> None:
        """Answer the requests that match, when nothing is queued; the rule given first wins. None is for ever."""
        self._rules.append(_Rule(matches, cue, times))

    def otherwise(self, cue: Cue) -> None:
        """Answer everything else."""
        self._otherwise = cue

    def take(self, asked: Asked) -> Answer:
        """The answer to a request; uses up what was planned for it."""
        cue = self._next(asked)
        return cue if isinstance(cue, Script | Refusal | Raw) else cue(asked)

    def _next(self, asked: Asked) -> Cue:
        if self._queue:
            return self._queue.popleft()
        for rule in self._rules:
            if rule.matches(asked):
                self._use(rule)
                return rule.cue
        return self._otherwise

    def _use(self, rule: _Rule) -> None:
        if rule.left is not None:
            rule.left -= 1
            if rule.left <= 0:
                self._rules.remove(rule)

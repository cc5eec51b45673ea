"""What the provider says: words of its own to every call, and now and then something goes wrong."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

from chaos.words import answer, number_in
from sandbox.openai import errors
from sandbox.openai.asked import Asked
from sandbox.openai.script import Answer, Ending, Piece, Script

SHORT, LONG = 40, 420
"""Words of an answer. A long one takes two messages on Telegram, three on Discord."""

LONG_ONES = 0.03
"""The share of long answers."""

TROUBLE = 0.08
"""The share of calls that go wrong."""

GAP = 3.0
"""Seconds between two words after which the service is told to give a provider up."""

BUSY = 1
"""Seconds that a provider asks to be left alone."""


class Oracle:
    """The provider's side. `calls` counts how often each question was put to it."""

    def __init__(self, dice: random.Random) -> None:
        self.calls: Counter[int] = Counter()
        self._dice = dice

    def __call__(self, asked: Asked) -> Answer:
        number = number_in(asked.text)
        self.calls[number] += 1
        script = self._script(number)
        return self._spoilt(script) if self._dice.random() < TROUBLE else script

    def _script(self, number: int) -> Script:
        long = self._dice.random() < LONG_ONES
        length = LONG if long else self._dice.randint(5, SHORT)
        seconds = self._dice.uniform(0.3, 2.0)
        spoken = answer(number, self.calls[number], length)
        return Script(tuple(Piece(piece, seconds / length) for piece in spoken))

    def _spoilt(self, script: Script) -> Answer:
        heard = script.pieces[: self._dice.randrange(len(script.pieces))]
        spoilt: Sequence[Callable[[], Answer]] = (
            errors.server_error,
            errors.bad_gateway,
            lambda: errors.rate_limited(BUSY),
            lambda: Script(heard, Ending.CUT),
            lambda: Script(heard, Ending.EOF),
            lambda: Script(heard, Ending.GARBAGE),
            lambda: Script(heard, Ending.HANG),
            lambda: Script(script.pieces, usage=False),
        )
        return self._dice.choice(spoilt)()

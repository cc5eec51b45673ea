"""Hearing a model out: what it has said so far, and what is done when it is busy or breaks off."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from bot import keys
from bot.belief import believed
from bot.chat import sendable
from bot.errors import AllDown, AllTaken, BotError, EmptyAnswer, Filtered, ModelBusy, ModelCut, ModelDown, Refused
from bot.ports import Ports, Request
from bot.turn import Ending, Usage
from bot.window import Count

log = logging.getLogger(__name__)

GO_ON = "Go on exactly where you stopped, without repeating anything."
"""What is asked of a model that stopped because its answer was long enough."""

ENDINGS = {"stop": Ending.COMPLETE, "length": Ending.LENGTH, "filter": Ending.FILTERED}

STREAMS = 2
"""How often an answer is begun: a stream that was cut is begun once more, into the same message."""

LOOK = 3.0
"""Seconds between two looks whether an account of the pool can be asked: one that is tried may be well sooner."""

LEAST_PAUSE = 1.0
"""Seconds that a busy provider is left alone, even when it says that it may be asked again at once."""

Seen = Callable[[str], bool]
"""Whether there is anything to see of an answer."""


@dataclass(slots=True)
class Heard:
    """What the model has said so far. `spare` is the text of an earlier beginning, until this one is longer."""

    pieces: list[str] = field(default_factory=list)
    spare: str = ""
    ending: Ending | None = None
    usage: Usage | None = None

    @property
    def text(self) -> str:
        """What was said, with no key in it that the model was talked into saying."""
        return keys.hidden(self.spare if self.is_spare else sendable("".join(self.pieces)))

    @property
    def is_spare(self) -> bool:
        """Whether the earlier beginning is the better one: it has more words, and this one is not whole."""
        text = "".join(self.pieces)
        whole = self.ending is Ending.COMPLETE and bool(text.strip())
        return not whole and len(text) < len(self.spare)

    def begin_again(self) -> None:
        self.spare = self.text
        self.pieces.clear()
        self.usage = self.ending = None


@dataclass(frozen=True, slots=True)
class Listener:
    """
    Whoever wants to hear an answer.

    Args:
        name: What the log calls the question.
        begin: Called before the model is asked, each time.
        news: Called when more was said.
    """

    ports: Ports
    name: str
    begin: Callable[[], Awaitable[object]]
    news: Callable[[], object]

    async def hear_out(self, request: Request, heard: Heard) -> None:
        """
        Hear an answer out. Waits for a busy provider within our patience; begins once more when the stream is cut.

        Raises Refused, ModelDown as long as there is nothing to show for it.
        """
        patience = self.ports.limits.patience.total_seconds()
        begun = 1
        while True:
            try:
                return await self._hear(request, heard)
            except (ModelDown, Refused) as trouble:
                log.warning("%s: beginning %d ended early: %s", self.name, begun, trouble)
                if (pause := _pause(trouble)) <= patience and not heard.text:
                    nap = min(pause, LOOK) if isinstance(trouble, AllDown) else pause
                    patience -= nap
                    await asyncio.sleep(nap)
                elif isinstance(trouble, ModelCut) and begun < STREAMS:
                    begun += 1
                    heard.begin_again()
                    request = replace(request, avoided=(*request.avoided, trouble.account))
                elif heard.text:
                    heard.ending = Ending.CUT
                    return None
                else:
                    raise

    async def _hear(self, request: Request, heard: Heard) -> None:
        await self.begin()
        async with contextlib.aclosing(self.ports.model.stream(request)) as stream:
            async for chunk in stream:
                if chunk.text:
                    heard.pieces.append(chunk.text)
                    self.news()
                heard.usage = chunk.usage or heard.usage
                heard.ending = ENDINGS.get(chunk.finish, heard.ending)


def _pause(trouble: BotError) -> float:
    """
    Seconds after which a busy provider may be asked again; infinite when it does not say, or is not just busy, or when
    there was a line in which this question has waited long enough.
    """
    if not isinstance(trouble, ModelBusy) or isinstance(trouble, AllTaken) or trouble.retry_after is None:
        return math.inf
    return max(trouble.retry_after, LEAST_PAUSE)


def judged(heard: Heard, request: Request, count: Count, seen: Seen) -> Heard:
    """
    What was heard, with its usage counted where the provider did not say and there is an answer.

    It is never more than was granted: nothing is held for what a provider says, or says that it said, beyond that.
    """
    if heard.is_spare and heard.ending is not Ending.STOPPED:
        heard.ending, heard.usage = Ending.CUT, None
    if heard.usage is not None:
        heard.usage = believed(heard.usage, request.spec, request.prompt_tokens, request.max_output)
    elif not _is_empty(heard, seen):
        heard.usage = Usage(request.prompt_tokens, min(count(heard.text), request.max_output), counted=True)
    return heard


def require_words(heard: Heard, seen: Seen) -> None:
    """Raises EmptyAnswer, Filtered: there is nothing to show."""
    if _is_empty(heard, seen):
        raise Filtered if heard.ending is Ending.FILTERED else EmptyAnswer


def _is_empty(heard: Heard, seen: Seen) -> bool:
    return heard.ending is not Ending.STOPPED and not seen(heard.text)

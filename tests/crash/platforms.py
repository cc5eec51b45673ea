"""
Two chat platforms as far as a crash can tell them apart, without a wire.

Both keep what was sent to the bot until it is acknowledged, or can be looked up again, and both show messages. Discord
knows a message by its nonce and never makes it twice; Telegram makes whatever it is told to make.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.errors import PartGone
from bot.reply import Page, Reply
from bot.turn import Turn
from sandbox.bare_platform import BarePlatform
from tests.crash.process import Process

PAGE = 12
"""Characters of a message: small, so that a short answer already takes two."""


@dataclass(slots=True)
class Screenful:
    """What stands in the chat, and all that ever stood there."""

    nonces: bool
    messages: dict[str, str] = field(default_factory=dict)
    by_nonce: dict[str, str] = field(default_factory=dict)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def create(self, nonce: str, text: str) -> str:
        if self.nonces and nonce in self.by_nonce:
            return self.by_nonce[nonce]
        message = str(next(self.ids))
        self.messages[message] = text
        self.by_nonce[nonce] = message
        return message

    def edit(self, message: str, text: str) -> None:
        if message not in self.messages:
            raise PartGone(message)
        self.messages[message] = text


def paged(reply: Reply, size: int) -> list[Page]:
    """A reply, cut after so many characters."""
    text = f"{reply.text} {reply.note}".strip() or "…"
    return [Page(text[start : start + size], (), ()) for start in range(0, len(text), size)]


class ModelScreen:
    """bot.ports.Screen on a Screenful, through a process that may be killed or stalled at every call."""

    def __init__(self, screenful: Screenful, process: Process, turn: Turn) -> None:
        self._screenful = screenful
        self._process = process
        self._turn = turn.id

    def pages(self, reply: Reply) -> Sequence[Page]:
        return paged(reply, PAGE)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, fresh: bool) -> AsyncIterator[None]:
        del urgent, fresh
        yield

    async def create(self, part: int, page: Page) -> str:
        made = await self._process.call(lambda: self._screenful.create(f"{self._turn}:{part}", page.text))
        return str(made)

    async def edit(self, message: str, page: Page) -> None:
        await self._process.call(lambda: self._screenful.edit(message, page.text))

    async def delete(self, message: str) -> None:
        await self._process.call(lambda: self._screenful.messages.pop(message, None))

    async def disown(self, message: str) -> None:
        if not self._screenful.nonces:
            await self.delete(message)

    async def tell(self, pages: Sequence[Page]) -> None:
        for page in pages:
            await self._process.call(partial(self._screenful.create, page.text, page.text))


class ModelPlatform(BarePlatform):
    """bot.ports.Platform on a Screenful."""

    def __init__(self, screenful: Screenful, process: Process) -> None:
        self._screenful = screenful
        self._process = process

    def screen(self, turn: Turn) -> ModelScreen:
        return ModelScreen(self._screenful, self._process, turn)

"""A chat platform that takes everything at once, and remembers what it shows for each turn."""

import contextlib
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from bot.reply import Page, Reply
from bot.turn import Turn
from sandbox.bare_platform import BarePlatform

PAGE = 150
"""Characters of a message: a long answer takes several."""


EMPTY = "…"


def pages(reply: Reply) -> Sequence[Page]:
    """A reply in messages. The buttons stand below the last one."""
    text = "\n\n".join(filter(None, (reply.text, reply.note)))
    text = text if text.strip() else EMPTY
    cut = [Page(text[start : start + PAGE]) for start in range(0, len(text), PAGE)]
    return [*cut[:-1], replace(cut[-1], buttons=reply.buttons)]


@dataclass(slots=True)
class Chat(BarePlatform):
    """
    It is a bot.ports.Platform.

    Args:
        shown: What stands there, by a turn's id and a message's.
        spoken: The turns of which words were ever to be seen while a Stop button stood below them.
    """

    shown: dict[str, dict[str, Page]] = field(default_factory=lambda: defaultdict(dict))
    spoken: set[str] = field(default_factory=set)
    ids: "itertools.count[int]" = field(default_factory=itertools.count)

    def screen(self, turn: Turn) -> "ChatScreen":
        return ChatScreen(self, turn.id)


class ChatScreen:
    """bot.ports.Screen on a dictionary."""

    def __init__(self, chat: Chat, turn: str) -> None:
        self._chat = chat
        self._turn = turn
        self._messages = chat.shown[turn]

    def pages(self, reply: Reply) -> Sequence[Page]:
        return pages(reply)

    @contextlib.asynccontextmanager
    async def turn(self, *, urgent: bool, fresh: bool) -> AsyncIterator[None]:
        del urgent, fresh
        yield

    async def create(self, part: int, page: Page) -> str:
        del part
        message = f"m{next(self._chat.ids)}"
        self._messages[message] = page
        return message

    async def edit(self, message: str, page: Page) -> None:
        self._messages[message] = page
        if page.text.strip() not in ("", EMPTY) and any(button.label == "Stop" for button in page.buttons):
            self._chat.spoken.add(self._turn)

    async def delete(self, message: str) -> None:
        self._messages.pop(message, None)

    async def disown(self, message: str) -> None:
        await self.delete(message)

    async def tell(self, pages: Sequence[Page]) -> None:
        for part, page in enumerate(pages):
            await self.create(part, page)

"""
Where messages come from: they stay there until the service says that it has them, or can be found again.

Telegram keeps updates until a later offset is asked for. Discord tells whoever listens, once, and keeps channels that
can be read again. A rule may be switched off, to show that the tester would notice.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol

from adapters.discord.catchup import Ear, Heard, snowflake
from bot.chat import Call, Inbound, Key, Origin
from bot.session import Sessions
from storage.store import Store
from tests.clock import START, now
from tests.crash.process import Process, touching

LONG_POLL = 50
"""Virtual seconds that a call for updates waits for one."""

NEWS = "y"
"""What is said at the moment when the second life begins to listen."""


class Source(Protocol):
    """One platform's way of handing messages over. `said` is everything that was said so far."""

    said: list[str]

    def say(self, text: str) -> None:
        """Somebody says something to the bot."""

    def all_taken(self) -> bool:
        """Whether nothing waits here any more."""

    async def listen(self, process: Process, sessions: Sessions, store: Store) -> None:
        """Hand everything over to one life of the service, until it ends."""


@dataclass(slots=True)
class TelegramSource:
    """Updates in a queue, deleted when a later offset is asked for."""

    ack_first: bool = False
    news: str = NEWS
    said: list[str] = field(default_factory=list)
    _updates: dict[int, str] = field(default_factory=dict)
    _lives: int = 0
    _heard: asyncio.Event | None = None

    def say(self, text: str) -> None:
        self.said.append(text)
        self._updates[len(self.said)] = text
        if self._heard:
            self._heard.set()

    def all_taken(self) -> bool:
        return not self._updates

    async def listen(self, process: Process, sessions: Sessions, store: Store) -> None:
        del store
        if self._lives == 1 and self.news:
            self.say(self.news)
        self._lives += 1
        offset = 0
        while True:
            batch = await self._poll(process, offset)
            for update, text in batch.items():
                offset = update + 1
                if self.ack_first:
                    await process.call(partial(self._get, offset))
                await sessions.ask(question(update, text))
            if not batch:
                await self._news()

    async def _poll(self, process: Process, offset: int) -> dict[int, str]:
        """Asking from a later offset is an effect; asking alone is not."""
        if offset:
            return dict(await process.call(partial(self._get, offset)))
        await process.go_on()
        return self._get(offset)

    async def _news(self) -> None:
        """As long as a long poll lasts, or until there is something."""
        news = self._heard = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), LONG_POLL)

    def _get(self, offset: int) -> dict[int, str]:
        self._updates = {update: text for update, text in self._updates.items() if update >= offset}
        return dict(self._updates)


CHANNEL = 10


@dataclass(slots=True)
class DiscordSource:
    """A channel: what is said there is told to who listens, and can be read again."""

    catches_up: bool = True
    careless_mark: bool = False
    news: str = NEWS
    said: list[str] = field(default_factory=list)
    _channel: list[Heard] = field(default_factory=list)
    _lives: int = 0
    _listeners: "list[asyncio.Queue[Heard]]" = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    def say(self, text: str) -> None:
        self.said.append(text)
        number = snowflake(now()) + len(self._channel)
        heard = Heard(number, now(), question(number, text))
        self._channel.append(heard)
        for queue in self._listeners:
            queue.put_nowait(heard)

    def all_taken(self) -> bool:
        return all(heard.said.message in self._taken for heard in self._channel if isinstance(heard.said, Inbound))

    async def listen(self, process: Process, sessions: Sessions, store: Store) -> None:
        """One connection, as adapters.discord.connection does it: hold, listen, catch up."""
        ear = Ear(touching(store.settings, process), "discord:bot/watermarks", self._taker(sessions))
        live: asyncio.Queue[Heard] = asyncio.Queue()
        ear.hold()
        self._listeners = [live]  # the gateway lets a bot in once; who is dead no longer hears
        if self._lives == 1 and self.news:
            self.say(self.news)
        self._lives += 1
        await ear.load(START - timedelta(minutes=1))
        if self.careless_mark:
            await ear.catch_up({}, _Past(self, process), now())
        hearing = asyncio.ensure_future(self._hear(live, ear))
        try:
            await asyncio.sleep(0.5)  # discord.py waits for the servers' details, and live messages come meanwhile
            last = self._channel[-1].id if self.catches_up else 0
            await ear.catch_up({CHANNEL: last}, _Past(self, process), now())
            await hearing
        finally:
            hearing.cancel()

    def _taker(self, sessions: Sessions) -> Callable[[Inbound | Call], Awaitable[None]]:
        async def take(said: Inbound | Call) -> None:
            assert isinstance(said, Inbound)
            await sessions.ask(said)
            self._taken.add(said.message)

        return take

    async def _hear(self, live: "asyncio.Queue[Heard]", ear: Ear) -> None:
        while True:
            await ear.hear(CHANNEL, await live.get())
            await ear.save()

    def past(self, message: int, limit: int) -> Sequence[Heard]:
        return [heard for heard in self._channel if heard.id > message][:limit]


class _Past:
    """adapters.discord.catchup.Past on the channel."""

    def __init__(self, source: DiscordSource, process: Process) -> None:
        self._source = source
        self._process = process

    async def after(self, channel: int, message: int, limit: int) -> Sequence[Heard]:
        del channel
        await self._process.go_on()
        return self._source.past(message, limit)

    async def tell(self, channel: int, text: str) -> None:
        raise AssertionError(f"nothing may be missed here, but {channel} was told: {text}")


def question(number: int, text: str) -> Inbound:
    key = Key("model", "bot", "club", str(CHANNEL), "", "alice")
    return Inbound(Origin(key, f"m{number}", "Alice", now(), {}), text, message=f"said-{number}")

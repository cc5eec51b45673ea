"""The core between a store in memory, a chat that can fail, and a model that says what a test tells it to."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.planner import Almanac
from bot.access import Rank
from bot.catalogue import Catalogue, ModelSpec
from bot.chat import Call, Inbound, Key
from bot.commands.book import BOOK
from bot.errors import PlatformDown
from bot.ports import Chunk, Limits, Ports, Request
from bot.quota import Policy
from bot.reply import Button, Page, Reply
from bot.session import Sessions
from bot.turn import Turn, turn_id
from bot.worker import Worker
from storage.memory import open_memory
from tests.clock import now
from tests.crash.platforms import PAGE, ModelScreen, Screenful, paged
from tests.crash.process import Process
from tests.make import command, key, question

WAIT = 3_600.0

FREE = Policy()

OWNERS = frozenset({"test:99"})


@dataclass(slots=True)
class Chat:
    """
    A platform. Each call first raises what is next in `troubles`, when that is an error.

    Args:
        letters: What was written to whom in private; those who are `shut` get nothing.
        told: The answers to commands, by their turns; `buttons` are those of the last.
        born: When accounts were made.
        down: People (`Key.user`) for whom the platform is down: what they are, and letters to them.
        hangs: Seconds that it takes to say whether somebody belongs somewhere.
        gone: People (`Key.person`) who left the community, and places (`Key.place`) that there are no more.
    """

    screenful: Screenful = field(default_factory=lambda: Screenful(nonces=False))
    troubles: list[Exception | None] = field(default_factory=list)
    calls: int = 0
    ranks: dict[str, Rank] = field(default_factory=dict)
    page: int = PAGE
    whispers: bool = True
    letters: dict[str, list[Reply]] = field(default_factory=dict)
    troubles_telling: list[Exception] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, Button] = field(default_factory=dict)
    shut: set[str] = field(default_factory=set)
    born: dict[str, datetime] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    hangs: float = 0.0
    down: set[str] = field(default_factory=set)

    def screen(self, turn: Turn) -> "FailingScreen":
        return FailingScreen(self, turn)

    async def rank(self, key: Key) -> Rank:
        self._require_up(key.user)
        return self.ranks.get(key.user, Rank.USER)

    def address(self, key: Key) -> dict[str, str]:
        return {"channel": key.channel}

    async def private(self, user: str) -> Key | None:
        return None if user in self.shut else Key("test", "bot", "", f"dm{user}", "", user)

    async def belongs(self, key: Key) -> bool:
        await asyncio.sleep(self.hangs)
        return key.person not in self.gone and key.place not in self.gone

    async def write_to(self, user: str, reply: Reply) -> bool:
        self._require_up(user)
        self.letters.setdefault(user, []).append(reply)
        return user not in self.shut

    def made(self, user: str) -> datetime | None:
        return self.born.get(user)

    def _require_up(self, user: str) -> None:
        if user in self.down:
            raise PlatformDown("test")

    @property
    def texts(self) -> list[str]:
        return list(self.screenful.messages.values())


class FailingScreen(ModelScreen):
    """A screen on a chat. What is unsure has happened all the same."""

    def __init__(self, chat: Chat, turn: Turn) -> None:
        super().__init__(chat.screenful, Process(None), turn)
        self._chat = chat

    def pages(self, reply: Reply) -> Sequence[Page]:
        pages = paged(reply, self._chat.page)
        return [*pages[:-1], replace(pages[-1], buttons=reply.buttons)] if reply.buttons else pages

    async def create(self, part: int, page: Page) -> str:
        return str(await self._fail_or(super().create(part, page)))

    async def edit(self, message: str, page: Page) -> None:
        await self._fail_or(super().edit(message, page))

    async def tell(self, pages: Sequence[Page]) -> None:
        if self._chat.troubles_telling:
            raise self._chat.troubles_telling.pop(0)
        await super().tell(pages)
        self._chat.told[self._turn] = "".join(page.text for page in pages)
        self._chat.buttons = {button.label: button for page in pages for button in page.buttons}

    async def _fail_or(self, call: Awaitable[Any]) -> Any:
        self._chat.calls += 1
        trouble = self._chat.troubles.pop(0) if self._chat.troubles else None
        done = (
            await call
            if trouble is None or type(trouble).__name__ == "Unsure"
            else asyncio.ensure_future(call).cancel()
        )
        if trouble is not None:
            raise trouble
        return done


@dataclass(slots=True)
class Speaker:
    """A model. It says `pieces`, one a second; each beginning first raises what is next in `troubles`."""

    pieces: tuple[str, ...] = ("Hoo", ".")
    troubles: list[Exception] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    @property
    def begun(self) -> int:
        return len(self.asked)

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        self.asked.append(request)
        if self.troubles:
            raise self.troubles.pop(0)
        for piece in self.pieces:
            await asyncio.sleep(1)
            yield Chunk(piece)
        yield Chunk(finish="stop")


class Core:
    """A running core. Everything is in the reach of a test."""

    def __init__(self, policy: Policy, owners: frozenset[str], **limits: Any) -> None:
        self.chat = Chat()
        self.model = Speaker()
        self.store = open_memory()
        self.policy = policy
        self._events = itertools.count()
        ports = Ports(
            turns=self.store.turns,
            history=self.store.history,
            settings=self.store.settings,
            ledger=self.store.ledger,
            records=self.store.records,
            results=self.store.results,
            letters=self.store.letters,
            schedules=self.store.schedules,
            planner=Almanac(),
            model=self.model,
            platforms={"test": self.chat},
            catalogue=Catalogue({"owl": ModelSpec("owl", "owl", 10_000, 1_000)}),
            counter=lambda _: len,
            now=now,
            limits=replace(Limits(drain=timedelta(seconds=1)), **limits),
            policy=policy,
            owners=owners,
            pepper=b"pepper",
        )
        self.ports = ports
        self.worker = Worker(ports, BOOK)
        self.sessions = Sessions(ports, BOOK, self.worker)

    async def ask(self, text: str = "Why?", event: str = "e1", user: str = "1") -> None:
        await self.sessions.ask(
            replace(question(text, event, key(user)), origin=at_once(question(text, event, key(user))))
        )

    async def command(self, name: str, /, event: str = "c1", user: str = "1", **arguments: str) -> None:
        given = command(name, event, key(user), **arguments)
        await self.sessions.call(replace(given, origin=at_once(given)))

    async def say(self, name: str, user: str = "1", private: bool = False, /, **arguments: str) -> str:
        """Give a command, and return what was answered."""
        where = key(user, channel=f"dm{user}", community="") if private else key(user)
        return await self._answer(command(name, f"c{next(self._events)}", where, **arguments))

    async def press(self, button: Button, user: str = "1", private: bool = False) -> str:
        """Press a button, and return what was answered."""
        where = key(user, channel=f"dm{user}", community="") if private else key(user)
        given = command(button.command, f"c{next(self._events)}", where, turn=button.argument)
        return await self._answer(replace(given, pressed=True))

    async def _answer(self, given: Call) -> str:
        given = replace(given, origin=at_once(given))
        await self.sessions.call(given)
        turn = turn_id(given.origin)
        await self.until(lambda: turn in self.chat.told)
        return self.chat.told[turn]

    async def until(self, predicate: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not predicate():
                await asyncio.sleep(0.1)


def at_once(task: Inbound | Call) -> Any:
    """An origin of this virtual moment."""
    return replace(task.origin, at=now())


@contextlib.asynccontextmanager
async def core(policy: Policy = FREE, owners: frozenset[str] = OWNERS, /, **limits: Any) -> AsyncIterator[Core]:
    """A core that serves for as long as the block lasts."""
    made = Core(policy, owners, **limits)
    serving = asyncio.ensure_future(made.worker.serve())
    try:
        yield made
    finally:
        serving.cancel()
        await made.worker.drain()

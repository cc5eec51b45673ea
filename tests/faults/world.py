"""The real core and the real adapter between a chat that takes everything and a provider in which nothing is sure."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.planner import Almanac
from adapters.upstream.heard import Timeouts
from adapters.upstream.openai import OpenAIModel
from adapters.upstream.tokens import counter
from bot.catalogue import Catalogue, ModelSpec
from bot.chat import Inbound, Key, Origin
from bot.commands.book import BOOK
from bot.ports import Chunk, Limits, Model, Ports, Request
from bot.preferences import set_model
from bot.session import Sessions
from bot.turn import Turn, turn_id
from bot.worker import Worker
from sandbox.openai.asked import Asked
from sandbox.openai.script import Answer
from sandbox.openai.server import OpenAI
from storage.memory import open_memory
from storage.store import Store
from tests.faults.chat import Chat
from tests.faults.troubles import TROUBLES, Trouble
from tests.fuzz.amount import SEED

TIMEOUTS = Timeouts(connect=2.0, first_token=1.0, gap=1.0, total=3.0)
LIMITS = Limits(sweep=timedelta(seconds=0.1), patience=timedelta(seconds=1), lanes=100)

NOBODY = "http://127.0.0.1:9/v1"
"""An address at which nobody listens."""

REFUSED_EVERY = 40
"""One question in so many goes to that address."""

PATIENCE = 900.0
"""Seconds after which something is stuck."""


def words(question: int) -> str:
    """What the provider has to say to a question."""
    return f"Answer {question}: " + "owls 🦉 see in the dark. " * (1 + question % 12) + "Hoo!"


@dataclass(slots=True)
class Plan:
    """What befalls each call: always the same for the same seed, in whatever order the questions come."""

    calls: Counter[int] = field(default_factory=Counter)

    def trouble(self, question: int, call: int) -> Trouble:
        """What befalls a question's call; the first is 1."""
        return self._dice(question, call).choice(TROUBLES)

    def answer(self, asked: Asked) -> Answer:
        """It is a sandbox.openai cue."""
        question = int(asked.text)
        self.calls[question] += 1
        call = self.calls[question]
        return self.trouble(question, call).make(words(question), self._dice(question, -call))

    def met(self, question: int) -> list[Trouble]:
        """What has befallen a question."""
        return [self.trouble(question, call) for call in range(1, self.calls[question] + 1)]

    def _dice(self, question: int, number: int) -> random.Random:
        return random.Random(f"{SEED}/{question}/{number}")


def asked(question: int) -> Inbound:
    """A question in a private chat of its own."""
    key = Key("chat", "bot", "", f"c{question}", "", "u")
    return Inbound(Origin(key, "m1", "Alice", datetime.now(UTC)), str(question), message="m1")


class Either:
    """Two accounts; one of them is asked for the model "nobody" alone. No pool: each failure is to be seen."""

    def __init__(self, somebody: Model, nobody: Model) -> None:
        self._accounts = {"nobody": nobody}
        self._somebody = somebody

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        return self._accounts.get(request.spec.model, self._somebody).stream(request)


class World:
    """One process, with all that it leaves behind."""

    def __init__(self, store: Store, chat: Chat, models: Model) -> None:
        catalogue = Catalogue(
            {"owl": ModelSpec("owl", "parley-demo"), "nobody": ModelSpec("nobody", "nobody")},
        )
        self.store = store
        self.chat = chat
        self._ports = Ports(
            turns=store.turns,
            history=store.history,
            settings=store.settings,
            ledger=store.ledger,
            records=store.records,
            results=store.results,
            letters=store.letters,
            schedules=store.schedules,
            planner=Almanac(),
            model=models,
            platforms={"chat": chat},
            catalogue=catalogue,
            counter=counter,
            now=lambda: datetime.now(UTC),
            limits=LIMITS,
        )
        self._worker = Worker(self._ports, BOOK)
        self._sessions = Sessions(self._ports, BOOK, self._worker)

    async def run(self, questions: int) -> None:
        """Ask them all, and wait until nothing is left to do."""
        serving = asyncio.ensure_future(self._worker.serve())
        try:
            async with asyncio.timeout(PATIENCE):
                for question in range(questions):
                    await self._ask(question)
                while await self.open_lanes():
                    await asyncio.sleep(0.1)
                await self._worker.drain()
        finally:
            serving.cancel()
            await asyncio.wait({serving})

    async def open_lanes(self) -> list[str]:
        """Lanes with a turn that is not ended, or under a lease."""
        return list(await self.store.turns.due(datetime.now(UTC) + timedelta(days=1), 10))

    async def turn(self, question: int) -> Turn:
        found = await self.store.turns.get(*_name(question))
        assert found is not None
        return found

    async def _ask(self, question: int) -> None:
        inbound = asked(question)
        if is_refused(question):
            await set_model(self._ports, inbound.origin.key.session(self._ports.scope), "nobody")
        await self._sessions.ask(inbound)


def is_refused(question: int) -> bool:
    """Whether nobody listens where this question goes."""
    return question % REFUSED_EVERY == 0


def _name(question: int) -> tuple[str, str]:
    origin = asked(question).origin
    return origin.key.room, turn_id(origin)


@contextlib.asynccontextmanager
async def world(plan: Plan) -> AsyncIterator[World]:
    """The world of a plan. At the end the provider must be rid of every call."""
    async with OpenAI(otherwise=plan.answer) as provider:
        accounts = [OpenAIModel(url, provider.api_key, TIMEOUTS) for url in (provider.base_url, NOBODY)]
        yield World(open_memory(), Chat(), Either(*accounts))
        async with asyncio.timeout(5):
            while provider.books.open:
                await asyncio.sleep(0.01)
        for account in accounts:
            await account.close()

"""The front door on a store that forgets, with nobody behind it: every turn that is let in is written down."""

from collections import Counter
from datetime import datetime
from typing import Any, cast

from adapters.planner import Almanac
from bot.catalogue import Catalogue, ModelSpec
from bot.commands.book import BOOK
from bot.ports import DeadLetter, Ingested, Limits, Ports
from bot.session import Sessions
from bot.turn import Turn
from bot.worker import Worker
from storage.memory import open_memory
from storage.memory.letters import MemoryLetters
from storage.memory.turns import MemoryTurns
from storage.record import dump_letter, dump_turn, load_letter, load_turn
from tests.fuzz.events import Event
from tests.make import NOW


class Notebook(MemoryTurns):
    """Turns, each written as a real store writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.new: Counter[tuple[str, str]] = Counter()
        self.unreadable: list[str] = []

    async def ingest(self, turn: Turn, cap: int, now: datetime) -> Ingested:
        written = dump_turn(turn)
        result = await super().ingest(turn, cap, now)
        if result is Ingested.NEW:
            self.new[turn.origin.key.room, turn.origin.event] += 1
            self._check(turn, written)
        return result

    def _check(self, turn: Turn, written: str) -> None:
        """What is let in must be what a worker reads, or its lane would be stuck for ever."""
        try:
            same = load_turn(written) == turn
        except ValueError:
            same = False
        if not same:
            self.unreadable.append(written)


class Tray(MemoryLetters):
    """Dead letters, each written as a real store writes it, and counted."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def add(self, letter: DeadLetter) -> None:
        await super().add(load_letter(dump_letter(letter)))
        self.count += 1


class Door:
    """The real Sessions."""

    def __init__(self) -> None:
        self.turns = Notebook()
        self.letters = Tray()
        store = open_memory()
        nothing: Any = {}
        ports = Ports(
            turns=self.turns,
            history=store.history,
            settings=store.settings,
            ledger=store.ledger,
            records=store.records,
            results=store.results,
            letters=self.letters,
            schedules=store.schedules,
            planner=Almanac(),
            model=nothing,
            platforms=nothing,
            catalogue=Catalogue({"owl": ModelSpec("owl", "owl")}),
            counter=cast("Any", None),
            now=lambda: NOW,
            limits=Limits(lanes=0),
        )
        self.sessions = Sessions(ports, BOOK, Worker(ports, BOOK))

    def faults(self, events: list[Event]) -> list[str]:
        """What was let in and should not have been, or the other way round."""
        new = self.turns.new
        damaged = {str(event.body) for event in events if event.damaged}
        doubtful = {event.name for event in events if event.damaged}
        sound = {event.name: event.wanted for event in events if event.name and event.name not in doubtful}
        return [
            *(
                f"wanted {wanted}, let in {new[name]} times: {name}"
                for name, wanted in sound.items()
                if wanted != new[name]
            ),
            *(f"{count} times: {name}" for name, count in new.items() if count > 1),
            *(f"of unknown origin: {name}" for name in list(set(new) - set(sound) - doubtful)[len(damaged) :]),
            *(f"cannot be read again: {written[:300]}" for written in self.turns.unreadable),
        ]

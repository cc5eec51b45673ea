"""What the core needs of the world, as small protocols. Time is an argument, UTC."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from bot.access import Rank
from bot.catalogue import Catalogue, ModelSpec
from bot.chat import Call, Key, Message, Scope
from bot.quota import Charge
from bot.reply import Page, Reply
from bot.turn import Turn, Usage
from bot.window import Count


class Ingested(Enum):
    """What became of a turn that was handed in."""

    NEW = "new"
    KNOWN = "known"
    """The same event came before; nothing was written."""
    BUSY = "busy"
    """Too many turns wait in that lane; nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a lane. `token` is random; every write compares it for equality."""

    lane: str
    token: str


class Turns(Protocol):
    """
    Turns in their lanes, first in first out, kept through any crash.

    Every method raises StorageDown when nobody can tell. A lane is named after its room (`room/...`), so that a
    store can keep all of one room together.
    """

    async def ingest(self, turn: Turn, cap: int, now: datetime) -> Ingested:
        """Write a turn down at the end of its lane, once. All or nothing. `cap` is the longest lane, 0 for any."""

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Lanes with a turn that may be worked on: nobody holds them, or their holder's lease has run out."""

    async def claim(self, lease: Lease, now: datetime, until: datetime) -> Turn | None:
        """Take a due lane until then. Returns its oldest turn with one more attempt, or None if it is not to be had."""

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Hold the lane longer. Raises LeaseLost when it has another holder."""

    async def save(self, lease: Lease, turn: Turn) -> bool:
        """Write the claimed turn as it is now. Returns whether a stop was asked for. Raises LeaseLost."""

    async def finish(self, lease: Lease, turn: Turn, now: datetime) -> None:
        """Write the turn for the last time and take it off the lane; the lane is free. Raises LeaseLost."""

    async def postpone(self, lease: Lease, turn: Turn, due: datetime) -> None:
        """Write the turn, leave it first in its lane until then; the lane is free. Raises LeaseLost."""

    async def revive(self, turn: Turn, now: datetime) -> bool:
        """Put an ended turn, as it is now, at the end of its lane again. Returns whether there was one."""

    async def get(self, room: str, turn: str) -> Turn | None:
        """A turn by its id, while it is kept."""

    async def waiting(self, lane: str) -> Sequence[str]:
        """The turns of a lane that are not ended, oldest first."""

    async def stop(self, room: str, turn: str) -> None:
        """Ask whoever works on the turn to stop. No effect on a turn that has ended."""


class History(Protocol):
    """Conversations as trees of messages, and which of the platform's messages shows which node."""

    async def append(self, session: str, messages: Sequence[Message]) -> None:
        """
        Add messages, each after its parent, and make the last one the head. All or nothing.

        A message that is there already is left as it is; when the last one is, the head stays too.
        """

    async def path(self, session: str, node: str, limit: int) -> Sequence[Message]:
        """The branch that ends in `node`, oldest first, the newest `limit` of it. Empty when there is no such node."""

    async def head(self, session: str) -> str:
        """The node where the conversation stands; ROOT before anything was said."""

    async def move_head(self, session: str, node: str) -> None:
        """Go on from another node, or from ROOT: a new conversation."""

    async def point(self, room: str, messages: Sequence[str], session: str, node: str) -> None:
        """Remember that these messages of the platform show that node."""

    async def find(self, room: str, message: str) -> tuple[str, str] | None:
        """The session and the node that a message of the platform shows."""


class Settings(Protocol):
    """Small texts by name: a channel's scope, a conversation's model, how far a channel has been heard."""

    async def get(self, name: str) -> Mapping[str, str]:
        """Everything that is set there."""

    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        """Set these fields; "" forgets one."""


class Ledger(Protocol):
    """Who is charged what. Every method raises StorageDown."""

    async def settle(self, charge: Charge) -> bool:
        """Write a charge down, once: one with an id that was settled changes nothing. Returns whether it was new."""

    async def charged(self, id: str) -> Charge | None:
        """The charge with that id, while it is kept."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """
    Something that was given up, kept for the operator.

    Args:
        id: A failed turn's id, or what names an update that could not be read.
        body: The update as it came; nothing for a turn, which `Turns.get` returns by its `room`.
    """

    id: str
    at: datetime
    platform: str
    why: str
    room: str = ""
    body: str = ""


class DeadLetters(Protocol):
    """What was given up, newest first. Every method raises StorageDown."""

    async def add(self, letter: DeadLetter) -> None:
        """Keep a letter, in place of an older one with its id."""

    async def newest(self, limit: int) -> Sequence[DeadLetter]:
        """The newest letters."""

    async def get(self, id: str) -> DeadLetter | None:
        """One letter."""

    async def remove(self, id: str) -> None:
        """Forget a letter."""


class Leases(Protocol):
    """Offices that one process at a time holds, such as listening to a platform. Every method raises StorageDown."""

    async def hold(self, office: str, token: str, now: datetime, until: datetime) -> bool:
        """Take an office that is free, or hold one's own longer. Returns whether `token` now holds it."""

    async def release(self, office: str, token: str) -> None:
        """Free an office, if `token` still holds it."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    What a model is asked.

    Args:
        session: Whose conversation it is, so that a provider can be kept for it.
        max_output: The most tokens that the answer may have.
        prompt_tokens: The size of the messages as we counted them.
    """

    spec: ModelSpec
    messages: tuple[Message, ...]
    session: str
    max_output: int
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an answer. The last one has `finish` (stop, length or filter), and `usage` when it is known."""

    text: str = ""
    finish: str = ""
    usage: Usage | None = None


class Model(Protocol):
    """One model, or a pool of them."""

    def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        """
        Speak. Closing the generator ends the call upstream at once.

        Raises:
            ModelDown, or one of its kind: ModelBusy, ModelMisconfigured, ModelCut, ModelSilent.
            ContextFull, Filtered: The provider refused this prompt.
        """


class Screen(Protocol):
    """
    Where the answer to one turn shows.

    Calls raise PlatformBusy when told to wait (nothing happened), PlatformDown when the call certainly had no
    effect or may simply be done again, Unsure when it may have put something up, Undeliverable when nobody can be
    answered there any more, PartGone when just this message is gone.
    """

    def pages(self, reply: Reply) -> Sequence[Page]:
        """The messages that show a reply, each within the platform's limits. Pure; never empty."""

    def turn(self, *, urgent: bool, fresh: bool) -> AbstractAsyncContextManager[None]:
        """
        Wait until the platform's pace allows one more call; the block makes it.

        What is `urgent` goes before what only looks good; `fresh` is a call that puts a new message up.
        """

    async def create(self, part: int, page: Page) -> str:
        """Put up one message. Returns its id. Where the platform can tell, the same part is never put up twice."""

    async def edit(self, message: str, page: Page) -> None:
        """Make a message show this page. Doing it again changes nothing."""

    async def delete(self, message: str) -> None:
        """Take a message away that the answer no longer needs. Doing it again changes nothing."""

    async def disown(self, message: str) -> None:
        """Take away what we just created after losing the turn, unless its new owner was given the same message."""

    async def tell(self, pages: Sequence[Page]) -> None:
        """Answer a command: at once, and for the caller alone where the platform can. No pages: nothing to be said."""


class Platform(Protocol):
    """One chat platform, as far as the core talks to it."""

    def screen(self, turn: Turn) -> Screen:
        """Where that turn's answer shows, also after a restart."""

    async def rank(self, key: Key) -> Rank:
        """What the caller is in that community, as the platform says."""


@dataclass(frozen=True, slots=True)
class Again:
    """What a command returns to have an answer generated: a question that was asked before, or a new one."""

    text: str
    author: str
    parent: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a command was given: the conversation it is about, and its ways to reach the service."""

    call: Call
    turn: Turn
    scope: Scope
    ports: "Ports"
    interrupt: Callable[[str], None]

    async def rank(self) -> Rank:
        """What the caller may do here. In one's own private chat one runs the place."""
        key = self.call.origin.key
        if f"{key.platform}:{key.user}" in self.ports.owners:
            return Rank.OWNER
        if key.private:
            return Rank.ADMIN
        return self.call.rank if self.call.rank is not None else await self.ports.platforms[key.platform].rank(key)


Outcome = Reply | Again | None
"""What a command leads to: something to say, something to answer, or nothing to be seen."""


class Commands(Protocol):
    """The book of commands."""

    def urgent(self, name: str) -> bool:
        """Whether the command goes before whatever waits in its conversation."""

    async def run(self, setting: Setting) -> Outcome:
        """Do what a call says, if its caller may. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long. Durations hold for every turn."""

    lease: timedelta = timedelta(seconds=30)
    renew: timedelta = timedelta(seconds=10)
    sweep: timedelta = timedelta(seconds=1)
    drain: timedelta = timedelta(seconds=20)
    attempts: int = 3
    waiting: int = 5
    """Turns that may wait in one conversation."""
    lanes: int = 500
    """Turns that one process works on at once."""
    past: int = 500
    """Messages of history that are looked at."""
    patience: timedelta = timedelta(seconds=60)
    """How long a turn waits in all for a provider that says when to come back."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the core reaches the world through."""

    turns: Turns
    history: History
    settings: Settings
    ledger: Ledger
    letters: DeadLetters
    model: Model
    platforms: Mapping[str, Platform]
    catalogue: Catalogue
    counter: Callable[[ModelSpec], Count]
    now: Callable[[], datetime]
    system: str = "You are a helpful assistant."
    scope: Scope = Scope.ROOM
    owners: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)

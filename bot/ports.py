"""What the core needs of the world, as small protocols. Time is an argument, UTC."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from bot.access import Rank
from bot.account import Status
from bot.catalogue import Catalogue, ModelSpec, Plus
from bot.chat import Call, Key, Message, Origin, Scope
from bot.keys import Secret
from bot.period import Window
from bot.quota import (
    Balance,
    Charge,
    Demand,
    Denied,
    Entry,
    Granted,
    Limit,
    Policy,
    Settlement,
    Share,
    Spending,
    Unit,
)
from bot.reply import Page, Picture, Reply
from bot.schedule import Allowances, Recurrence, Schedule
from bot.throttle import Typos
from bot.turn import Turn, Usage
from bot.usage import Report
from bot.window import Count

ACCOUNT = "account"
"""The field of a conversation's settings that names the provider account that it stays with."""

STORE_PAUSE = 1.0
"""Seconds between tries of a store that is down. Nobody else asks it, and people wait for it to come back."""


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

    async def forget(self, session: str) -> None:
        """
        Forget a conversation: its messages, where it stands, and what showed it. Doing it again changes nothing.

        A store that cannot tell which of the platform's messages showed it may still `find` those; their `path` is
        empty.
        """


class Settings(Protocol):
    """Small texts by name: a channel's scope, a conversation's model, how far a channel has been heard."""

    async def get(self, name: str) -> Mapping[str, str]:
        """Everything that is set there."""

    async def put(self, name: str, fields: Mapping[str, str]) -> None:
        """Set these fields; "" forgets one."""


class Records(Protocol):
    """Small documents in folders, changed only by who knows what they say. Each method raises StorageDown."""

    async def get(self, folder: str, name: str) -> str | None:
        """One document."""

    async def swap(self, folder: str, name: str, old: str | None, new: str | None) -> bool:
        """
        Write `new` in place of `old`; None is no document.

        Returns False, with nothing written, when it does not say `old` any more.
        """

    async def all(self, folder: str) -> Mapping[str, str]:
        """Every document of a folder, by name."""


@dataclass(frozen=True, slots=True)
class Result:
    """
    What there is under a name that was claimed.

    Args:
        mark: A digest of the request that it answers: another request under that name has another.
        body: The answer; None while it is being made.
    """

    mark: str
    body: bytes | None = field(default=None, repr=False)


class Results(Protocol):
    """
    Answers to programs, kept for a time under the names that they gave, so that a request made again is answered once.

    Each method raises StorageDown. The time that counts is the store's own where it has a clock; `now` is for those
    that have none.
    """

    async def begin(self, name: str, mark: str, ttl: timedelta, now: datetime) -> Result | None:
        """
        Claim a name for a request, for so long: after that anybody may claim it, unless it was renewed.

        Returns None when it was free, else what is there. Of many who claim it at once, one gets None.
        """

    async def renew(self, name: str, mark: str, ttl: timedelta, now: datetime) -> None:
        """
        Claim a name for so long from now, if the request still has it, and no answer was kept.

        No effect on a claim whose time has run out, or that was dropped.
        """

    async def keep(self, name: str, mark: str, body: bytes, ttl: timedelta, now: datetime) -> None:
        """Keep an answer for so long from now, if the request still has the name, and no answer was kept."""

    async def drop(self, name: str, mark: str) -> None:
        """Free the name that a request has, so that it can be made again. An answer that was kept stays."""


class Ledger(Protocol):
    """
    What is held and what was taken of every limit. Each method is all or nothing, and raises StorageDown.

    The time that counts is the store's own where it has a clock; `now` is for those that have none.
    """

    async def reserve(
        self, id: str, shares: Sequence[Share], demand: Demand, ttl: timedelta, now: datetime
    ) -> Granted | Denied:
        """
        Hold what an answer may take, on every limit of every share, for so long.

        Where less is left than the longest answer needs, a shorter one is granted, down to the shortest. For an id
        that something is held for, the answer is the same again, and it is held for `ttl` from now.
        """

    async def renew(self, id: str, ttl: timedelta, now: datetime) -> None:
        """Hold it for so long from now. No effect when nothing is held for it."""

    async def settle(self, charge: Charge, now: datetime) -> Settlement:
        """
        Write a charge down, once, and let go of what was held for it.

        It counts in the windows in which it was held. A charge for which nothing is held any more, or never was,
        counts in those that are now.
        """

    async def release(self, id: str, now: datetime) -> None:
        """Let go of what is held, with nothing taken. No effect when nothing is held for it."""

    async def expire(self, now: datetime) -> int:
        """Let go of all whose time has run out. Returns how many these were."""

    async def balances(self, shares: Sequence[Share], now: datetime) -> Sequence[Balance]:
        """How every limit of these shares stands, in their order; one that is UNLIMITED is left out."""

    async def limits(self, scope: str) -> Sequence[Limit]:
        """What was set there, UNLIMITED included."""

    async def set_limit(self, scope: str, limit: Limit, now: datetime) -> None:
        """Set a limit in place of the usual one, from now on. What was counted in its window goes on counting."""

    async def drop_limit(self, scope: str, unit: Unit, window: Window) -> None:
        """Forget what was set: the usual holds again."""

    async def grant(self, id: str, scope: str, unit: Unit, window: Window, amount: int, now: datetime) -> None:
        """Add to a limit, for the window that is now; once for each id."""

    async def reset(self, scope: str, now: datetime) -> None:
        """Begin every window of a scope at nothing used. What is held stays held."""

    async def charged(self, id: str) -> Charge | None:
        """The charge with that id, while it is kept."""

    async def spendings(self, first: str, last: str) -> Sequence[Spending]:
        """What was taken from the one date to the other, both included."""

    async def journal(self, after: int, limit: int) -> Sequence[Entry]:
        """What happened after that entry, oldest first."""


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


class Schedules(Protocol):
    """What is to be done at set times. Each method is all or nothing, and raises StorageDown."""

    async def get(self, id: str) -> Schedule | None:
        """One of them."""

    async def write(self, schedule: Schedule) -> bool:
        """
        Write the next version of a schedule, or the first of a new one.

        Returns False, with nothing written, when what is there is not the version before it.
        """

    async def remove(self, id: str) -> bool:
        """Forget one. Returns whether it was there."""

    async def due(self, until: datetime, limit: int) -> Sequence[Schedule]:
        """Those that are `waiting` for that moment or an earlier one, the earliest first."""

    async def of(self, person: str) -> Sequence[Schedule]:
        """Those of one owner (`Key.person`), the oldest first."""

    async def at(self, place: str) -> Sequence[Schedule]:
        """Those that are said in one channel, thread or topic (`Key.place`), the oldest first."""


class Planner(Protocol):
    """Knows clocks and calendars: reads when something shall be, and works out when it is. Pure, and fast."""

    def read(self, words: str, now: datetime, zone: str) -> Recurrence:
        """
        What people mean by "in 2 h", "tomorrow 9:00", "every Monday 18:00", "0 9 * * mon-fri".

        `zone` is theirs, "" when they have not said it.

        Raises:
            BadTime: Nobody can tell what is meant, or it never comes; with a question, or an example.
            ZoneNeeded: It depends on where they are.
        """

    def split(self, line: str, now: datetime, zone: str) -> tuple[Recurrence, str]:
        """What a line begins with, as `read` has it, and the rest of the line. Raises as `read` does."""

    def after(self, recurrence: Recurrence, moment: datetime) -> datetime | None:
        """The first time, later than that, at which it is due; None for never."""

    def last(self, recurrence: Recurrence, first: datetime, moment: datetime) -> datetime:
        """Of the times from `first` on, at which it is due, the last that is not later than `moment`."""

    def shortest(self, recurrence: Recurrence, moment: datetime) -> float | None:
        """The fewest seconds between two times of it in a year from then on; None when there are not two."""

    def words(self, recurrence: Recurrence) -> str:
        """In words: "every Monday at 18:00"; without the zone."""

    def zone(self, typed: str) -> str | None:
        """The name of the zone that somebody means: a name of the IANA database, in any case, or a city of it."""

    def zones(self, typed: str) -> Sequence[str]:
        """Up to 25 names of zones that begin so, or have it in them."""


class Slots(Protocol):
    """
    Places on provider accounts, each held under a lease, so that all processes together never take too many.

    Every method raises StorageDown. The time that counts is the store's own where it has a clock.
    """

    async def take(
        self, account: str, most: int, per_minute: int, token: str, ttl: timedelta, now: datetime
    ) -> timedelta | None:
        """
        Take a place for so long; at most `most` are taken and `per_minute` begun in a minute, 0 for any number.

        Returns None when it was taken, else how long to wait at least before asking again.
        """

    async def renew(self, account: str, token: str, ttl: timedelta, now: datetime) -> None:
        """Hold a place for so long from now. No effect on one whose time has run out, or that was freed."""

    async def free(self, account: str, token: str) -> None:
        """Give a place back. Doing it again changes nothing."""

    async def taken(self, accounts: Sequence[str], now: datetime) -> Mapping[str, int]:
        """How many places of each of these accounts are taken."""


@dataclass(frozen=True, slots=True)
class Request:
    """
    What a model is asked.

    Args:
        session: Whose conversation it is, so that a provider can be kept for it.
        max_output: The most tokens that the answer may have.
        prompt_tokens: The size of the messages as we counted them.
        plus: Which accounts of a pool may be asked.
        avoided: Names of accounts that have failed this question; any other is better.
        own: The asker's own key with a provider, in place of the pool; None for none.
    """

    spec: ModelSpec
    messages: tuple[Message, ...]
    session: str
    max_output: int
    prompt_tokens: int = 0
    plus: Plus = Plus.ANY
    avoided: tuple[str, ...] = ()
    own: Secret | None = None


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


@dataclass(slots=True)
class ApiRequest:
    """
    A program's call in the provider's own format, to be passed on as it is. What it may take is known last: `fields`,
    `limit` and `sent` are filled in then.

    Args:
        path: Below the provider's base address: "chat/completions".
        fields: Its JSON, with the provider's name of the model; nothing for a form.
        form: A whole form, whose content type is `type`.
        limit: The most tokens that the answer may have, where `fields` names no such limit; 0 where it needs none.
        sent: Called when a provider is asked: from then on it may cost something.
        session: And the others, as in `Request`.
    """

    spec: ModelSpec
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    form: bytes = b""
    type: str = "application/json"
    limit: int = 0
    sent: Callable[[], None] = lambda: None
    session: str = ""
    plus: Plus = Plus.ANY
    avoided: tuple[str, ...] = ()
    own: Secret | None = None


@dataclass(slots=True)
class ApiResponse:
    """
    What a provider answers to a program.

    Args:
        status: 200, or what the program's own mistake deserves.
        body: As it arrives. Reading it raises ModelCut or ModelSilent.
        account: Whose answer it is.
        usage: What it took. Whoever reads the body says so here, for the account's figures.
    """

    status: int
    type: str
    body: AsyncIterator[bytes]
    account: str = ""
    usage: Usage | None = None


class Api(Protocol):
    """A provider account, or a pool of them, as programs use it."""

    def carries(self, path: str) -> bool:
        """Whether it can be asked that at all."""

    def call(self, request: ApiRequest) -> AbstractAsyncContextManager[ApiResponse]:
        """
        Pass a call on. Leaving the block ends it upstream at once.

        Raises ModelDown, or one of its kind, when it is not the program's own mistake that there is no answer.
        """


class Accounts(Protocol):
    """The provider accounts, as those who run the service look after them. Each method raises StorageDown."""

    async def statuses(self) -> Sequence[Status]:
        """How each does."""

    async def resume(self, name: str) -> bool:
        """Let one be asked again at once, whatever it did. Returns whether there is one of that name."""


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
        """
        Answer a command: at once, and for the caller alone where the platform can. No pages: nothing to be said.

        A page's picture comes with it. One that the platform refuses is left out; the words come all the same.
        """


class Platform(Protocol):
    """
    One chat platform, as far as the core talks to it.

    Args:
        whispers: Whether the answer to a command in a community can be shown to its caller alone.
    """

    whispers: bool

    def screen(self, turn: Turn) -> Screen:
        """Where that turn's answer shows, also after a restart."""

    async def rank(self, key: Key) -> Rank:
        """What a user is in that community, as the platform says. Raises PlatformDown."""

    def address(self, key: Key) -> Mapping[str, str]:
        """How something is shown in that channel that answers nobody. Pure."""

    async def private(self, user: str) -> Key | None:
        """A user's private chat with us; None when they cannot be written to. Raises PlatformDown."""

    async def belongs(self, key: Key) -> bool:
        """Whether a user is still in that community and its channel still there for us. Raises PlatformDown."""

    async def write_to(self, user: str, reply: Reply) -> bool:
        """
        Tell a user something in private that they did not ask for just now.

        Returns False when they cannot be written to: they never spoke to us, or have blocked us.
        Raises PlatformDown.
        """

    def made(self, user: str) -> datetime | None:
        """When a user's account was made; None where the platform does not tell."""


@runtime_checkable
class Unsays(Protocol):
    """A platform on which we may take away what people said to us, where they let us."""

    async def unsay(self, said: Origin) -> bool:
        """Take the message away that came with this. Returns whether it is gone. Raises PlatformDown."""


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


Outcome = Reply | Again | None
"""What a command leads to: something to say, something to answer, or nothing to be seen."""


class Commands(Protocol):
    """The book of commands."""

    def urgent(self, name: str) -> bool:
        """Whether the command goes before whatever waits in its conversation."""

    def secret(self, name: str) -> bool:
        """Whether the command's answer is its caller's business alone."""

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

    @property
    def held(self) -> timedelta:
        """How long a share stays held for an answer that nobody works on any more."""
        return 2 * self.lease + timedelta(seconds=60)


class Draw(Protocol):
    """Makes pictures of figures."""

    async def usage(self, report: Report) -> Picture | None:
        """What was taken on each day, and by whom; None when it cannot be drawn."""


class Cipher(Protocol):
    """Seals texts, so that what is kept is of no use to whoever reads the store."""

    def seal(self, text: str) -> str:
        """What to keep in place of a text."""

    def open(self, sealed: str) -> str:
        """The text. Raises bot.own.SealBroken: it was changed, was never sealed, or what sealed it is gone."""

    def is_fresh(self, sealed: str) -> bool:
        """Whether it was sealed with what seals now, and not with something older."""


@dataclass(frozen=True, slots=True)
class Ports:
    """
    Everything that the core reaches the world through.

    Args:
        zone: Where days begin at midnight.
        pepper: What the digests of keys are made with, beside the keys.
        draw: None where no pictures can be made.
        accounts: Those behind `model`; None where nobody looks after them.
        api: The same for programs; None where none can ask.
        allowances: How many schedules people may have, and how often.
        cipher: Seals members' own keys with a provider; None where the operator has not switched these on.
        try_own: Asks the provider whether such a key works. Raises Refused, saying why it does not.
    """

    turns: Turns
    history: History
    settings: Settings
    ledger: Ledger
    records: Records
    results: Results
    letters: DeadLetters
    schedules: Schedules
    planner: Planner
    model: Model
    platforms: Mapping[str, Platform]
    catalogue: Catalogue
    counter: Callable[[ModelSpec], Count]
    now: Callable[[], datetime]
    system: str = "You are a helpful assistant."
    scope: Scope = Scope.ROOM
    owners: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    policy: Policy = field(default_factory=Policy)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    pepper: bytes = b""
    typos: Typos = field(default_factory=Typos)
    draw: Draw | None = None
    cipher: Cipher | None = None
    try_own: Callable[[Secret], Awaitable[None]] | None = None
    accounts: Accounts | None = None
    api: Api | None = None
    allowances: Allowances = field(default_factory=Allowances)

    def today(self) -> date:
        """The day that it is where the community lives."""
        return self.now().astimezone(self.zone).date()

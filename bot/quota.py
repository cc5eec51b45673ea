"""
Shares of what the models may be asked, and what was taken of them.

A *scope* is whoever or wherever is counted: `user/discord:42`, `key/1f3a…`, `channel/…`, `community/…`, `everyone`. For
each scope there may be limits: so many of a unit in a window. Before an answer is begun, what it may take at most is
held on every limit that applies, or on none; when it has ended, what it did take is written down and the rest is free
again. All amounts are whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.chat import Key
from bot.period import Window
from bot.turn import Usage

EVERYONE = "everyone"
"""The scope of all that is asked of this service."""

MILLION = 1_000_000

UNLIMITED = -1
"""In place of a limit's amount: none, whatever is given as usual."""

NAMES = ("date", "community", "channel", "user", "model", "api_key")
FIGURES = ("input", "output", "requests", "micro_usd", "images", "audio_seconds")
"""The fields of a spending: whose it is, and how much."""

MARKS = (80, 100)
"""Percent of a limit at which its scope is told, once in each window."""


def kind_of(scope: str) -> str:
    """ "user" of "user/discord:42"."""
    return scope.partition("/")[0]


class Unit(StrEnum):
    """What is counted."""

    TOKENS = "tokens"
    """Of the prompt and of the answer."""
    MICRO_USD = "micro_usd"
    """Millionths of a dollar."""
    REQUESTS = "requests"
    IMAGES = "images"
    AUDIO_SECONDS = "audio_seconds"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many of a unit in a window; UNLIMITED for any number."""

    unit: Unit
    window: Window
    most: int


@dataclass(frozen=True, slots=True)
class Share:
    """A scope that something is taken from. `usual` holds there as long as nothing else was set for the same window."""

    scope: str
    usual: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """
    The usual limits: what holds where nothing else was set.

    `user` holds for each user, `channel` and `community` for each of those, `everyone` for the whole service.

    Args:
        key_needed: Whether only those with a key may ask, and newcomers as far as `welcome` lets them.
        welcome: What somebody without a key may use, where one is needed; nothing for not at all.
        welcome_in_private: Whether that holds in private chats too, where no community's limit stands above it.
        account_age: How old an account must be to be welcome, where the platform tells.
    """

    user: tuple[Limit, ...] = ()
    channel: tuple[Limit, ...] = ()
    community: tuple[Limit, ...] = ()
    everyone: tuple[Limit, ...] = ()
    key_needed: bool = False
    welcome: tuple[Limit, ...] = ()
    welcome_in_private: bool = False
    account_age: timedelta = timedelta()

    def at(self, scope: str) -> tuple[Limit, ...]:
        """The usual limits of a scope."""
        usual = {
            "user": self.user,
            "welcome": self.welcome,
            "channel": self.channel,
            "community": self.community,
            "everyone": self.everyone,
        }
        return usual.get(kind_of(scope), ())


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer takes of one unit: `fixed`, and `rate` for each million tokens that it is long."""

    fixed: int
    rate: int = 0

    def of(self, output: int) -> int:
        """For an answer of so many tokens, rounded up."""
        return self.fixed - (-output * self.rate // MILLION)

    def longest(self, left: int) -> int:
        """The tokens of the longest answer for which so much is enough. The rate is above 0, `left` above `fixed`."""
        return (left - self.fixed) * MILLION // self.rate


@dataclass(frozen=True, slots=True)
class Demand:
    """
    What is to be held for an answer.

    Args:
        costs: Units that are not named here cost nothing.
        most: Tokens of the longest answer that is wanted.
        least: Tokens of the shortest that is worth beginning.
    """

    costs: Mapping[Unit, Cost]
    most: int
    least: int


@dataclass(frozen=True, slots=True)
class Balance:
    """
    How a limit stands in the window that is now.

    Args:
        most: The limit, with what was granted on top of it for this window.
        resets: When there is more again; None for never.
    """

    scope: str
    unit: Unit
    window: Window
    most: int
    used: int = 0
    held: int = 0
    resets: datetime | None = None

    @property
    def limit(self) -> Limit:
        return Limit(self.unit, self.window, self.most)

    @property
    def left(self) -> int:
        return max(0, self.most - self.used - self.held)


@dataclass(frozen=True, slots=True)
class Granted:
    """It is held. The answer may have `output` tokens; `held` says how much of each unit that is."""

    output: int
    held: Mapping[Unit, int]


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing is held: the limit of those that have too little left whose scope has to wait longest."""

    balance: Balance


@dataclass(frozen=True, slots=True)
class Crossing:
    """A limit of which `percent` are used now, and were not before."""

    percent: int
    balance: Balance


@dataclass(frozen=True, slots=True)
class Charge:
    """
    What one answer costs whoever asked. `id` is the turn's: it is charged once, however often it is settled.

    Args:
        spent: How much of each unit.
        shares: What it is taken from, should nothing be held for it any more. Not kept once it is settled.
        api_key: The id of the key by which it was asked, if any.
    """

    id: str
    key: Key
    model: str
    usage: Usage
    at: datetime
    spent: Mapping[Unit, int] = field(default_factory=dict)
    shares: tuple[Share, ...] = ()
    api_key: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a charge. One that was settled before is not `new`, and crosses what it crossed then."""

    new: bool
    crossings: tuple[Crossing, ...] = ()


@dataclass(frozen=True, slots=True)
class Spending:
    """What was taken on one day, by one user in one channel of one model with one key ("" for none)."""

    date: str
    community: str
    channel: str
    user: str
    model: str
    api_key: str
    input: int = 0
    output: int = 0
    requests: int = 0
    micro_usd: int = 0
    images: int = 0
    audio_seconds: int = 0


def spending_of(charge: Charge, date: str) -> Spending:
    """What a charge adds to that day."""
    return Spending(date, *names_of(charge.key, charge.model, charge.api_key), *figures_of(charge))


def names_of(key: Key, model: str, api_key: str) -> tuple[str, str, str, str, str]:
    """Whose a spending is: NAMES but for the date."""
    return key.club, key.room, key.person, model, api_key


def figures_of(charge: Charge) -> tuple[int, int, int, int, int, int]:
    """How much a charge adds to each of FIGURES."""
    usage, spent = charge.usage, charge.spent
    return (
        usage.input,
        usage.output,
        spent.get(Unit.REQUESTS, 0),
        spent.get(Unit.MICRO_USD, 0),
        spent.get(Unit.IMAGES, 0),
        spent.get(Unit.AUDIO_SECONDS, 0),
    )


def name_of(spending: Spending) -> tuple[str, ...]:
    """What spendings that are added up have in common."""
    return tuple(getattr(spending, name) for name in NAMES)


def sum_of(one: Spending, other: Spending) -> Spending:
    """Two spendings of one name, added up."""
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in FIGURES})


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One line of the journal, in the order of what happened.

    Args:
        what: reserve, settle, direct (settled with nothing held), release, expire, grant or reset.
        id: The turn's id; the scope for a grant and a reset.
        legs: What it changed: scope, unit, window, begin of the window, and by how much `held` and `used` grew.
    """

    number: int
    at: datetime
    what: str
    id: str
    legs: tuple["Leg", ...] = ()


@dataclass(frozen=True, slots=True)
class Leg:
    """One account that an entry of the journal touched; `held` and `used` are what it grew by, below 0 for less."""

    scope: str
    unit: Unit
    window: Window
    begin: int
    held: int
    used: int

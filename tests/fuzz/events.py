"""What a platform may send: well-formed events, and what is left of them when something went wrong on their way."""

import copy
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

Json = dict[str, Any]

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**18, 2**63, -(10**30), 10**400),
    *("", " ", "0", "-7", "x", "\x00", "\ud83e", "\u202e\u200b", "🦉" * 40, "a" * 5_000, "9" * 400),
    *([], {}, [[]], [None], [{}], {"id": None}, {"type": []}, ["x"] * 300),
)

WORDS = (
    "why",
    "is the sky blue?",
    "🦉",
    "שלום",
    "👨‍👩‍👧",
    "e\u0301",
    "@everyone",
    "\n",
    "ﷺ",
    "a" * 900,
    "<b>",
    "/x",
    "`",
)


@dataclass(frozen=True, slots=True)
class Event:
    """
    One event as it comes.

    Args:
        name: The room and the event of the turn that it would make; None for what can make none.
        wanted: Whether it is for us: it makes its turn, once.
        damaged: Whether it is no longer what the platform describes: it may make its turn, another one or none.
    """

    body: Json
    name: tuple[str, str] | None = None
    wanted: bool = False
    damaged: bool = False


def say(dice: random.Random) -> str:
    """Some words, white space and worse between them."""
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 6)))


def deep(levels: int = 150) -> Any:
    found: Any = "x"
    for level in range(levels):
        found = [found] if level % 2 else {"x": found}
    return found


def damage(event: Event, dice: random.Random) -> Event:
    """The same with up to three things missing, or of another kind."""
    body = json.loads(json.dumps(event.body))
    for _ in range(dice.randint(1, 3)):
        places = list(_places(body))
        if places:
            _hit(*dice.choice(places), dice)
    return replace(event, body=body, damaged=True)


def grow(event: Event, dice: random.Random) -> Event:
    """The same with a field that a later version of the platform may add; not to a table of ids."""
    body = json.loads(json.dumps(event.body))
    objects = [body, *(holder[key] for holder, key in _places(body) if isinstance(holder[key], dict))]
    holders = [found for found in objects if not any(key.isdigit() for key in found)]
    dice.choice(holders)[f"new_{dice.randint(0, 9)}"] = copy.deepcopy(dice.choice((*ODD, deep())))
    return replace(event, body=body)


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every field and item, by what holds it."""
    keys: Sequence[Any] = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from _places(holder[key])


def _hit(holder: Any, key: Any, dice: random.Random) -> None:
    match dice.randint(0, 4):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]]
        case 2:
            holder[key] = str(holder[key])
        case 3:
            holder[key] = deep()
        case _:
            holder[key] = copy.deepcopy(dice.choice(ODD))


def disturbed(events: Sequence[Event], dice: random.Random) -> list[Event]:
    """Some of them damaged, some twice or three times, all of them out of order by up to a hundred places."""
    found: list[tuple[float, Event]] = []
    for number, event in enumerate(events):
        kind = dice.random()
        event = damage(event, dice) if kind < 0.35 else grow(event, dice) if kind < 0.5 else event
        copies = dice.choice((1, 1, 1, 2, 3))
        found += [(number + dice.uniform(0, 100), event) for _ in range(copies)]
    return [event for _, event in sorted(found, key=lambda pair: pair[0])]

"""
Whom a bot mentions by a link or by number, not by username.

Those whom it has met: "These mentions are only guaranteed to work if the user has contacted the bot in the past, has
sent a callback query to the bot via inline button or is a member in the group where he was mentioned". Any other is
dropped without a word.

Source: core.telegram.org/bots/api#formatting-options; that links become mentions: TDLib, LinkManager::get_link_user_id.
"""

import re
from collections.abc import Iterable, Iterator

from sandbox.telegram import payloads
from sandbox.telegram.state import Chat, Json, Person
from sandbox.telegram.world import World

_LINK = re.compile(r"tg://user\?id=(\d+)", re.IGNORECASE)


def mentioned(world: World, place: Chat, entities: Iterable[Json]) -> tuple[Json, ...]:
    """The entities as they come back: links to users are mentions of them."""
    return tuple(_resolved(world, place, entities))


def _resolved(world: World, place: Chat, entities: Iterable[Json]) -> Iterator[Json]:
    for entity in entities:
        user = _user(entity)
        if user is None:
            yield entity
        elif person := _met(world, place, user):
            where = {name: entity[name] for name in ("offset", "length")}
            yield {"type": "text_mention", **where, "user": payloads.user(person)}


def _user(entity: Json) -> int | None:
    """The id of the user whom an entity means; None when it means nobody."""
    if entity["type"] == "text_mention":
        return int(entity["user"].get("id", 0))
    link = _LINK.fullmatch(entity.get("url", ""))
    return int(link[1]) if link else None


def _met(world: World, place: Chat, user: int) -> Person | None:
    here, private = place.members.get(user), world.chats.get(user)
    if here is not None and here.inside:
        return here.person
    return payloads.owner_of(private) if private is not None and private.opened else None

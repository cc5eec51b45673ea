"""People: what was decided about them, such as their role in a community, and how they are written to."""

import logging
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from bot.access import Rank
from bot.chat import Call, Key
from bot.errors import PlatformDown
from bot.ports import Ports, Records
from bot.records import change
from bot.reply import Reply

log = logging.getLogger(__name__)

EVERYWHERE = "-"
"""In place of a community: what the owner decided for all of them, and for private chats."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What was decided about somebody in one community.

    Args:
        rank: In place of what the platform says; None for nothing decided.
        by: Who decided last.
    """

    rank: Rank | None = None
    banned: bool = False
    by: str = ""


_STANDINGS = TypeAdapter(Standing)
_RANKS: TypeAdapter[dict[str, Rank]] = TypeAdapter(dict[str, Rank])

_ROLES = "roles"
"""The folder: for each community its roles, and what those who have them may do."""


async def standing_of(records: Records, club: str, person: str) -> Standing:
    """What was decided about somebody there."""
    raw = await records.get(_folder(club), person)
    return _STANDINGS.validate_json(raw) if raw else Standing()


async def decide(records: Records, club: str, person: str, **changes: Any) -> Standing:
    """Change what was decided about somebody. Returns what holds from now on."""

    def decided(raw: str | None) -> str:
        changed = replace(_STANDINGS.validate_json(raw) if raw else Standing(), **changes)
        return _STANDINGS.dump_json(changed).decode()

    return _STANDINGS.validate_json(await change(records, _folder(club), person, decided))


async def all_of(records: Records, club: str) -> dict[str, Standing]:
    """Everybody about whom something was decided there."""
    found = await records.all(_folder(club))
    return {person: _STANDINGS.validate_json(raw) for person, raw in found.items()}


async def rank_of(call: Call, ports: Ports) -> Rank:
    """
    What the caller may do there. In one's own private chat one runs the place.

    Who runs a community on its platform runs it here too; of anybody else it is decided here.
    """
    key = call.origin.key
    if await is_owner(ports, key.person):
        return Rank.OWNER
    if key.private:
        return Rank.ADMIN
    said = call.rank if call.rank is not None else await ports.platforms[key.platform].rank(key)
    if said >= Rank.ADMIN:
        return said
    decided = (await standing_of(ports.records, key.club, key.person)).rank
    by_role = await _rank_by_role(ports.records, key.club, call.roles)
    return max([rank for rank in (decided, by_role) if rank is not None], default=said)


async def is_owner(ports: Ports, person: str) -> bool:
    """Whether somebody runs the service: the configuration names them, or they have claimed it."""
    return person in ports.owners or (await standing_of(ports.records, EVERYWHERE, person)).rank is Rank.OWNER


async def set_role_rank(records: Records, club: str, role: str, rank: Rank | None) -> None:
    """Say what everybody with a role of the platform's may do there; None for nothing more than without it."""

    def said(raw: str | None) -> str:
        ranks = _RANKS.validate_json(raw) if raw else {}
        ranks = {**ranks, role: rank} if rank is not None else {each: ranks[each] for each in ranks if each != role}
        return _RANKS.dump_json(ranks).decode()

    await change(records, _ROLES, club, said)


async def _rank_by_role(records: Records, club: str, roles: Sequence[str]) -> Rank | None:
    raw = await records.get(_ROLES, club) if roles else None
    ranks = _RANKS.validate_json(raw) if raw else {}
    return max((ranks[role] for role in roles if role in ranks), default=None)


async def standings_of(records: Records, key: Key) -> list[Standing]:
    """What was decided about somebody where they speak, and everywhere."""
    places = [key.club, EVERYWHERE] if key.club else [EVERYWHERE]
    return [await standing_of(records, place, key.person) for place in places]


async def is_banned(ports: Ports, key: Key) -> bool:
    """Whether somebody may not speak to us there, or nowhere."""
    return any(standing.banned for standing in await standings_of(ports.records, key))


async def letter(ports: Ports, person: str, reply: Reply) -> bool:
    """
    Tell somebody something in private.

    Returns False when they can never be told: they cannot be written to, or we do not serve their platform.
    Raises PlatformDown when they cannot be told just now.
    """
    platform, _, user = person.partition(":")
    return platform in ports.platforms and await ports.platforms[platform].write_to(user, reply)


async def write_to(ports: Ports, person: str, reply: Reply) -> bool:
    """Tell somebody something in private, now or not at all. Returns whether that could be done."""
    try:
        return await letter(ports, person, reply)
    except PlatformDown as trouble:
        log.warning("%s was not told: %s", person, trouble)
        return False


async def write_all(letters: Iterable[Awaitable[None]]) -> None:
    """
    Write letters, one after another. One that cannot be written just now keeps no other from being written.

    Raises PlatformDown when there was such a one, after the last.
    """
    late: list[PlatformDown] = []
    for written in letters:
        try:
            await written
        except PlatformDown as trouble:
            late.append(trouble)
    if late:
        raise PlatformDown(f"{len(late)} to be told later: {late[0]}")


def _folder(club: str) -> str:
    return f"people/{club}"

"""The weekly report on a community, or on the whole service: who wants it, and how it comes to them."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from bot.access import Rank
from bot.chat import Call, Key, Origin
from bot.errors import PlatformDown
from bot.overview import of_community, taken
from bot.people import EVERYWHERE, rank_of, write_to
from bot.ports import Ports, Records
from bot.records import Shape
from bot.reply import Reply, plain

log = logging.getLogger(__name__)

DAYS = 7

REPORTS = "reports"
"""The folder: who wants one, by community and person."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """
    Somebody's wish to have the report.

    Args:
        key: Who has it, and where they asked for it; in private that is for the whole service.
        sent: The week of the last one that they got: "2026-W47"; "" for none.
    """

    key: Key
    sent: str = ""


_shape = Shape(TypeAdapter(Subscription), version=1)


def needed(key: Key) -> Rank:
    """What somebody must be there to have the report."""
    return Rank.OWNER if key.private else Rank.ADMIN


async def is_entitled(ports: Ports, key: Key) -> bool:
    """
    Whether somebody may have the report, as far as that can be looked up: their roles come only with what they do.

    Raises PlatformDown.
    """
    if key.platform not in ports.platforms:
        raise PlatformDown("this process does not serve it")
    return await rank_of(Call(Origin(key, "", "", ports.now()), "report"), ports) >= needed(key)


async def is_wanted(records: Records, key: Key) -> bool:
    return await records.get(REPORTS, _name(key)) is not None


async def subscribe(records: Records, key: Key) -> None:
    """Let somebody have the report from next week on. Doing it again changes nothing."""
    await records.swap(REPORTS, _name(key), None, _shape.dump(Subscription(key)))


async def unsubscribe(records: Records, key: Key) -> None:
    """Let somebody have no more of them. Doing it again changes nothing."""
    while raw := await records.get(REPORTS, _name(key)):
        await records.swap(REPORTS, _name(key), raw, None)


async def send_reports(ports: Ports) -> None:
    """
    Send this week's report to whoever wants it, and has not had it; whoever may not have it any more is taken off.

    What was sent just before a crash may be sent once more; nobody is left out. Raises StorageDown.
    """
    week = f"{ports.today():%G-W%V}"
    found = map(_shape.read, (await ports.records.all(REPORTS)).values())
    waiting = [subscription for subscription in found if subscription.sent != week]
    if not waiting:
        return
    by_all = await taken(ports, DAYS)
    for subscriptions in _by_subject(waiting):
        entitled = [each for each in subscriptions if await _is_still_entitled(ports, each.key)]
        if entitled:
            key = replace(entitled[0].key, channel="", thread="")  # it is read elsewhere: no channel is "here"
            reply = _addressed(await of_community(ports, by_all, key), key)
            for each in entitled:
                await write_to(ports, each.key.person, reply)
                await _note_sent(ports.records, each, week)


def _by_subject(subscriptions: Iterable[Subscription]) -> Iterable[list[Subscription]]:
    """Those who get the same report; of the whole service each platform has its own, with the names known there."""
    by_subject = defaultdict[tuple[str, str], list[Subscription]](list)
    for each in subscriptions:
        by_subject[each.key.platform, each.key.club].append(each)
    return by_subject.values()


async def _is_still_entitled(ports: Ports, key: Key) -> bool:
    """Whether somebody may have it still; they are taken off when not, and left out when nobody can tell."""
    try:
        entitled = await is_entitled(ports, key)
    except PlatformDown as trouble:
        log.warning("%s gets no report this time: nobody can tell who they are: %s", key.person, trouble)
        return False
    if not entitled:
        await unsubscribe(ports.records, key)
    return entitled


def _addressed(reply: Reply, key: Key) -> Reply:
    about, where = ("this bot", "here") if key.private else (f"server or group {plain(key.community)}", "there")
    return replace(reply, text=f"The weekly report on {about}; `/report off` {where} ends it.\n\n{reply.text}")


async def _note_sent(records: Records, subscription: Subscription, week: str) -> None:
    old, new = _shape.dump(subscription), _shape.dump(replace(subscription, sent=week))
    await records.swap(REPORTS, _name(subscription.key), old, new)


def _name(key: Key) -> str:
    return f"{key.club or EVERYWHERE}/{key.person}"

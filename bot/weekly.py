"""The weekly report on a community, or on the whole service: who wants it, and how it comes to them."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from bot.access import Rank
from bot.chat import Call, Key, Origin
from bot.errors import PlatformDown
from bot.overview import Taken, of_community, taken
from bot.people import EVERYWHERE, letter, rank_of, write_all
from bot.ports import Ports, Records
from bot.records import Shape
from bot.reply import Reply, plain

log = logging.getLogger(__name__)

DAYS = 7

PATIENCE = timedelta(hours=6)
"""How long a week's report is tried again while a platform is down."""

REPORTS = "reports"
"""The folder: who wants one, by community and person."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """
    Somebody's wish to have the report.

    Args:
        key: Who has it, and where they asked for it; in private that is for the whole service.
        sent: The week of the last one that they got, or that was given up: "2026-W47"; "" for none.
        late: Since when the next one waits for their platform; None while it does not.
    """

    key: Key
    sent: str = ""
    late: datetime | None = None


_shape = Shape(TypeAdapter(Subscription), version=1)

Make = Callable[[], Awaitable[Reply]]


def needed(key: Key) -> Rank:
    """What somebody must be there to have the report."""
    return Rank.OWNER if key.private else Rank.ADMIN


async def is_entitled(ports: Ports, key: Key) -> bool:
    """
    Whether somebody may have the report, as far as that can be looked up: their roles come only with what they do.

    Raises PlatformDown.
    """
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

    What was sent just before a crash may be sent once more; nobody is left out, unless their platform stays away for
    longer than PATIENCE. Raises StorageDown; and PlatformDown, when all others have theirs, while some are to have it
    later.
    """
    week = _week(ports, ports.now())
    found = map(_shape.read, (await ports.records.all(REPORTS)).values())
    waiting = [each for each in found if each.sent != week and each.key.platform in ports.platforms]
    if waiting:
        await write_all(_letters(ports, await taken(ports, DAYS), waiting))


def _letters(ports: Ports, by_all: Taken, waiting: Iterable[Subscription]) -> Iterator[Awaitable[None]]:
    """What is to be sent to each; a report is made when the first may have it, once for all who get the same."""
    for subscriptions in _by_subject(waiting):
        report = _once(partial(_report, ports, by_all, subscriptions[0].key))
        for each in subscriptions:
            yield _send_in_time(ports, each, report)


def _by_subject(subscriptions: Iterable[Subscription]) -> Iterable[list[Subscription]]:
    """Those who get the same report; of the whole service each platform has its own, with the names known there."""
    by_subject = defaultdict[tuple[str, str], list[Subscription]](list)
    for each in subscriptions:
        by_subject[each.key.platform, each.key.club].append(each)
    return by_subject.values()


def _once(make: Make) -> Make:
    """The same, made when it is first asked for, and kept."""
    made: list[Reply] = []

    async def get() -> Reply:
        if not made:
            made.append(await make())
        return made[0]

    return get


async def _report(ports: Ports, by_all: Taken, key: Key) -> Reply:
    key = replace(key, channel="", thread="")  # it is read elsewhere: no channel is "here"
    return _addressed(await of_community(ports, by_all, key), key)


def _addressed(reply: Reply, key: Key) -> Reply:
    about, where = ("this bot", "here") if key.private else (f"server or group {plain(key.community)}", "there")
    return replace(reply, text=f"The weekly report on {about}; `/report off` {where} ends it.\n\n{reply.text}")


async def _send_in_time(ports: Ports, subscription: Subscription, report: Make) -> None:
    """Send somebody the report, or give it up when that is long overdue. Raises PlatformDown until then."""
    try:
        await _send(ports, subscription, report)
    except PlatformDown as trouble:
        now, since, key = ports.now(), _late_since(ports, subscription), subscription.key
        if now - since < PATIENCE:
            await _note(ports.records, key, late=since)
            raise
        log.warning("%s gets no report this week: %s", key.person, trouble)
        await _note(ports.records, key, sent=_week(ports, now), late=None)


def _late_since(ports: Ports, subscription: Subscription) -> datetime:
    """Since when this week's waits; what waited when we were last there, in another week, counts no more."""
    now, late = ports.now(), subscription.late
    return late if late and _week(ports, late) == _week(ports, now) else now


async def _send(ports: Ports, subscription: Subscription, report: Make) -> None:
    """Send somebody the report, or take them off when they may not have it any more. Raises PlatformDown."""
    key = subscription.key
    if not await is_entitled(ports, key):
        await unsubscribe(ports.records, key)
        return
    await letter(ports, key.person, await report())
    await _note(ports.records, key, sent=_week(ports, ports.now()), late=None)


async def _note(records: Records, key: Key, **changes: Any) -> None:
    """Write down what became of somebody's report, unless they want no more of them by now."""
    while raw := await records.get(REPORTS, _name(key)):
        if await records.swap(REPORTS, _name(key), raw, _shape.dump(replace(_shape.read(raw), **changes))):
            return


def _week(ports: Ports, at: datetime) -> str:
    """The week that it is then where the community lives."""
    return f"{at.astimezone(ports.zone):%G-W%V}"


def _name(key: Key) -> str:
    return f"{key.club or EVERYWHERE}/{key.person}"

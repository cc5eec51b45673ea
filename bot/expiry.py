"""Keys that expire soon: those who use one, or issued it, hear of that in time, and once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot import keyring
from bot.amounts import moment_words
from bot.keyring import KeyRecord
from bot.people import letter, write_all
from bot.ports import Ports, Records
from bot.preferences import zone_of
from bot.records import forget_past
from bot.reply import Reply, plain
from bot.throttle import ms

NOTICE = timedelta(days=3)
"""How long before its end a key is spoken of."""

MOST = 20
"""Keys that are named in one message."""

TOLD = "told keys"
"""The folder: which key's end was told to whom; the document is that end, in milliseconds since 1970."""


async def tell_of_expiring(ports: Ports) -> None:
    """
    Tell everybody concerned, in one message each, which keys expire soon. Whoever cannot be written to is not told.

    What was told just before a crash may be told once more; nobody is left out. Raises StorageDown; and PlatformDown,
    when all others were told, for those who are to be told later.
    """
    told = await ports.records.all(TOLD)
    concerned = _concerned(await keyring.listed(ports.records), ports.now())
    news = {person: [each for each in concerned[person] if _name(each, person) not in told] for person in concerned}
    await write_all(_tell(ports, person, records) for person, records in news.items() if records)


async def forget(records: Records, now: datetime) -> int:
    """Forget who was told of keys that have expired by now. Returns how many notes that were."""
    return await forget_past(records, TOLD, now)


async def _tell(ports: Ports, person: str, news: Sequence[KeyRecord]) -> None:
    """Tell somebody which keys expire, and write down that they know. Raises PlatformDown."""
    await letter(ports, person, Reply(_words(news, person, await zone_of(ports, person) or ports.zone.key)))
    for record in news:
        await ports.records.swap(TOLD, _name(record, person), None, str(ms(record.expires)))


def _concerned(records: Sequence[KeyRecord], now: datetime) -> Mapping[str, Sequence[KeyRecord]]:
    """The keys that expire soon, by whom that concerns; the first to expire first."""
    by_person = defaultdict[str, list[KeyRecord]](list)
    for record in sorted(records, key=lambda record: record.expires):
        if record.expires <= now + NOTICE and not record.next and not keyring.no_longer(record, now):
            for person in sorted({record.issuer, *(record.redeemed_by or (record.made_for,))} - {""}):
                by_person[person].append(record)
    return by_person


def _words(records: Sequence[KeyRecord], person: str, zone: str) -> str:
    lines = [_line(record, person, zone) for record in records[:MOST]]
    more = f"\n\n{len(records) - MOST} more expire within three days." if len(records) > MOST else ""
    return lines[0] if len(records) == 1 else "\n".join(f"- {line}" for line in lines) + more


def _line(record: KeyRecord, person: str, zone: str) -> str:
    end = f"works until {moment_words(record.expires, zone)} ({plain(zone)})"
    if person != record.issuer:
        return f"Your key `{record.id}` {end}. Ask whoever gave it to you for another one, if you need it longer."
    name = f" {plain(record.name)}" if record.name else ""
    return f"The key `{record.id}`{name}, which you issued, {end}. `/key issue` makes another one."


def _name(record: KeyRecord, person: str) -> str:
    """By the account: a key that takes another's place ends when that would have."""
    return f"{record.account}/{person}"

"""What the service does for itself: keys that end soon, what need not be kept, the weekly report."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import agenda, expiry, guesses, keyring, owner
from bot.access import Rank
from bot.commands.report import BY_ROLE
from bot.commands.request import NEWEST, REQUESTS
from bot.errors import StorageDown
from bot.expiry import tell_of_expiring
from bot.guesses import GUESSES
from bot.keyring import KeyRecord, KeyScope
from bot.owner import CODES
from bot.people import set_role_rank
from bot.reply import Picture, literal
from bot.schedule import Job, Recurrence, Schedule
from bot.throttle import by_person
from bot.turn import turn_id
from bot.upkeep import chores, last_done, note_done, tidy
from bot.usage import Report
from bot.weekly import REPORTS, send_reports
from tests.bot.core import Core, at_once, core
from tests.bot.records import WatchedRecords
from tests.clock import now, virtual
from tests.make import command, key

ADMIN, ALICE, BOB, OWNER = "1", "2", "3", "99"

DAY = timedelta(days=1).total_seconds()
WEEK = 7 * DAY


async def issued(running: Core, user: str = ALICE, days: int = 30, issuer: str = f"test:{ADMIN}") -> KeyRecord:
    """A key for somebody, that nobody has used yet."""
    wanted = KeyRecord(issuer, now(), now() + timedelta(days=days), frozenset({KeyScope.CHAT}), f"test:{user}")
    return (await keyring.issue(running.store.records, running.store.ledger, b"pepper", wanted)).key


def letters(running: Core, user: str) -> list[str]:
    return [letter.text for letter in running.chat.letters.get(user, [])]


# Keys that end soon.


@virtual
async def test_whoever_uses_a_key_and_whoever_issued_it_hear_three_days_before_its_end() -> None:
    """Once, with the day, and what to do about it."""
    async with core() as running:
        id = (await issued(running)).id
        await keyring.accept(running.store.records, id, f"test:{ALICE}", now())
        await asyncio.sleep(26 * DAY)
        await tell_of_expiring(running.ports)
        assert not running.chat.letters

        await asyncio.sleep(DAY)
        for _ in range(3):
            await tell_of_expiring(running.ports)
            await asyncio.sleep(0.5 * DAY)
        (to_user,), (to_issuer,) = letters(running, ALICE), letters(running, ADMIN)
        end = "works until Mon 21 Dec 2026, 12:00 (UTC)"
        assert f"Your key `{id}` {end}. Ask whoever gave it to you for another one, if you need it longer." == to_user
        assert f"The key `{id}`, which you issued, {end}. `/key issue` makes another one." == to_issuer


@virtual
async def test_of_a_key_that_nobody_uses_whoever_it_was_made_for_is_told_in_their_own_time() -> None:
    async with core() as running:
        await issued(running, days=2)
        await agenda.set_zone(running.ports, f"test:{ALICE}", "Asia/Tokyo")
        await tell_of_expiring(running.ports)
        assert "Mon 23 Nov 2026, 21:00 (Asia/Tokyo)" in literal(letters(running, ALICE)[0])


@virtual
async def test_many_keys_are_told_of_in_one_message() -> None:
    """A program may have issued thousands in the name of one person."""
    async with core() as running:
        for user in range(100, 130):
            await issued(running, str(user), days=2)
        await tell_of_expiring(running.ports)
        (told,) = letters(running, ADMIN)
        assert 20 == told.count("which you issued")
        assert "10 more expire" in told


@virtual
async def test_nobody_is_told_of_a_key_that_ends_otherwise() -> None:
    """One that was revoked, has a successor, or is over."""
    async with core() as running:
        records = running.store.records
        revoked, replaced, _ = [await issued(running, days=days) for days in (2, 30, 1)]
        await keyring.revoke(records, revoked.id, now())
        await asyncio.sleep(28 * DAY)
        successor = (await keyring.rotate(records, b"pepper", replaced.id, now())).key
        await tell_of_expiring(running.ports)
        (told,) = letters(running, ALICE)
        assert successor.id in told


@virtual
async def test_a_key_that_takes_the_place_of_another_is_no_news() -> None:
    """It ends when that would have."""
    async with core() as running:
        id = (await issued(running, days=2)).id
        await tell_of_expiring(running.ports)
        await keyring.rotate(running.store.records, b"pepper", id, now())
        await tell_of_expiring(running.ports)
        assert 1 == len(letters(running, ALICE))


@virtual
async def test_who_cannot_be_written_to_is_tried_once() -> None:
    async with core() as running:
        running.chat.shut.add(ALICE)
        await issued(running, days=2)
        await tell_of_expiring(running.ports)
        await tell_of_expiring(running.ports)
        assert (1, 1) == (len(letters(running, ALICE)), len(letters(running, ADMIN)))


@virtual
async def test_when_the_store_goes_away_the_others_are_told_later() -> None:
    async def down() -> None:
        raise StorageDown("test")

    async with core() as running:
        await issued(running, days=2)
        records = WatchedRecords(running.store.records, down)
        ports = replace(running.ports, records=records)
        with pytest.raises(StorageDown):
            await tell_of_expiring(ports)
        assert {ADMIN} == set(running.chat.letters)
        await tell_of_expiring(ports)
        assert {ADMIN, ALICE} == set(running.chat.letters)


# What need not be kept.


FOLDERS = (GUESSES, CODES, expiry.TOLD, "schedule drafts", REQUESTS, NEWEST)


async def littered(running: Core) -> None:
    """Something of everything that is kept for a time."""
    ports = running.ports
    await guesses.count(ports.records, [by_person(f"test:{BOB}")], now())
    await owner.make_code(ports.records, b"pepper", now())
    await issued(running, days=2)
    await tell_of_expiring(ports)
    once = Recurrence("UTC", at=now())
    draft = Schedule("abc", 1, Job.REMIND, "tea", once, key(), "Alice", key(), now(), next=None)
    await agenda.draft(ports, "t1", draft)
    await running.say("request", ALICE, limit="5 questions per day")


async def kept(running: Core) -> dict[str, int]:
    return {folder: len(await running.store.records.all(folder)) for folder in FOLDERS}


@virtual
async def test_what_is_of_no_use_any_more_is_forgotten_and_nothing_else() -> None:
    """And the store is told to forget what it need not keep, every time."""
    swept: list[datetime] = []

    async def sweep(at: datetime) -> int:
        swept.append(at)
        return 0

    async with core() as running:
        await littered(running)
        before = await kept(running)
        await tidy(running.ports, sweep)
        assert before == await kept(running)
        assert all(before.values())
        await asyncio.sleep(1.5 * DAY)
        await tidy(running.ports, sweep)
        assert {REQUESTS: 1, NEWEST: 1, expiry.TOLD: 2} == {name: n for name, n in (await kept(running)).items() if n}
        await asyncio.sleep(30 * DAY)
        await tidy(running.ports, sweep)
        assert not any((await kept(running)).values())
        assert now() == swept[2]


# The weekly report.


class Painter:
    """bot.ports.Draw: it counts."""

    def __init__(self) -> None:
        self.drawn: list[Report] = []

    async def usage(self, report: Report) -> Picture | None:
        self.drawn.append(report)
        return Picture.of(b"png", "usage.png", "usage")


async def asked(running: Core) -> None:
    """One question, answered."""
    running.chat.page = 4_000
    await running.ask(user=BOB)
    await running.until(lambda: "Hoo." in running.chat.texts)
    await asyncio.sleep(5)


async def subscribed(running: Core) -> Mapping[str, str]:
    return await running.store.records.all(REPORTS)


@virtual
async def test_an_admin_gets_every_week_what_usage_would_say() -> None:
    """Once a week, however often it is sent, until they want no more."""
    async with core() as running:
        running.chat.ranks[ADMIN] = Rank.ADMIN
        await asked(running)
        assert "every Monday at 9:00 (UTC)" in await running.say("report", ADMIN, weekly="on")
        ports = replace(running.ports, draw=Painter())
        for _ in range(3):
            await send_reports(ports)
        (report,) = running.chat.letters[ADMIN]
        said = await running.say("usage", ADMIN, of="community", days="7")
        assert "The weekly report on server or group 100; `/report off` there ends it." in report.text
        assert report.text.partition("\n\n")[2] == said.replace("| here |", "| 10 |")
        assert report.picture

        await asyncio.sleep(WEEK)
        await send_reports(ports)
        assert "**In 7 days**: nothing was asked." in letters(running, ADMIN)[1]
        assert running.chat.letters[ADMIN][1].picture is None

        assert "You get no weekly report" in await running.say("report", ADMIN, weekly="off")
        await asyncio.sleep(WEEK)
        await send_reports(ports)
        assert 2 == len(letters(running, ADMIN))


@virtual
async def test_the_same_report_is_drawn_once_for_all_who_get_it() -> None:
    async with core() as running:
        await asked(running)
        for user in (ADMIN, ALICE):
            running.chat.ranks[user] = Rank.ADMIN
            await running.say("report", user, weekly="on")
        painter = Painter()
        await send_reports(replace(running.ports, draw=painter))
        assert letters(running, ADMIN) == letters(running, ALICE)
        assert 1 == len(painter.drawn)


@virtual
async def test_the_owner_gets_one_on_the_whole_service_and_nobody_else_does() -> None:
    """In private everybody runs the place."""
    async with core() as running:
        await asked(running)
        assert "on all of this bot" in await running.say("report", OWNER, True, weekly="on")
        assert "the owner of this bot" in await running.say("report", ALICE, True, weekly="on")
        await send_reports(running.ports)
        assert "1 question" in letters(running, OWNER)[0]
        assert {OWNER} == set(running.chat.letters)


@virtual
async def test_who_runs_the_place_no_more_gets_no_more_of_them() -> None:
    async with core() as running:
        running.chat.ranks[ADMIN] = Rank.ADMIN
        await running.say("report", ADMIN, weekly="on")
        running.chat.ranks[ADMIN] = Rank.USER
        await send_reports(running.ports)
        assert not running.chat.letters
        assert not await subscribed(running)


@virtual
async def test_while_nobody_can_tell_who_runs_a_place_nothing_is_sent_and_nobody_taken_off() -> None:
    """A platform that is down, or that this process does not serve."""
    async with core() as running:
        running.chat.ranks[ADMIN] = Rank.ADMIN
        await running.say("report", ADMIN, weekly="on")
        await send_reports(replace(running.ports, platforms={}))
        assert not running.chat.letters
        await send_reports(running.ports)
        assert 1 == len(letters(running, ADMIN))


@virtual
async def test_who_runs_the_place_by_a_role_alone_is_told_why_not() -> None:
    """Their roles come with what they do, and on Monday they do nothing."""
    async with core() as running:
        running.chat.page = 4_000
        await set_role_rank(running.store.records, "test:100", "7", Rank.ADMIN)
        given = command("report", "r1", key(ALICE), weekly="on")
        given = replace(given, roles=("7",), origin=at_once(given))
        await running.sessions.call(given)
        await running.until(lambda: turn_id(given.origin) in running.chat.told)
        assert BY_ROLE in running.chat.told[turn_id(given.origin)]
        assert not await subscribed(running)


@virtual
async def test_the_report_is_for_those_who_run_the_place() -> None:
    async with core() as running:
        running.chat.page = 4_000
        assert "the people who run this server" in await running.say("report", ALICE, weekly="on")
        running.chat.ranks[ALICE] = Rank.ADMIN
        assert "Write `/report on`" in await running.say("report", ALICE, weekly="daily")
        assert "You get no weekly report on this community" in await running.say("report", ALICE)
        assert not await subscribed(running)


# All of them.


async def ring() -> None:
    """A probe that finds all well."""


@virtual
async def test_every_chore_may_be_done_twice() -> None:
    """Whoever takes over may not know that it was done a moment ago."""
    done: list[str] = []

    async def sweep(at: datetime) -> int:
        done.append(f"swept on {at:%A}")
        return 0

    async with core() as running:
        running.chat.ranks[ADMIN] = Rank.ADMIN
        await issued(running, days=2)
        await running.say("report", ADMIN, weekly="on")
        for chore in 2 * chores(running.ports, sweep, ring):
            await chore.do()
        assert 2 * ["swept on Saturday"] == done
        assert (2, 1) == (len(letters(running, ADMIN)), len(letters(running, ALICE)))


@virtual
async def test_each_chore_has_its_time() -> None:
    """People are written to in the morning where the community lives."""
    async with core() as running:
        there = replace(running.ports, zone=ZoneInfo("Europe/Oslo"))
        saturday, after = now(), there.planner.after
        times = {each.name: after(each.recurrence, saturday) for each in chores(there, running.store.sweep, ring)}
        assert {
            "keys": datetime(2026, 11, 22, 8, tzinfo=UTC),
            "tidy": saturday + timedelta(hours=1),
            "report": datetime(2026, 11, 23, 8, tzinfo=UTC),
            "probe": saturday + timedelta(minutes=5),
        } == times


@virtual
async def test_when_a_chore_was_last_done_is_known_to_whoever_keeps_time_next() -> None:
    async with core() as running:
        records = running.store.records
        assert await last_done(records, "keys") is None
        await note_done(records, "keys", now())
        await note_done(records, "keys", datetime(2026, 11, 22, 9, 0, 0, 5_000, UTC))
        assert datetime(2026, 11, 22, 9, 0, 0, 5_000, UTC) == await last_done(records, "keys")
        assert await last_done(records, "tidy") is None

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
from bot.errors import PlatformDown, StorageDown
from bot.expiry import tell_of_expiring
from bot.guesses import GUESSES
from bot.keyring import KeyRecord, KeyScope
from bot.owner import CODES
from bot.people import letter, set_role_rank, write_to
from bot.ports import Ports
from bot.preferences import set_zone
from bot.reply import Picture, Reply, literal
from bot.schedule import Job, Recurrence, Schedule
from bot.throttle import by_person
from bot.turn import turn_id
from bot.upkeep import chores, last_done, note_done, tidy
from bot.usage import Report
from bot.weekly import REPORTS, send_reports, unsubscribe
from tests.bot.core import Core, at_once, core
from tests.bot.records import WatchedRecords
from tests.clock import now, virtual
from tests.make import command, key

ADMIN, ALICE, BOB, OWNER = "1", "2", "3", "99"


async def issued(running: Core, user: str = ALICE, days: int = 30, issuer: str = f"test:{ADMIN}") -> KeyRecord:
    """A key for somebody, that nobody has used yet."""
    wanted = KeyRecord(issuer, now(), now() + timedelta(days=days), frozenset({KeyScope.CHAT}), f"test:{user}")
    return (await keyring.issue(running.store.records, running.store.ledger, b"pepper", wanted)).key


def later(running: Core, days: float = 0, hours: float = 0) -> Ports:
    """A core's ports as much later: a month that its worker lives through takes a test half a minute."""
    return replace(running.ports, now=lambda: now() + timedelta(days=days, hours=hours))


def letters(running: Core, user: str) -> list[str]:
    return [letter.text for letter in running.chat.letters.get(user, [])]


# Letters.


@virtual
async def test_a_letter_for_later_is_told_from_one_that_nobody_can_ever_get() -> None:
    """Who tries again later needs to know; who does not is told only that it was not read."""
    async with core() as running:
        ports, hello = running.ports, Reply("Hello.")
        running.chat.shut.add(BOB)
        running.chat.down.add(ALICE)
        assert [True, False, False] == [
            await letter(ports, who, hello) for who in ("test:1", f"test:{BOB}", "operator")
        ]
        assert [True, False, False] == [await write_to(ports, f"test:{who}", hello) for who in (ADMIN, BOB, ALICE)]
        with pytest.raises(PlatformDown):
            await letter(ports, f"test:{ALICE}", hello)


# Keys that end soon.


@virtual
async def test_whoever_uses_a_key_and_whoever_issued_it_hear_three_days_before_its_end() -> None:
    """Once, with the day, and what to do about it."""
    async with core() as running:
        id = (await issued(running)).id
        await keyring.accept(running.store.records, id, f"test:{ALICE}", now())
        await tell_of_expiring(later(running, days=26))
        assert not running.chat.letters

        for days in (27, 27.5, 28):
            await tell_of_expiring(later(running, days))
        (to_user,), (to_issuer,) = letters(running, ALICE), letters(running, ADMIN)
        end = "works until Mon 21 Dec 2026, 12:00 (UTC)"
        assert f"Your key `{id}` {end}. Ask whoever gave it to you for another one, if you need it longer." == to_user
        assert f"The key `{id}`, which you issued, {end}. `/key issue` makes another one." == to_issuer


@virtual
async def test_of_a_key_that_nobody_uses_whoever_it_was_made_for_is_told_in_their_own_time() -> None:
    async with core() as running:
        await issued(running, days=2)
        await set_zone(running.ports, f"test:{ALICE}", "Asia/Tokyo")
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
        after = later(running, days=28)
        successor = (await keyring.rotate(records, b"pepper", replaced.id, after.now())).key
        await tell_of_expiring(after)
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
async def test_who_cannot_be_written_to_just_now_is_told_later_and_nobody_twice() -> None:
    """Whoever is told first must not keep the others waiting: the platform may be down for one of them alone."""
    async with core() as running:
        running.chat.down.add(ADMIN)
        await issued(running, days=2)
        for _ in range(2):
            with pytest.raises(PlatformDown):
                await tell_of_expiring(running.ports)
        assert {ALICE} == set(running.chat.letters)
        running.chat.down.clear()
        for _ in range(2):
            await tell_of_expiring(running.ports)
        assert (1, 1) == (len(letters(running, ALICE)), len(letters(running, ADMIN)))


@virtual
async def test_of_a_key_that_has_ended_meanwhile_nobody_is_told_any_more() -> None:
    """A platform that stays away keeps the chore waiting no longer than the news is worth."""
    async with core() as running:
        running.chat.down |= {ADMIN, ALICE}
        await issued(running, days=2)
        with pytest.raises(PlatformDown):
            await tell_of_expiring(running.ports)
        await tell_of_expiring(later(running, days=2))
        assert not running.chat.letters


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
        await tidy(later(running, days=1.5), sweep)
        assert {REQUESTS: 1, NEWEST: 1, expiry.TOLD: 2} == {name: n for name, n in (await kept(running)).items() if n}
        await tidy(later(running, days=31.5), sweep)
        assert not any((await kept(running)).values())
        assert now() + timedelta(days=31.5) == swept[2]


@virtual
async def test_what_cannot_be_forgotten_keeps_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """One document of a newer shape must not fill a disk."""
    async with core() as running:
        await littered(running)
        records = running.store.records
        await records.swap(GUESSES, "newer", None, "not a moment")
        await records.swap(REQUESTS, "newer", None, '{"v": 99}')
        swept: list[datetime] = []

        async def sweep(at: datetime) -> int:
            swept.append(at)
            return 0

        await tidy(later(running, days=31), sweep)
        assert ["not forgotten: guesses", "not forgotten: requests"] == [each.getMessage() for each in caplog.records]
        left = await kept(running)
        assert {0} == {left[folder] for folder in (CODES, expiry.TOLD, "schedule drafts")}
        assert 1 == len(swept)


@virtual
async def test_when_the_store_goes_away_tidying_is_tried_again() -> None:
    async def down(_: datetime) -> int:
        raise StorageDown("test")

    async with core() as running:
        with pytest.raises(StorageDown):
            await tidy(running.ports, down)


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

        await send_reports(replace(ports, now=later(running, days=7).now))
        assert "**In 7 days**: nothing was asked." in letters(running, ADMIN)[1]
        assert running.chat.letters[ADMIN][1].picture is None

        assert "You get no weekly report" in await running.say("report", ADMIN, weekly="off")
        await send_reports(later(running, days=14))
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
async def test_who_is_on_a_platform_that_is_not_served_waits_and_is_not_taken_off() -> None:
    """It may be served again next week; nothing comes of asking every minute until then."""
    async with core() as running:
        running.chat.ranks[ADMIN] = Rank.ADMIN
        await running.say("report", ADMIN, weekly="on")
        await send_reports(replace(running.ports, platforms={}))
        assert not running.chat.letters
        await send_reports(running.ports)
        assert 1 == len(letters(running, ADMIN))


@virtual
async def test_while_a_platform_is_down_its_reports_wait_and_the_others_are_sent() -> None:
    """Of an admin nobody can tell then whether they are one; the owner is known, but cannot be written to."""
    async with core() as running:
        for user in (ADMIN, ALICE):
            running.chat.ranks[user] = Rank.ADMIN
            await running.say("report", user, weekly="on")
        await running.say("report", OWNER, True, weekly="on")
        running.chat.down |= {ADMIN, OWNER}
        for _ in range(2):
            with pytest.raises(PlatformDown, match="2 to be told later"):
                await send_reports(running.ports)
        assert {ALICE} == set(running.chat.letters)
        running.chat.down.clear()
        for _ in range(2):
            await send_reports(later(running, hours=5))
        assert (1, 1, 1) == tuple(len(letters(running, user)) for user in (ALICE, ADMIN, OWNER))


@virtual
async def test_a_report_that_waits_for_too_long_is_given_up_for_the_week() -> None:
    """Six hours from when it was first tried in that week; the next one has six hours again."""
    async with core() as running:
        await running.say("report", OWNER, True, weekly="on")
        for days in (0, 7):
            running.chat.down.add(OWNER)
            for hours in range(6):
                with pytest.raises(PlatformDown):
                    await send_reports(later(running, days, hours))
            await send_reports(later(running, days, hours=6))
            running.chat.down.clear()
            await send_reports(later(running, days, hours=7))
            assert not running.chat.letters
        await send_reports(later(running, days=14))
        assert 1 == len(letters(running, OWNER))


@virtual
async def test_what_waited_when_the_service_went_away_itself_has_six_hours_again_in_another_week() -> None:
    """At its start no platform is there yet."""
    async with core() as running:
        await running.say("report", OWNER, True, weekly="on")
        running.chat.down.add(OWNER)
        for days in (0, 7):
            with pytest.raises(PlatformDown):
                await send_reports(later(running, days))
        running.chat.down.clear()
        await send_reports(later(running, days=7, hours=5))
        assert 1 == len(letters(running, OWNER))


@virtual
async def test_who_wants_no_more_while_their_report_waits_is_not_put_back() -> None:
    async with core() as running:
        await running.say("report", OWNER, True, weekly="on")
        running.chat.down.add(OWNER)
        records, theirs = running.store.records, key(OWNER, channel=f"dm{OWNER}", community="")
        leaving = WatchedRecords(records, lambda: unsubscribe(records, theirs))
        with pytest.raises(PlatformDown):
            await send_reports(replace(running.ports, records=leaving))
        assert not await subscribed(running)


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

"""Schedules in the core: each due time once, at its owner's cost, and what becomes of those that cannot go on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import agenda
from bot.access import Rank
from bot.amounts import parse_limit
from bot.due import happen
from bot.errors import StorageDown, Undeliverable
from bot.quota import Policy
from bot.schedule import Job, Recurrence, Schedule
from tests.bot.core import FREE, Core, core
from tests.clock import now, virtual
from tests.make import command, key

HOURLY = Recurrence("UTC", seconds=3_600)


@contextlib.asynccontextmanager
async def room(policy: Policy = FREE) -> AsyncIterator[Core]:
    """A core whose messages are long enough for a sentence."""
    async with core(policy) as made:
        made.chat.page = 1_000
        yield made


@contextlib.asynccontextmanager
async def on_time(made: Core) -> AsyncIterator[None]:
    """Whatever is due is done, to the second, until the block ends."""

    async def keep_time() -> None:
        while True:
            for schedule in await made.store.schedules.due(now(), 100):
                await happen(made.ports, made.sessions, schedule.id)
            await asyncio.sleep(1)

    keeping = asyncio.ensure_future(keep_time())
    try:
        yield
    finally:
        keeping.cancel()


def every_hour(job: Job = Job.PROMPT, user: str = "1", **terms: Any) -> Schedule:
    """First due in an hour."""
    where = key(user)
    made = Schedule("owls1", 1, job, "Owls", HOURLY, where, "Alice", where, now(), now() + timedelta(hours=1))
    return replace(made, **{"recurrence": replace(HOURLY, since=now()), **terms})


async def there(made: Core, id: str = "owls1") -> Schedule:
    found = await made.store.schedules.get(id)
    assert found is not None
    return found


@virtual
async def test_every_time_is_answered_once() -> None:
    """However many keep time at the same moment."""
    async with room() as made:
        await made.store.schedules.write(every_hour())
        async with on_time(made), on_time(made), on_time(made):
            await asyncio.sleep(5 * 3_600 + 60)

        assert 5 == made.model.begun
        assert 5 == sum("Hoo." in text for text in made.chat.texts)


@virtual
async def test_a_clockwork_that_dies_between_the_two_writes_does_it_once() -> None:
    """The turn is written first, then the next time; whoever comes next does both again."""
    async with room() as made:
        schedule = every_hour()
        await made.store.schedules.write(schedule)
        await asyncio.sleep(3_600)
        write = made.store.schedules.write

        async def broken(schedule: Schedule) -> bool:
            raise StorageDown(f"no {schedule.id}")

        made.store.schedules.write = broken  # type: ignore[method-assign]
        with pytest.raises(StorageDown):
            await happen(made.ports, made.sessions, schedule.id)
        made.store.schedules.write = write  # type: ignore[method-assign]
        await happen(made.ports, made.sessions, schedule.id)
        await asyncio.sleep(60)

        assert 1 == made.model.begun
        assert now() - timedelta(seconds=60) + timedelta(hours=1) == (await there(made)).next


@virtual
async def test_a_share_that_is_used_up_pauses_it_at_the_third_time() -> None:
    """Its owner is told in private each time; the room is left in peace."""
    async with room(Policy(user=(parse_limit("1 question per month"),))) as made:
        await made.ask()
        await made.until(lambda: bool(made.chat.texts))
        await made.store.schedules.write(every_hour())
        async with on_time(made):
            await asyncio.sleep(10 * 3_600)

        letters = [letter.text for letter in made.chat.letters["1"]]
        assert 3 == len(letters)
        assert all("I skipped “Owls”" in letter for letter in letters)
        assert "paused" in letters[2]
        assert (await there(made)).paused
        assert 1 == len(made.chat.texts)
        assert 1 == made.model.begun


@virtual
async def test_an_answer_in_between_begins_the_count_anew() -> None:
    async with room(Policy(user=(parse_limit("1 question per day"),))) as made:
        await made.store.schedules.write(replace(every_hour(), recurrence=Recurrence("UTC", cron="0 22,23,0 * * *")))
        async with on_time(made):
            await asyncio.sleep(37 * 3_600)

        assert not (await there(made)).paused
        assert 3 == made.model.begun


@virtual
async def test_whoever_cannot_be_written_to_is_told_where_it_would_have_stood() -> None:
    async with room(Policy(user=(parse_limit("0 questions per day"),))) as made:
        made.chat.shut.add("1")
        await made.store.schedules.write(every_hour())
        async with on_time(made):
            await asyncio.sleep(3_700)

        (text,) = made.chat.texts
        assert "I skipped “Owls”" in text


@virtual
async def test_where_nobody_can_be_answered_it_is_paused() -> None:
    """A channel that was deleted; its owner hears of it once."""
    async with room() as made:
        made.chat.troubles = [Undeliverable("gone") for _ in range(5)]
        await made.store.schedules.write(every_hour())
        async with on_time(made):
            await asyncio.sleep(4 * 3_600)

        assert "I cannot write there any more." == (await there(made)).paused
        (letter,) = made.chat.letters["1"]
        assert "Hoo." == letter.text
        assert "I have paused it." in letter.note


@virtual
async def test_an_owner_who_has_left_is_asked_for_nothing() -> None:
    async with room() as made:
        made.chat.gone.add("test:1")
        await made.store.schedules.write(every_hour())
        async with on_time(made):
            await asyncio.sleep(2 * 3_600)

        assert (await there(made)).paused
        assert 0 == made.model.begun


@virtual
async def test_of_what_was_missed_the_last_is_done_once() -> None:
    """Nobody wants ten answers in the morning."""
    async with room() as made:
        await made.store.schedules.write(every_hour())
        await asyncio.sleep(10 * 3_600 + 600)
        async with on_time(made):
            await asyncio.sleep(60)
            assert 1 == made.model.begun
            await asyncio.sleep(3_600)
        assert 2 == made.model.begun


@virtual
async def test_a_reminder_is_said_however_late_and_says_so() -> None:
    async with room() as made:
        once = Recurrence("UTC", at=now() + timedelta(hours=1))
        await made.store.schedules.write(every_hour(Job.REMIND, recurrence=once))
        await asyncio.sleep(9 * 3_600)
        async with on_time(made):
            await asyncio.sleep(10)

        (text,) = made.chat.texts
        assert "Owls" in text
        assert "I was away, and am late" in text
        assert await made.store.schedules.get("owls1") is None


@virtual
async def test_nobody_has_more_than_they_may() -> None:
    """Neither in number nor in pace; what is over does not count."""
    async with room() as made:
        for user in ("1", "2"):
            for number in range(10):
                assert "I will remind" in await made.say("remind", user, when="in 2 h", text=f"owl {number}")
            assert "You have 10 schedules" in await made.say("remind", user, when="in 2 h", text="owl 11")
        assert "There are 20 schedules" in await made.say("remind", "3", when="in 2 h", text="owl 21")
        assert "too often" in await made.say("remind", "3", True, when="every 30 seconds", text="owl 21")
        async with on_time(made):
            await asyncio.sleep(3 * 3_600)
        assert "I will remind" in await made.say("remind", when="in 2 h", text="owl 11")


@virtual
async def test_a_reminder_costs_nothing_and_an_answer_its_owners_share() -> None:
    async with room() as made:
        await made.store.schedules.write(every_hour(user="7"))
        await made.store.schedules.write(replace(every_hour(Job.REMIND), id="owls2"))
        async with on_time(made):
            await asyncio.sleep(3_700)

        spendings = await made.store.ledger.spendings("2000-01-01", "2999-12-31")
        assert ["test:7"] == [spending.user for spending in spendings]
        assert [1] == [spending.requests for spending in spendings]


@virtual
async def test_it_is_its_owners_alone() -> None:
    """Those who run the place can look after what happens there, and nobody else."""
    async with room() as made:
        made.chat.ranks["5"] = Rank.ADMIN
        await made.store.schedules.write(every_hour())
        for command in ("show", "pause", "resume", "delete", "run"):
            assert "You have no schedule" in await made.say(f"schedules {command}", "2", id="owls1")
        assert "Paused." == await made.say("schedules pause", "5", id="owls1")
        assert "Paused." in await made.say("schedules list", "5", of="here")
        assert "Deleted." == await made.say("schedules delete", "5", id="owls1")


@virtual
async def test_saved_twice_it_is_there_once() -> None:
    async with room() as made:
        await made.say("timezone", zone="UTC")
        await made.say("schedule", when="every day 18:00", text="Owls")
        save = made.chat.buttons["Save"]
        assert "You" not in await made.press(save, "2")
        both = [await made.press(save), await made.press(save)]

        assert "Saved as" in both[0]
        assert "too old" in both[1]
        assert 1 == len(await made.store.schedules.of("test:1"))


# Found by provoking them.


@virtual
async def test_those_who_run_the_place_spend_nobodys_share() -> None:
    """They may pause it; to have it done is for those who pay."""
    async with room() as made:
        made.chat.ranks["5"] = Rank.ADMIN
        await made.store.schedules.write(every_hour())
        assert "taken from its owner's share" in await made.say("schedules run", "5", id="owls1")
        assert "Paused." == await made.say("schedules pause", id="owls1")
        assert "taken from its owner's share" in await made.say("schedules resume", "5", id="owls1")

        assert "goes on" in await made.say("schedules resume", id="owls1")
        assert "Paused." == await made.say("schedules pause", "5", id="owls1")
        assert "only they" in await made.say("schedules resume", id="owls1")
        assert "goes on" in await made.say("schedules resume", "5", id="owls1")
        assert 0 == made.model.begun


@virtual
async def test_whoever_is_banned_is_not_reminded_there() -> None:
    async with room() as made:
        made.chat.ranks["5"] = Rank.ADMIN
        await made.store.schedules.write(every_hour(Job.REMIND))
        await made.say("ban", "5", user="1")
        async with on_time(made):
            await asyncio.sleep(3 * 3_600)

        assert not any("Owls" in text for text in made.chat.texts)
        assert "no answers" in await made.say("schedules resume", id="owls1")
        assert "no answers" in await made.say("remind", when="in 2 h", text="spam")


@virtual
async def test_commands_given_at_once_keep_no_more_than_may_be() -> None:
    async with room() as made:
        places = [key("1", channel=f"c{number}") for number in range(16)]
        given = [command("remind", f"r{place.channel}", place, when="in 2 h", text="owls") for place in places]
        for call in given:
            await made.sessions.call(replace(call, origin=replace(call.origin, at=now())))
        await asyncio.sleep(60)
        assert len(await made.store.schedules.of("test:1")) <= 10


@virtual
async def test_what_schedules_ask_keeps_nobody_out() -> None:
    """Ten are due in one channel; somebody who asks there just then is answered after them."""
    async with room() as made:
        for number in range(10):
            await made.store.schedules.write(replace(every_hour(), id=f"owls{number}"))
        async with on_time(made):
            await asyncio.sleep(3_601)
            await made.ask("And I?")
            await asyncio.sleep(120)
        assert 11 == made.model.begun
        assert not any("still working" in text for text in made.chat.texts)


@virtual
async def test_in_two_minutes_counts_from_when_it_was_said() -> None:
    """Not from when we come to it."""
    async with room() as made:
        given = command("remind", "late", when="in 2 minutes", text="owls")
        said = now()
        await asyncio.sleep(90)
        await made.sessions.call(replace(given, origin=replace(given.origin, at=said)))
        await asyncio.sleep(5)
        (kept,) = await made.store.schedules.of("test:1")
        assert said + timedelta(minutes=2) == kept.next


@virtual
async def test_a_single_reminder_that_cannot_be_said_there_is_written_to_its_owner() -> None:
    async with room() as made:
        once = Recurrence("UTC", at=now() + timedelta(hours=1))
        await made.store.schedules.write(every_hour(Job.REMIND, recurrence=once))
        made.chat.troubles = [Undeliverable("muted") for _ in range(5)]
        async with on_time(made):
            await asyncio.sleep(3_700)
        (letter,) = made.chat.letters["1"]
        assert "Owls" == letter.text


@virtual
async def test_to_resume_what_does_not_rest_changes_nothing() -> None:
    """Least of all the time that is due just now."""
    async with room() as made:
        await made.store.schedules.write(every_hour())
        due = (await there(made)).next
        await asyncio.sleep(3_605)
        await made.say("schedules resume", id="owls1")
        assert due == (await there(made)).next


@virtual
async def test_a_platform_that_hangs_holds_up_little() -> None:
    async with room() as made:
        made.chat.hangs = 1_000.0
        await made.store.schedules.write(every_hour(Job.REMIND))
        async with on_time(made):
            await asyncio.sleep(3_610)
        assert ["Owls"] == made.chat.texts


@virtual
async def test_a_draft_that_only_a_newer_program_can_read_is_left_to_it() -> None:
    async with room() as made:
        await made.store.records.swap("schedule drafts", "new", None, '{"v": 99}')
        await made.say("timezone", zone="UTC")
        await made.say("schedule", when="every day 18:00", text="Owls")
        assert 1 == await agenda.forget_drafts(made.ports, now() + timedelta(days=1))
        assert await made.store.records.get("schedule drafts", "new")

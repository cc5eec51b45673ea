"""A bot that nobody owns is claimed by whoever has the code that it printed."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import owner
from bot.access import Rank
from bot.audit import newest
from bot.people import EVERYWHERE, standing_of
from tests.bot.core import FREE, Core, at_once, core
from tests.clock import now, virtual
from tests.make import key, question

ALICE, BOB = "1", "2"
NOBODY: frozenset[str] = frozenset()


async def code_of(running: Core) -> str:
    """What a process prints at its start."""
    return await owner.make_code(running.store.records, b"pepper", now())


async def is_owner(running: Core, user: str) -> bool:
    return (await standing_of(running.store.records, EVERYWHERE, f"test:{user}")).rank is Rank.OWNER


def roomy(running: Core) -> None:
    running.chat.page = 4_000


async def write(running: Core, text: str, user: str, private: bool) -> str:
    """Say something that is no command, and return what is answered."""
    where = key(user, channel=f"dm{user}", community="") if private else key(user)
    asked = question(text, f"m{now()}", where)
    before = set(running.chat.screenful.messages)
    await running.sessions.ask(replace(asked, origin=at_once(asked)))
    await running.until(lambda: bool(set(running.chat.screenful.messages) - before))
    return running.chat.texts[-1]


def test_a_code_is_hard_to_guess_and_easy_to_type() -> None:
    """80 bits; nothing that could be taken for something else."""
    assert 32 == len(set(owner.ALPHABET))
    assert not set("01IO") & set(owner.ALPHABET)


@virtual
async def test_whoever_has_the_code_owns_the_bot_everywhere() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        code = await code_of(running)
        assert owner.YOURS == await running.say("claim", ALICE, True, code=code.lower())

        assert await is_owner(running, ALICE)
        assert "Everybody may use" in await running.say("quota set", ALICE, True, limit="1M")
        assert "This community may use" in await running.say("quota set", ALICE, limit="1M")
        assert "claim" in [entry.action for entry in await newest(running.store.records, 5)]


@pytest.mark.parametrize("command", ["claim", "start"])
@virtual
async def test_a_code_works_once(command: str) -> None:
    """Also one of another process that was printed at the same time; to the owner it is no harm to send it again."""
    async with core(FREE, NOBODY) as running:
        roomy(running)
        first, second = await code_of(running), await code_of(running)
        assert owner.YOURS == await running.say(command, ALICE, True, code=f"claim-{first}")

        assert [owner.WRONG] * 2 == [await running.say("claim", BOB, True, code=code) for code in (first, second)]
        assert owner.YOURS == await running.say("claim", ALICE, True, code=first)
        assert not await is_owner(running, BOB)


@virtual
async def test_of_two_claims_at_once_one_wins() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        codes = [await code_of(running) for _ in range(8)]
        said = await asyncio.gather(
            *(running.say("claim", str(user), True, code=code) for user, code in enumerate(codes))
        )

        assert 1 == said.count(owner.YOURS)
        assert 1 == sum([await is_owner(running, str(user)) for user in range(8)])


@virtual
async def test_a_code_is_too_old_after_ten_minutes() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        code = await code_of(running)
        await asyncio.sleep(owner.LASTS.total_seconds())

        assert owner.WRONG == await running.say("claim", ALICE, True, code=code)
        assert 1 == await owner.forget(running.store.records, now() + timedelta(seconds=1))
        assert {} == await running.store.records.all(owner.CODES)


@virtual
async def test_where_the_configuration_names_an_owner_no_code_works() -> None:
    async with core() as running:
        roomy(running)

        assert owner.WRONG == await running.say("claim", ALICE, True, code=await code_of(running))


@virtual
async def test_who_guesses_codes_has_to_wait() -> None:
    """Not even the right one is taken from them then."""
    async with core(FREE, NOBODY) as running:
        roomy(running)
        right = await code_of(running)
        for _ in range(5):
            assert owner.WRONG == await running.say("claim", BOB, True, code="own-" + "-".join(["ABCD"] * 4))

        assert "Try again" in await running.say("claim", BOB, True, code=right)
        assert owner.YOURS == await running.say("claim", ALICE, True, code=right)


@pytest.mark.parametrize("text", ["hunter2", "own-ABCD", "parley_aaaaaaaa_" + "b" * 38])
@virtual
async def test_what_is_no_code_is_told_so(text: str) -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)

        assert owner.WRONG == await running.say("claim", BOB, True, code=text)


@virtual
async def test_a_code_that_others_can_read_is_void() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        running.chat.whispers = False
        first, second = await code_of(running), await code_of(running)
        await running.say("claim", ALICE, code=first)
        assert [owner.VOID] == [letter.text for letter in running.chat.letters[ALICE]]
        assert owner.VOID == await write(running, f"/claim {second}", ALICE, private=False)

        assert [owner.WRONG] * 2 == [await running.say("claim", BOB, True, code=code) for code in (first, second)]


@virtual
async def test_a_code_that_is_merely_written_works_too() -> None:
    """Discord sends a command that stands in no menu as a message."""
    async with core(FREE, NOBODY) as running:
        roomy(running)
        code = await code_of(running)

        assert owner.YOURS == await write(running, f"/claim {code}", ALICE, private=True)
        assert 0 == running.model.begun


@virtual
async def test_no_code_is_kept_in_clear() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        code = await code_of(running)
        await running.say("start", ALICE, True, code=code)
        await running.say("claim", BOB, True, code=code)
        await write(running, f"my code is {code}, is it good?", BOB, private=False)

        kept = repr([vars(part) for part in (running.store.turns, running.store.history, running.store.records)])
        assert not re.search(code, kept, re.IGNORECASE)


@virtual
async def test_the_owner_by_code_is_asked_for_more_and_cannot_be_banned() -> None:
    async with core(FREE, NOBODY) as running:
        roomy(running)
        running.chat.ranks[BOB] = Rank.ADMIN
        await running.say("claim", ALICE, True, code=await code_of(running))

        assert "for the owner" in await running.say("ban", BOB, user=ALICE)
        assert "I have asked" in await running.say("request", BOB, True, limit="5k")
        assert "asks for" in running.chat.letters[ALICE][0].text

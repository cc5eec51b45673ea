"""Who is answered by accounts of tier plus."""

from bot.catalogue import Plus
from bot.quota import Policy
from tests.bot.core import Core, core
from tests.bot.test_shares import ADMIN, ALICE, OWNER, SHARED, answer, key_for, run_by
from tests.clock import virtual


async def asked_for(running: Core, event: str, user: str) -> Plus:
    """Which accounts somebody's question went to."""
    assert (await answer(running, event, user)).startswith("Hoo.")
    return running.model.asked[-1].plus


@virtual
async def test_nobody_has_plus_by_themselves() -> None:
    async with core(Policy(community=SHARED)) as running:
        assert "You have no plus" in await running.say("plus", ALICE, which="on")
        assert Plus.NO is await asked_for(running, "e1", ALICE)


@virtual
async def test_a_key_of_tier_plus_gives_it_and_only_the_owner_gives_that() -> None:
    async with core(Policy(community=SHARED)) as running:
        run_by(running, ADMIN)
        assert "for the owner" in await running.say("key issue", ADMIN, user=ALICE, tier="plus")
        issued = await running.say("key issue", OWNER, user=ALICE, tier="plus")
        assert "is there" in issued
        await running.press(running.chat.letters[ALICE][-1].buttons[0], ALICE)
        assert Plus.ANY is await asked_for(running, "e1", ALICE)
        assert "with plus alone" in await running.say("plus", ALICE, which="on")
        assert Plus.YES is await asked_for(running, "e2", ALICE)
        assert "without plus alone" in await running.say("plus", ALICE, which="off")
        assert Plus.NO is await asked_for(running, "e3", ALICE)
        assert "One of on, off, any" in await running.say("plus", ALICE, which="maybe")


@virtual
async def test_it_is_gone_with_the_key() -> None:
    async with core(Policy(community=SHARED)) as running:
        run_by(running, ADMIN)
        _, text = await key_for(running, ALICE, limit="9 questions per day")
        await running.say("redeem", ALICE, key=text)
        assert Plus.NO is await asked_for(running, "e1", ALICE)
        await running.say("key issue", OWNER, user=ALICE, tier="plus")
        use = running.chat.letters[ALICE][-1].buttons[0]
        await running.press(use, ALICE)
        await running.say("plus", ALICE, which="on")
        assert Plus.YES is await asked_for(running, "e2", ALICE)
        await running.say("key revoke", OWNER, id=use.argument)
        assert Plus.NO is await asked_for(running, "e3", ALICE)


@virtual
async def test_the_owner_has_it() -> None:
    async with core() as running:
        assert Plus.ANY is await asked_for(running, "e1", OWNER)

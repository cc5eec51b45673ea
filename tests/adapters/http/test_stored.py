"""adapters.http.stored: whose a response is, for as long as the provider has it."""

import asyncio
from dataclasses import replace

import pytest

from adapters.http import stored
from adapters.http.answer import Answer
from adapters.http.callbacks import Posted
from adapters.http.refusals import Rejected
from adapters.http.stored import KEPT, Before, continued
from bot.caller import Caller
from bot.ports import ACCOUNT, Ports
from tests.bot.core import FREE, Core
from tests.bot.test_exchange import HELD
from tests.clock import virtual

ADA, BOB = Caller(HELD, FREE), Caller(replace(HELD, made_for="test:2"), FREE)

NEXT = {"previous_response_id": "resp_1"}


def made() -> Ports:
    return Core(FREE, frozenset()).sessions._ports


async def kept() -> Ports:
    ports = made()
    await stored.keep(ports, ADA, {"id": "resp_1"}, "home", 700)
    return ports


async def refused(ports: Ports, caller: Caller) -> None:
    with pytest.raises(Rejected) as told:
        await continued(ports, caller, NEXT)
    assert "previous_response_not_found" == told.value.code


@virtual
async def test_whoever_asked_for_it_goes_on_from_it_where_it_is() -> None:
    before = await continued(await kept(), ADA, NEXT)
    assert before is not None
    assert ("home", 700) == (before.account, before.tokens)


@virtual
async def test_after_a_month_nothing_is_known_of_it() -> None:
    """The provider has forgotten it by then; ours would grow for ever."""
    ports = await kept()
    await asyncio.sleep(KEPT.total_seconds() - 5)
    assert await continued(ports, ADA, NEXT)
    await asyncio.sleep(10)
    await refused(ports, ADA)


@virtual
async def test_whoever_looks_for_what_is_not_there_does_not_get_hold_of_it() -> None:
    """Bob guesses the name of a response; then Ada is given one of that name."""
    ports = made()
    await refused(ports, BOB)
    await asyncio.sleep(1)
    await stored.keep(ports, ADA, {"id": "resp_1"}, "home", 700)

    assert await continued(ports, ADA, NEXT)
    await refused(ports, BOB)


@virtual
async def test_a_response_is_not_taken_over_by_another_of_its_name() -> None:
    """Some servers call all of theirs the same."""
    ports = await kept()
    await stored.keep(ports, BOB, {"id": "resp_1"}, "elsewhere", 1)
    await refused(ports, BOB)
    assert await continued(ports, ADA, NEXT)


@pytest.mark.parametrize("fails", [False, True])
@virtual
async def test_the_account_is_named_while_the_work_goes_on_and_not_after(fails: bool) -> None:
    """Each call would leave a setting that nobody ever reads again."""
    ports, before = made(), Before("home", 700)
    seen: list[str] = []

    async def work(answer: Answer) -> None:
        del answer
        seen.append((await ports.settings.get(before.session))[ACCOUNT])
        if fails:
            raise Rejected("No.")

    try:
        await before.gone_on(ports, work, Posted())
    except Rejected:
        assert fails
    assert ["home"] == seen
    assert {} == await ports.settings.get(before.session)


@virtual
async def test_what_is_not_continued_is_not_looked_for() -> None:
    assert None is await continued(made(), ADA, {})

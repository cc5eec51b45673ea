"""What answers take of whose shares, on a running core."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from bot.amounts import parse_limit
from bot.errors import ModelDown, ModelMisconfigured
from bot.period import Window
from bot.quota import Limit, Policy, Share, Unit
from tests.bot.core import Core, core
from tests.clock import now, virtual


async def held(running: Core) -> int:
    """Tokens that are held for answers of the first user."""
    usual = (Limit(Unit.TOKENS, Window.EVER, 10**9),)
    return sum(balance.held for balance in await running.store.ledger.balances([Share("user/test:1", usual)], now()))


async def used(running: Core, unit: Unit) -> int:
    return sum(
        balance.used
        for balance in await running.store.ledger.balances([Share("user/test:1", running.policy.user)], now())
        if balance.unit is unit
    )


@contextlib.asynccontextmanager
async def allowing(*limits: str, **more: int) -> AsyncIterator[Core]:
    """A core where each user has these limits."""
    policy = Policy(user=tuple(parse_limit(limit) for limit in limits))
    async with core(policy, **more) as running:
        running.chat.page = 4_000
        yield running


def answered(running: Core, count: int) -> Callable[[], bool]:
    """Whether so many questions have their last word."""
    return lambda: len(running.chat.texts) == count and not any(text in ("…", "Hoo") for text in running.chat.texts)


@virtual
async def test_a_burst_on_a_quota_of_five_is_answered_five_times() -> None:
    """However many ask at once."""
    async with allowing("5 questions per day", waiting=100) as running:
        for number in range(60):
            await running.ask(event=f"e{number}")
        await running.until(answered(running, 60))

        answers = [text for text in running.chat.texts if text.startswith("Hoo.")]
        assert 5 == len(answers)
        assert 5 == running.model.begun
        assert all("used your 5 questions a day" in text for text in running.chat.texts if text not in answers)
        assert 5 == await used(running, Unit.REQUESTS)


@virtual
async def test_one_who_has_used_everything_is_told_when_there_is_more() -> None:
    async with allowing("0 tokens per day") as running:
        await running.ask()
        await running.until(lambda: any("More comes in" in text for text in running.chat.texts))

        assert 0 == running.model.begun


@virtual
async def test_a_small_rest_buys_a_shorter_answer() -> None:
    """The size is sent upstream as its limit: nobody is charged for more than was left."""
    async with allowing("400 tokens per day") as running:
        await running.ask()
        await running.until(answered(running, 1))

        (asked,) = running.model.asked
        assert 256 <= asked.max_output < 400


@virtual
async def test_a_limit_that_is_nearly_used_up_is_mentioned_once() -> None:
    async with allowing("5 questions per day") as running:
        for number in range(5):
            await running.ask(event=f"e{number}")
            await running.until(answered(running, number + 1))

        said = running.chat.texts
        assert ["used 80 %" in text for text in said] == [False, False, False, True, False]
        assert ["used all" in text for text in said] == [False, False, False, False, True]


@virtual
async def test_no_answer_costs_nothing() -> None:
    async with allowing("5 questions per day", "5000 tokens per day") as running:
        running.model.troubles = [ModelMisconfigured("401"), ModelDown("500")]
        await running.ask(event="e1")
        await running.ask(event="e2")
        await running.until(answered(running, 2))
        await asyncio.sleep(1)

        assert 0 == await used(running, Unit.REQUESTS)
        assert 0 == await held(running)


@virtual
async def test_a_stopped_answer_costs_what_was_said() -> None:
    async with allowing("5000 tokens per day") as running:
        running.model.pieces = ("word ",) * 100
        await running.ask()
        await running.until(lambda: "word" in "".join(running.chat.texts))
        await running.command("stop")
        await running.until(lambda: "Stopped." in "".join(running.chat.texts))
        await asyncio.sleep(1)

        assert 0 < await used(running, Unit.TOKENS) < 1_000
        assert 0 == await held(running)

"""The queue of updates, taken by long polling."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.error import Conflict
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from sandbox.telegram.server import Telegram
from tests.sandbox.telegram.conftest import Clock, Post


async def say(telegram: Telegram, *texts: str) -> None:
    alice = telegram.people["alice"]
    for text in texts:
        await telegram.say(alice, alice, text)


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


async def test_an_update_stays_until_a_higher_offset_confirms_it(telegram: Telegram, bot: Bot) -> None:
    """This alone makes it possible to lose nothing: what was not confirmed comes again."""
    await say(telegram, "one", "two", "three")

    first = await bot.get_updates()
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=first[0].update_id + 1)

    assert ["one", "two", "three"] == texts(first) == texts(again)
    assert ["two", "three"] == texts(rest) == texts(await bot.get_updates())
    assert () == await bot.get_updates(offset=first[2].update_id + 1)
    assert [1, 1] == [b.update_id - a.update_id for a, b in pairwise(first)]


async def test_a_negative_offset_forgets_all_but_the_last(telegram: Telegram, bot: Bot) -> None:
    """What bots use to skip a backlog; the skipped is gone for good."""
    await say(telegram, "one", "two", "three")

    assert ["three"] == texts(await bot.get_updates(offset=-1))
    assert ["three"] == texts(await bot.get_updates())


async def test_a_limit_is_kept_within_1_and_100(telegram: Telegram, bot: Bot) -> None:
    """A backlog comes in pieces."""
    await say(telegram, *(str(n) for n in range(101)))

    assert 1 == len(await bot.get_updates(limit=1))
    assert 1 == len(await bot.get_updates(limit=0))
    assert 100 == len(await bot.get_updates(limit=500))


async def test_a_long_poll_ends_with_the_first_update(telegram: Telegram, bot: Bot) -> None:
    """Nobody waits for the end of the time that was asked for."""
    polling = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.wait_until(lambda: telegram.updates.polled)

    await say(telegram, "hi")

    assert ["hi"] == texts(await polling)


async def test_a_second_poll_ends_the_first(telegram: Telegram, bot: Bot) -> None:
    """Two processes with one token: the older one is told, the younger one gets the updates."""
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.wait_until(lambda: telegram.updates.polled)

    async with Bot(telegram.token, base_url=telegram.base_url) as second:
        younger = asyncio.create_task(second.get_updates(timeout=30))
        with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot"):
            await older
        await say(telegram, "hi")

        assert ["hi"] == texts(await younger)


async def test_the_kinds_that_were_asked_for_are_remembered(telegram: Telegram, bot: Bot) -> None:
    """A list stays in force until another one comes; an empty one means the usual kinds."""
    alice = telegram.people["alice"]
    await bot.get_updates(allowed_updates=["edited_message"])
    said = await telegram.say(alice, alice, "helo")
    await telegram.edit(said, "hello")

    (update,) = await bot.get_updates()
    await bot.get_updates(offset=update.update_id + 1, allowed_updates=[])
    await say(telegram, "hi")

    assert update.edited_message is not None
    assert "hello" == update.edited_message.text
    assert ["hi"] == texts(await bot.get_updates())


async def test_updates_are_kept_for_a_day(telegram: Telegram, bot: Bot, clock: Clock) -> None:
    """A bot that was down for longer has missed them."""
    await say(telegram, "old")
    clock.now += 24 * 3600
    await say(telegram, "new")

    assert ["new"] == texts(await bot.get_updates())


async def test_updates_come_twice_out_of_order_and_with_a_jump(telegram: Telegram, bot: Bot) -> None:
    """A test can order each of these; a confirmed update that is repeated comes once more, whatever the offset."""
    await say(telegram, "one", "two")
    first, second = await bot.get_updates()
    telegram.updates.reorder(lambda waiting: waiting[::-1])
    assert ["two", "one"] == texts(await bot.get_updates())

    telegram.updates.repeat(first.update_id)
    telegram.updates.jump(800_000_005)
    await say(telegram, "three")
    repeated, jumped = await bot.get_updates(offset=second.update_id + 1)

    assert (first.update_id, 800_000_005) == (repeated.update_id, jumped.update_id)


async def test_an_update_that_nobody_can_read(telegram: Telegram, post: Post) -> None:
    """Whatever is injected goes out as it is, with an id."""
    telegram.traffic.listeners.clear()  # the official description would not allow it
    garbage: dict[str, Any] = {"message": {"chat": "nonsense"}}

    number = telegram.updates.inject(garbage)

    assert {"ok": True, "result": [{"update_id": number, **garbage}]} == (await post("getUpdates"))[1]


async def test_the_real_application_runs_on_it(telegram: Telegram) -> None:
    """python-telegram-bot's own poller and handlers, from start to stop."""

    async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text(f"you said {update.message.text}")

    app = Application.builder().token(telegram.token).base_url(telegram.base_url).build()
    app.add_handler(MessageHandler(filters.TEXT, echo))
    async with app:
        assert app.updater is not None
        await app.start()
        await app.updater.start_polling()
        await say(telegram, "hoot")
        await telegram.wait_until(lambda: telegram.texts(telegram.people["alice"]))
        await app.updater.stop()
        await app.stop()

    assert ["you said hoot"] == telegram.texts(telegram.people["alice"])
    assert [] == telegram.updates.pending

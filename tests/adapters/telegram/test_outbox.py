"""adapters.telegram.outbox: what becomes of an answer whose group becomes a supergroup."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from adapters.pace import Pace
from adapters.telegram.moved import place_of
from adapters.telegram.outbox import PRIVATE, TelegramScreen
from bot.reply import Page
from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Chat


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram(pace=UNLIMITED) as server:
        yield server


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with Bot(telegram.token, base_url=telegram.base_url) as client:
        yield client


@pytest.fixture
def group(telegram: Telegram) -> Chat:
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    return telegram.add_group("Owlets", alice, [bob], basic=True)


def screen_in(bot: Bot, chat: Chat, reply_to: int = 2) -> TelegramScreen:
    address = {"chat": str(chat.id), "topic": "", "reply_to": str(reply_to)}
    return TelegramScreen(bot, address, Pace(PRIVATE), Pace(PRIVATE))


async def moved(telegram: Telegram, group: Chat) -> Chat:
    return await telegram.upgrade(group, telegram.people["alice"])


async def test_a_new_message_goes_to_the_supergroup(telegram: Telegram, bot: Bot, group: Chat) -> None:
    """It replies to nothing: message 2 is another one there. From then on it is found, also by another screen."""
    place = await moved(telegram, group)
    other = await telegram.say(place, telegram.people["bob"], "/help@ParleyOwlBot")
    name = await screen_in(bot, group, other.id).create(0, Page("Hoo"))
    await screen_in(bot, group).edit(name, Page("Hoo hoo"))
    await screen_in(bot, group).tell([Page("Told")])

    assert ["Hoo hoo", "Told"] == telegram.texts(place)
    assert {0} == {message.reply_to for message in telegram.answers(place)}
    await screen_in(bot, group).delete(name)
    assert ["Told"] == telegram.texts(place)


async def test_an_answer_under_way_is_put_up_anew_once(telegram: Telegram, bot: Bot, group: Chat) -> None:
    """What stands in the group cannot be changed any more, and everybody is in the supergroup."""
    screen = screen_in(bot, group)
    name = await screen.create(0, Page("Ho"))
    place = await moved(telegram, group)
    for text in ("Hoo", "Hoo h", "Hoo hoo"):
        await screen.edit(name, Page(text))

    assert ["Hoo hoo"] == telegram.texts(place)
    assert ["Ho"] == telegram.texts(group)
    await screen.delete(name)
    assert [] == telegram.texts(place)


async def test_a_message_of_the_group_is_not_taken_for_one_of_the_supergroup(
    telegram: Telegram, bot: Bot, group: Chat
) -> None:
    """Ids began anew: what has the same id there is something else, and perhaps ours."""
    screen = screen_in(bot, group)
    names = [await screen.create(part, Page(f"Part {part}")) for part in range(3)]
    place = await moved(telegram, group)
    there = [place_of(await screen.create(part, Page("New")), 0)[1] for part in range(6)]
    assert int(names[2]) in there

    await screen.delete(names[2])
    await screen.disown(names[2])
    assert 6 == len(telegram.texts(place))

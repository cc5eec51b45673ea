"""A group becomes a supergroup: another id, message ids that begin anew, and nothing that can be done in the group."""

import pytest
from telegram import Bot, Message
from telegram.error import ChatMigrated, Forbidden

from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Chat
from tests.sandbox.telegram.conftest import Post


@pytest.fixture
def group(telegram: Telegram) -> Chat:
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    return telegram.add_group("Owlets", alice, [bob], basic=True)


async def heard(bot: Bot) -> list[Message]:
    return [update.message for update in await bot.get_updates() if update.message is not None]


async def test_both_chats_tell_of_it(telegram: Telegram, bot: Bot, group: Chat) -> None:
    """core.telegram.org/bots/api#message: each names the other."""
    place = await telegram.upgrade(group, telegram.people["alice"])
    left, entered = await heard(bot)

    assert (group.id, "group", place.id) == (left.chat.id, left.chat.type, left.migrate_to_chat_id)
    assert (place.id, "supergroup", group.id) == (entered.chat.id, entered.chat.type, entered.migrate_from_chat_id)
    assert -1_000_000_000_000 > place.id
    assert -1_000_000_000_000 < group.id < 0


async def test_everybody_is_in_it_and_nothing_that_was_said(telegram: Telegram, bot: Bot, group: Chat) -> None:
    """Groups share their ids with private chats, a supergroup counts for itself."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    said = await telegram.say(alice, alice, "Hoo")
    assert said.id + 1 == (await bot.send_message(group.id, "Hoo")).message_id
    place = await telegram.upgrade(group, alice)

    assert "creator" == (await bot.get_chat_member(place.id, alice.id)).status
    assert "member" == (await bot.get_chat_member(place.id, bob.id)).status
    assert [] == telegram.texts(place)
    assert 2 == (await bot.send_message(place.id, "Hoo")).message_id


async def test_the_group_is_refused_and_the_refusal_names_the_supergroup(
    telegram: Telegram, bot: Bot, group: Chat, post: Post
) -> None:
    old = await bot.send_message(group.id, "Hoo")
    place = await telegram.upgrade(group, telegram.people["alice"])

    for call in (
        lambda: bot.send_message(group.id, "Hoo"),
        lambda: old.edit_text("Hoo hoo"),
        old.delete,
        lambda: bot.get_chat_member(group.id, telegram.people["bob"].id),
    ):
        with pytest.raises(ChatMigrated) as refusal:
            await call()
        assert place.id == refusal.value.new_chat_id
    assert await post("sendMessage", chat_id=group.id, text="Hoo") == (
        400,
        {
            "ok": False,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": place.id},
        },
    )


async def test_nobody_speaks_in_the_group_any_more(telegram: Telegram, group: Chat) -> None:
    """The app shows the supergroup in its place."""
    await telegram.upgrade(group, telegram.people["alice"])

    with pytest.raises(ValueError, match="supergroup now"):
        await telegram.say(group, telegram.people["bob"], "Hoo")


async def test_a_group_is_called_one_in_refusals(telegram: Telegram, bot: Bot, group: Chat) -> None:
    await telegram.kick_bot(group, telegram.people["alice"])

    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(group.id, "Hoo")

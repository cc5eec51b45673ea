"""What people do and see: buttons, menus, memberships, the feed."""

import asyncio
import json
from contextlib import suppress

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChatMember,
    CallbackQuery,
    ChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    MessageEntity,
    User,
)
from telegram.error import BadRequest, Forbidden

from sandbox.telegram.server import Telegram
from sandbox.telegram.state import Json, Toast
from tests.sandbox.telegram.conftest import Clock, Post

STOP = InlineKeyboardMarkup([[InlineKeyboardButton("Stop", callback_data="stop:1")]])


async def pressed(telegram: Telegram, bot: Bot) -> CallbackQuery:
    await telegram.wait_until(lambda: telegram.updates.pending)
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    return update.callback_query


async def test_whoever_presses_a_button_sees_the_answer(telegram: Telegram, bot: Bot) -> None:
    """The bot learns who pressed what where, and what it answers appears once."""
    bob = telegram.people["bob"]
    sent = await bot.send_message(telegram.club.id, "...", reply_markup=STOP)
    pressing = asyncio.create_task(telegram.press(telegram.club, bob, sent.message_id, "stop:1"))
    query = await pressed(telegram, bot)

    await query.answer("Stopped.", show_alert=True)

    assert Toast("Stopped.", alert=True) == await pressing
    assert query.message is not None
    assert (bob.id, "stop:1", sent.message_id) == (query.from_user.id, query.data, query.message.message_id)
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
        await query.answer("again")


async def test_an_answer_that_comes_too_late_is_refused(telegram: Telegram, bot: Bot, clock: Clock) -> None:
    """The person sees the button stop spinning and nothing else."""
    sent = await bot.send_message(telegram.club.id, "...", reply_markup=STOP)
    assert await telegram.press(telegram.club, telegram.people["bob"], sent.message_id, "stop:1", timeout=0.01) is None
    query = await pressed(telegram, bot)
    with pytest.raises(BadRequest, match="Message_too_long"):
        await query.answer("x" * 201)
    clock.now += 16

    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer()


async def test_a_button_that_is_gone_is_pressed_by_an_old_app_only(telegram: Telegram, bot: Bot) -> None:
    """The message may even have been deleted in between."""
    bob = telegram.people["bob"]
    sent = await bot.send_message(telegram.club.id, "...", reply_markup=STOP)
    await bot.delete_message(telegram.club.id, sent.message_id)

    with pytest.raises(ValueError, match="no button"):
        await telegram.press(telegram.club, bob, sent.message_id, "stop:1")
    await telegram.press(telegram.club, bob, sent.message_id, "stop:1", stale=True, timeout=0.01)

    message = (await pressed(telegram, bot)).message
    assert message is not None
    assert not message.is_accessible


async def test_the_narrowest_menu_is_shown(telegram: Telegram, bot: Bot) -> None:
    """core.telegram.org/bots/api#determining-list-of-commands."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    zoe = telegram.add_person("Zoé", language="fr")

    await bot.set_my_commands([BotCommand("help", "Help")])
    await bot.set_my_commands([BotCommand("help", "Aide")], language_code="fr")
    await bot.set_my_commands([BotCommand("/new", "Start afresh")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("keys", "Keys")], scope=BotCommandScopeAllChatAdministrators())

    assert [("new", "Start afresh")] == telegram.commands_for(bob, bob) == telegram.commands_for(zoe, zoe)
    assert [("help", "Help")] == telegram.commands_for(telegram.club, bob)
    assert [("help", "Aide")] == telegram.commands_for(telegram.club, zoe)
    assert [("keys", "Keys")] == telegram.commands_for(telegram.club, alice)

    scope = BotCommandScopeChatMember(telegram.club.id, bob.id)
    await bot.set_my_commands([BotCommand("owl", "For Bob")], scope=scope)
    assert [("owl", "For Bob")] == telegram.commands_for(telegram.club, bob)
    assert (BotCommand("owl", "For Bob"),) == await bot.get_my_commands(scope=scope)
    await bot.delete_my_commands(scope=scope)
    assert [("help", "Help")] == telegram.commands_for(telegram.club, bob)


@pytest.mark.parametrize(
    ("name", "description", "complaint"),
    [
        ("", "x", "command must be non-empty"),
        ("x" * 33, "x", "command length must not exceed 32"),
        ("Help", "x", "BOT_COMMAND_INVALID"),
        ("new-one", "x", "BOT_COMMAND_INVALID"),
        ("help", " ", "command description must be non-empty"),
        ("help", "x" * 257, "command description length must not exceed 256"),
    ],
)
async def test_wrong_commands_are_refused(post: Post, name: str, description: str, complaint: str) -> None:
    """One wrong name and the whole menu stays as it was."""
    _, body = await post("setMyCommands", commands=[{"command": name, "description": description}])

    assert f"Bad Request: {complaint}" == body["description"]


async def test_a_menu_has_100_commands_at_most(bot: Bot) -> None:
    """And a scope must be a chat that the bot is in."""
    with pytest.raises(BadRequest, match="Bot_commands_too_much"):
        await bot.set_my_commands([BotCommand(f"c{n}", "x") for n in range(101)])
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.set_my_commands([BotCommand("x", "x")], scope=BotCommandScopeChatMember(-1, 5))


async def test_the_bot_describes_itself(bot: Bot) -> None:
    """By language, with a fallback."""
    await bot.set_my_description("I answer.")
    await bot.set_my_short_description("An owl.")

    assert "I answer." == (await bot.get_my_description("fr")).description
    assert "An owl." == (await bot.get_my_short_description()).short_description
    with pytest.raises(BadRequest):
        await bot.set_my_description("x" * 513)


async def test_a_bot_learns_who_is_who(telegram: Telegram, bot: Bot) -> None:
    """Rank in a group decides who may give orders."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    carol = telegram.add_person("Carol")
    group = telegram.add_group("Barn", creator=bob, members=[alice, carol], admins=[carol])

    ranks = [(await bot.get_chat_member(group.id, person.id)).status for person in (alice, bob, carol)]

    assert [ChatMember.MEMBER, ChatMember.OWNER, ChatMember.ADMINISTRATOR] == ranks
    assert ChatMember.LEFT == (await bot.get_chat_member(telegram.club.id, carol.id)).status
    assert {bob.id, carol.id} == {each.user.id for each in await bot.get_chat_administrators(group.id)}
    assert 4 == await bot.get_chat_member_count(group.id)
    with pytest.raises(BadRequest, match="Participant_id_invalid"):
        await bot.get_chat_member(group.id, 5)


async def test_a_bot_learns_what_it_is(telegram: Telegram, bot: Bot) -> None:
    """Blocked and unblocked, kicked, added and promoted."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    await telegram.block(bob)
    await telegram.start(bob, "claim-1")
    await telegram.kick_bot(telegram.club, alice)
    await telegram.add_bot(telegram.club, alice)
    await telegram.promote_bot(telegram.club, alice)

    updates = await bot.get_updates()

    changes = [update.my_chat_member for update in updates if update.my_chat_member]
    assert ["kicked", "member", "kicked", "member", "administrator"] == [
        each.new_chat_member.status for each in changes
    ]
    assert ["/start claim-1"] == [update.message.text for update in updates if update.message and update.message.text]


async def test_topics_are_opened_and_closed_by_administrators(telegram: Telegram, bot: Bot) -> None:
    """And only in a forum."""
    with pytest.raises(BadRequest, match="Not enough rights to create a topic"):
        await bot.create_forum_topic(telegram.forum.id, "Nests")
    with pytest.raises(BadRequest, match="The chat is not a forum"):
        await bot.create_forum_topic(telegram.club.id, "Nests")
    await telegram.promote_bot(telegram.forum, telegram.people["alice"])

    topic = await bot.create_forum_topic(telegram.forum.id, "Nests")
    sent = await bot.send_message(telegram.forum.id, "twigs", message_thread_id=topic.message_thread_id)

    assert topic.message_thread_id == sent.message_thread_id
    assert await bot.close_forum_topic(telegram.forum.id, topic.message_thread_id)
    with pytest.raises(ValueError, match="no open topic"):
        await telegram.say(telegram.forum, telegram.people["bob"], "x", topic=topic.message_thread_id)


async def test_the_feed_tells_everything_that_is_seen(telegram: Telegram, bot: Bot) -> None:
    """As JSON, so that a web page can show it."""
    alice = telegram.people["alice"]
    seen: list[Json] = []
    stop = telegram.feed.listen(seen.append)

    await telegram.say(alice, alice, "hi")
    await bot.send_chat_action(alice.id, "typing")
    await bot.send_message_draft(alice.id, 1, "He")
    sent = await bot.send_message(alice.id, "Hello", reply_markup=STOP)
    await bot.edit_message_text("Hello!", alice.id, sent.message_id, reply_markup=STOP)
    pressing = asyncio.create_task(telegram.press(alice, alice, sent.message_id, "stop:1"))
    await telegram.wait_until(lambda: len(telegram.updates.pending) == 2)
    query = (await bot.get_updates())[1].callback_query
    assert query is not None
    await query.answer("ok")
    await pressing
    await bot.delete_message(alice.id, sent.message_id)
    stop()
    await telegram.say(alice, alice, "bye")

    assert ["message", "action", "draft", "message", "edited", "answer", "deleted"] == [each["event"] for each in seen]
    assert seen == json.loads(json.dumps(seen))
    assert {alice.id} == {each["chat"] for each in seen}


async def test_the_feed_can_be_read_as_a_stream(telegram: Telegram) -> None:
    """Two pages at once each see all of it."""
    alice = telegram.people["alice"]
    async with telegram.feed.events() as first, telegram.feed.events() as second:
        await telegram.say(alice, alice, "hi")

        assert (await anext(first)) == (await anext(second))


async def test_waiting_gives_up_in_the_end(telegram: Telegram) -> None:
    """A journey that hangs fails with a name instead of hanging."""
    with suppress(TimeoutError):
        await telegram.wait_until(lambda: False, timeout=0.01)
        pytest.fail("it did not give up")


async def test_nobody_types_what_a_client_would_not_send(telegram: Telegram) -> None:
    """A journey with a mistake in it fails at the mistake."""
    carol = telegram.add_person("Carol")
    for said in ("", " \n", "x" * 4097):
        with pytest.raises(ValueError, match="between 1 and 4096"):
            await telegram.say(carol, carol, said)
    with pytest.raises(ValueError, match="Carol is not in Owl Club"):
        await telegram.say(telegram.club, carol, "hi")
    await telegram.block(carol)
    with pytest.raises(ValueError, match="has blocked the bot"):
        await telegram.say(carol, carol, "hi")


async def test_a_link_to_somebody_is_a_mention_of_them(telegram: Telegram, bot: Bot) -> None:
    """Of whoever is there or has written to the bot; for a bot, others are nobody."""
    bob, carol, dave = telegram.people["bob"], telegram.add_person("Carol"), telegram.add_person("Dave")
    await telegram.start(carol)

    async def named(place: int, number: int) -> list[str]:
        link = MessageEntity(MessageEntity.TEXT_LINK, 0, 3, url=f"tg://user?id={number}")
        number_only = MessageEntity(MessageEntity.TEXT_MENTION, 4, 3, user=User(number, "x", is_bot=False))
        sent = await bot.send_message(place, "him him", entities=[link, number_only])
        changed = await bot.edit_message_text("Him him!", place, sent.message_id, entities=[link, number_only])
        assert isinstance(changed, Message)
        assert sent.entities == changed.entities
        return [each.user.first_name for each in sent.entities if each.user]

    assert ["Bob", "Bob"] == await named(telegram.club.id, bob.id)
    assert ["Carol", "Carol"] == await named(telegram.club.id, carol.id)
    assert [] == await named(telegram.club.id, dave.id)
    assert [] == await named(telegram.club.id, 5)


async def test_who_was_banned_is_told_apart_from_who_left(telegram: Telegram, bot: Bot) -> None:
    """Neither is a member."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    await telegram.ban(telegram.club, alice, bob)
    await telegram.leave(telegram.forum, bob)

    statuses = [(await bot.get_chat_member(each.id, bob.id)).status for each in (telegram.club, telegram.forum)]

    assert [ChatMember.BANNED, ChatMember.LEFT] == statuses


async def test_whom_a_bot_may_write_to_shows_in_typing(telegram: Telegram, bot: Bot) -> None:
    """The one call that says so and leaves nothing behind."""
    bob, carol = telegram.people["bob"], telegram.add_person("Carol")
    assert await bot.send_chat_action(bob.id, "typing")
    await telegram.block(bob)

    for person, refusal in ((bob, "bot was blocked by the user"), (carol, "bot can't initiate conversation")):
        with pytest.raises(Forbidden, match=refusal):
            await bot.send_chat_action(person.id, "typing")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_chat_action(5, "typing")

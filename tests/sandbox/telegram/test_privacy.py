"""What a bot hears in a group: core.telegram.org/bots/features#privacy-mode."""

from telegram import Bot

from sandbox.telegram.limits import UNLIMITED
from sandbox.telegram.server import Telegram


async def heard(bot: Bot) -> list[str | None]:
    """Texts of the messages that have come, which are confirmed by that."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [update.message.text for update in updates if update.message]


async def test_small_talk_and_mentions_stay_private(telegram: Telegram, bot: Bot) -> None:
    """Even naming the bot does not wake it: this surprises everybody, and it is so."""
    bob = telegram.people["bob"]
    await telegram.say(telegram.club, bob, "hello all")
    await telegram.say(telegram.club, bob, "@ParleyOwlBot, are you there?")

    assert [] == await heard(bot)


async def test_a_command_for_the_bot_is_heard(telegram: Telegram, bot: Bot) -> None:
    """Whoever it names in whatever letters; another bot's commands are not."""
    bob = telegram.people["bob"]
    await telegram.say(telegram.club, bob, "/ask@parleyowlbot why?")
    await telegram.say(telegram.club, bob, "/ask@SomeOtherBot why?")
    await telegram.say(telegram.club, bob, "well, /ask@ParleyOwlBot")

    assert ["/ask@parleyowlbot why?"] == await heard(bot)


async def test_a_command_for_nobody_goes_to_the_bot_that_spoke_last(telegram: Telegram, bot: Bot) -> None:
    """Before the bot has spoken, and after another one has, it hears nothing."""
    bob = telegram.people["bob"]
    other = telegram.add_person("Rival", "rival_bot", is_bot=True)
    await telegram.join(telegram.club, other)
    await telegram.say(telegram.club, bob, "/ask too early")
    await bot.send_message(telegram.club.id, "hello")
    await telegram.say(telegram.club, bob, "/ask in time")
    await telegram.say(telegram.club, other, "me too")
    await telegram.say(telegram.club, bob, "/ask too late")

    assert ["/ask in time"] == [text for text in await heard(bot) if text]


async def test_replies_to_the_bot_and_to_what_was_meant_for_it_are_heard(telegram: Telegram, bot: Bot) -> None:
    """So a thread of replies below a command goes on without further commands."""
    alice, bob = telegram.people["alice"], telegram.people["bob"]
    answer = await bot.send_message(telegram.club.id, "hoot")
    small_talk = await telegram.say(telegram.club, bob, "nice weather")

    reply = await telegram.say(telegram.club, alice, "louder", reply_to=answer.message_id)
    await telegram.say(telegram.club, bob, "yes, louder", reply_to=reply.id)
    await telegram.say(telegram.club, alice, "indeed", reply_to=small_talk.id)

    assert ["louder", "yes, louder"] == await heard(bot)


async def test_an_administrator_hears_everything(telegram: Telegram, bot: Bot) -> None:
    """But never another bot."""
    bob, other = telegram.people["bob"], telegram.add_person("Rival", "rival_bot", is_bot=True)
    await telegram.join(telegram.club, other)
    await telegram.promote_bot(telegram.club, telegram.people["alice"])
    await heard(bot)

    await telegram.say(telegram.club, bob, "hello all")
    await telegram.say(telegram.club, other, "beep")

    assert ["hello all"] == await heard(bot)


async def test_without_privacy_mode_everything_is_heard() -> None:
    """The owner of the bot can switch it off; getMe tells."""
    async with (
        Telegram(privacy=False, pace=UNLIMITED) as telegram,
        Bot(telegram.token, base_url=telegram.base_url) as bot,
    ):
        await telegram.say(telegram.club, telegram.people["bob"], "hello all")

        assert ["hello all"] == await heard(bot)
        assert bot.bot.can_read_all_group_messages


async def test_an_edit_can_turn_small_talk_into_a_command(telegram: Telegram, bot: Bot) -> None:
    """The bot hears of the message for the first time when it was edited."""
    said = await telegram.say(telegram.club, telegram.people["bob"], "why?")

    await telegram.edit(said, "/ask@ParleyOwlBot why?")

    (update,) = await bot.get_updates()
    assert update.edited_message is not None
    assert said.id == update.edited_message.message_id


async def test_service_messages_are_always_heard(telegram: Telegram, bot: Bot) -> None:
    """Who joins, who leaves."""
    carol = telegram.add_person("Carol")
    await telegram.join(telegram.club, carol)
    await telegram.leave(telegram.club, carol)

    joined, left = [update.message for update in await bot.get_updates()]

    assert joined is not None
    assert left is not None
    assert [carol.id] == [user.id for user in joined.new_chat_members]
    assert left.left_chat_member is not None
    assert carol.id == left.left_chat_member.id

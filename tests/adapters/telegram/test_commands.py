"""Groups of commands, people as arguments, private words, links and pictures: on Telegram, from end to end."""

import pytest

from sandbox.telegram.state import Message
from tests.adapters.owls import OwlStage
from tests.journeys.stage import PATIENCE, telegram_buttons


async def answers(owls: OwlStage, line: str, *, count: int = 1, who: str = "alice", reply_to: int = 0) -> list[Message]:
    """The bot's answers to a line that somebody wrote in the club."""
    telegram = owls.telegram
    before = len(telegram.answers(telegram.club))
    word, _, rest = line.partition(" ")
    said = f"{word}@{telegram.bot.username} {rest}".strip()
    await telegram.say(telegram.club, telegram.people[who], said, reply_to=reply_to)
    await telegram.wait_until(lambda: len(telegram.answers(telegram.club)) >= before + count, PATIENCE)
    return telegram.answers(telegram.club)[before:]


async def answer(owls: OwlStage, line: str, *, who: str = "alice", reply_to: int = 0) -> str:
    return (await answers(owls, line, who=who, reply_to=reply_to))[0].text


async def test_the_menu_shows_a_group_once(owls: OwlStage) -> None:
    alice = owls.telegram.people["alice"]
    offered = dict(owls.telegram.commands_for(alice, alice))

    assert ["owl", "nest", "tell", "draw", "help"] == list(offered)
    assert "Owls, and who keeps them" == offered["owl"]


async def test_help_lists_what_can_be_written(owls: OwlStage) -> None:
    told = await answer(owls, "/help")

    assert "/owl show name [colour]: See one owl" in told
    assert "/owl seen" not in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/owl", "owl list: nothing"),
        ("/owl list", "owl list: nothing"),
        ("/OWL Show snowy", "owl show: name snowy"),
        ('/owl show colour=white "snowy owl"', "owl show: colour white, name snowy owl"),
        ("/nest", "/nest wants one more word:\n\n• /nest clean: Clean a nest"),
        ("/owl feed", "/owl wants one more word:"),
        ("/owl show", "I need to know the name: which owl. Write it as /owl show name [colour]."),
    ],
)
async def test_a_line_is_a_command_and_its_arguments(owls: OwlStage, line: str, told: str) -> None:
    """A bare group is its default, and one without a default says what there is."""
    assert (await answer(owls, line)).startswith(told)


async def test_a_user_is_found_however_they_are_named(owls: OwlStage) -> None:
    """By number, by a username that was heard, as the author of the message replied to; the core gets the id."""
    telegram = owls.telegram
    alice, bob, club = telegram.people["alice"], telegram.people["bob"], telegram.club
    telegram.world.privacy = False
    theirs = await telegram.say(club, bob, "Hoo")

    assert f"owl keep: name snowy, user {bob.id}" == await answer(owls, f"/owl keep {bob.id} snowy")
    assert f"owl keep: name snowy, user {alice.id}" == await answer(owls, "/owl keep @ALICE_OWL snowy")
    assert f"owl keep: name snowy, user {bob.id}" == await answer(owls, "/owl keep snowy", reply_to=theirs.id)
    assert f"owl keep: channel {club.id}, name snowy, user {bob.id}" == await answer(
        owls, "/owl keep snowy channel=here", reply_to=theirs.id
    )


async def test_a_user_nobody_knows_is_refused_with_the_way_out(owls: OwlStage) -> None:
    """Telegram tells a bot of nobody by their name. Another's message does not make it theirs."""
    telegram = owls.telegram
    theirs = await telegram.say(telegram.club, telegram.people["bob"], "Hoo")
    refusal = "I do not know who or what “@\u200bnobody” is. Reply to one of their messages with this command"

    assert (await answer(owls, "/owl keep @nobody snowy")).startswith(refusal)
    assert (await answer(owls, "/owl keep @nobody snowy", reply_to=theirs.id)).startswith(refusal)
    assert "I need to know the user" in await answer(owls, "/owl keep")


async def test_buttons_press_and_lead(owls: OwlStage) -> None:
    telegram = owls.telegram
    (shown,) = await answers(owls, "/owl")
    buttons = telegram_buttons(shown.keyboard)
    toast = await telegram.press(telegram.club, telegram.people["alice"], shown.id, buttons["Seen"])

    assert {"Seen": "owl seen:snowy", "Rules": "https://example.com/rules"} == buttons
    assert toast is not None
    assert "Seen: snowy." == toast.text


async def test_somebody_is_written_to_in_private(owls: OwlStage) -> None:
    """Long words in several messages, the buttons below the last; what is pressed there arrives as anywhere."""
    telegram, bob = owls.telegram, owls.telegram.people["bob"]
    told = await answer(owls, f"/tell {bob.id} LONG")
    *_, last = messages = telegram.answers(bob)
    toast = await telegram.press(bob, bob, last.id, telegram_buttons(last.keyboard)["Seen"])

    assert "Told." == told
    assert 1_500 == sum(message.text.count("owl") for message in messages)
    assert [False, True] == [bool(message.keyboard) for message in messages]
    assert toast is not None
    assert "Seen: snowy." == toast.text


async def test_who_cannot_be_written_to_is_told_apart(owls: OwlStage) -> None:
    """Somebody blocked us, somebody never wrote to us, and somebody is nobody."""
    telegram, bob = owls.telegram, owls.telegram.people["bob"]
    await telegram.block(bob)
    stranger = telegram.add_person("Carol")

    for user in (bob.id, stranger.id, 999):
        assert "They cannot be written to." == await answer(owls, f"/tell {user} Hoo")


async def test_a_picture_comes_with_its_words(owls: OwlStage) -> None:
    """They are its caption while they fit there."""
    (shown,) = await answers(owls, "/draw An owl:")

    assert ("An owl:", 1) == (shown.text, shown.media["photo"][0]["width"])
    assert ["Rules"] == list(telegram_buttons(shown.keyboard))


async def test_long_words_come_after_the_picture(owls: OwlStage) -> None:
    """A caption has 1024 characters."""
    picture, words = await answers(owls, "/draw LONG", count=2)

    assert (True, "", None) == (bool(picture.media), picture.text, picture.keyboard)
    assert 400 == words.text.count("owl")
    assert ["Rules"] == list(telegram_buttons(words.keyboard))


async def test_the_words_come_even_when_the_picture_is_refused(owls: OwlStage) -> None:
    """It is damaged, or the group takes no pictures: better words alone than nothing."""
    (shown,) = await answers(owls, "/draw damaged")

    assert ("damaged", {}) == (shown.text, shown.media)

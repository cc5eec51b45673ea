"""Groups of commands, kinds of arguments, private words, links and pictures: on Discord, from end to end."""

import pytest

from adapters.discord.commands import payload
from bot.commands.book import BOOK
from sandbox.discord.bodies import Body
from sandbox.discord.clients import Impossible
from sandbox.discord.commands import replace_all
from sandbox.discord.server import Discord
from sandbox.discord.state import Json, Message
from tests.adapters.owls import OwlStage
from tests.journeys.stage import PATIENCE, discord_buttons

WHERE = "general"


async def answer(owls: OwlStage, command: str, who: str = "alice", **options: object) -> Message:
    """The bot's answer to a command, once it is there."""
    discord = owls.discord
    asked = await discord.slash(WHERE, who, command, options)

    def told() -> bool:
        shown = discord.response(asked)
        return shown is not None and not shown.loading

    await discord.wait_until(told, PATIENCE)
    found = discord.response(asked)
    assert found is not None
    return found


async def written(owls: OwlStage, who: str, count: int = 1) -> list[Message]:
    """What the bot wrote to somebody in private."""
    discord = owls.discord
    await discord.wait_until(lambda: len(discord.messages(discord.dm(who), who)) >= count, PATIENCE)
    return discord.messages(discord.dm(who), who)


def options_of(owls: OwlStage, name: str) -> list[Json]:
    registered = next(each for each in owls.discord.commands(WHERE, "alice") if each["name"] == name)
    return list(registered["options"])


def test_the_book_is_taken_as_it_is() -> None:
    """Discord refuses all commands because of a single one."""
    forms = Body(payload(BOOK.listed)).forms()

    assert replace_all(Discord().world, None, forms, forms[0].problems)


async def test_a_group_is_one_command(owls: OwlStage) -> None:
    """Its own stand below it, those of buttons excepted; what is required comes first, ids have types of their own."""
    below = options_of(owls, "owl")

    assert [(1, "list"), (1, "show"), (1, "keep")] == [(each["type"], each["name"]) for each in below]
    assert [("user", 6), ("name", 3), ("channel", 7), ("role", 8)] == [
        (each["name"], each["type"]) for each in below[2]["options"]
    ]


async def test_who_is_shown_a_group(owls: OwlStage) -> None:
    """Discord hides a command as a whole: only one of which everything is for admins."""
    seen = {each["name"] for each in owls.discord.commands(WHERE, "bob")}

    assert ("owl" in seen, "nest" in seen) == (True, False)


async def test_arguments_of_every_kind_arrive(owls: OwlStage) -> None:
    """The core gets ids as text."""
    discord = owls.discord
    bob, channel = discord.person("bob"), discord.channel("random")
    role = next(iter(discord.guild.roles.values()))
    shown = await answer(owls, "owl keep", user=bob, name="snowy", channel=channel, role=role)

    assert f"owl keep: channel {channel.id}, name snowy, role {role.id}, user {bob.id}" == shown.content


async def test_a_part_of_a_group_may_be_for_admins_alone(owls: OwlStage) -> None:
    """Bob sees the group, and is told who may."""
    shown = await answer(owls, "owl keep", "bob", user=owls.discord.person("bob"), name="snowy")

    assert "the people who run this server" in shown.content


async def test_a_bare_group_cannot_be_sent(owls: OwlStage) -> None:
    with pytest.raises(Impossible):
        await owls.discord.slash(WHERE, "alice", "owl")


async def test_suggestions_below_a_group(owls: OwlStage) -> None:
    """25 of up to a hundred characters, of the caller's own."""
    alice = owls.discord.person("alice")
    found = await owls.discord.autocomplete(WHERE, "alice", "owl show", "name", "a")
    values = [each["value"] for each in found]

    assert ["barn", "eagle", f"of {alice.id}"] == values[:3]
    assert 25 == len(values)


@pytest.mark.parametrize("typed", ["slow", "down"])
async def test_without_suggestions_people_type_on(owls: OwlStage, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """Discord would show an error after three seconds; an empty list is kinder."""
    monkeypatch.setattr("adapters.discord.connection.AT_ONCE", 0.01)

    assert [] == await owls.discord.autocomplete(WHERE, "alice", "owl show", "name", typed)


async def test_suggestions_are_for_those_who_may(owls: OwlStage) -> None:
    """What is suggested may be a secret: the ids of keys, for one."""
    assert [] == await owls.discord.autocomplete(WHERE, "bob", "owl keep", "name", "a")


async def test_buttons_press_and_lead(owls: OwlStage) -> None:
    """A command of two words behind the one, an address behind the other."""
    shown = await answer(owls, "owl list")
    buttons = discord_buttons(shown)
    assert {"Seen": "owl seen:snowy", "Rules": "https://example.com/rules"} == buttons
    await owls.discord.press(WHERE, "alice", shown, buttons["Seen"])
    await owls.discord.wait_until(
        lambda: any("Seen: snowy." in each.content for each in owls.discord.messages(WHERE, "alice")), PATIENCE
    )


async def test_somebody_is_written_to_in_private(owls: OwlStage) -> None:
    """Buttons and all; what is pressed there arrives as anywhere."""
    discord, bob = owls.discord, owls.discord.person("bob")
    told = await answer(owls, "tell", user=bob, words="Hoo **hoo**")
    (message,) = await written(owls, "bob")

    assert ("Told.", "Hoo **hoo**") == (told.content, message.content)
    await discord.press(discord.dm("bob"), "bob", message, discord_buttons(message)["Seen"])
    assert "Seen: snowy." == (await written(owls, "bob", 2))[1].content


async def test_long_words_are_written_in_several(owls: OwlStage) -> None:
    """And the channel is asked for once."""
    bob = owls.discord.person("bob")
    await answer(owls, "tell", user=bob, words="LONG")
    await answer(owls, "tell", user=bob, words="more")
    messages = await written(owls, "bob", 4)

    assert 1_500 == sum(message.content.count("owl") for message in messages)
    assert [0, 0, 1, 1] == [len(message.components) for message in messages]
    assert 1 == owls.discord.counts.calls["POST /users/@me/channels"]


async def test_who_cannot_be_written_to_is_told_apart(owls: OwlStage) -> None:
    """Somebody blocked us, and another bot: error 50007 both times."""
    discord = owls.discord
    discord.block_bot("bob")
    robot = discord.add_person("Robot", bot=True)

    for nobody in (discord.person("bob"), robot):
        assert "They cannot be written to." == (await answer(owls, "tell", user=nobody, words="Hoo")).content


async def test_a_picture_comes_with_its_words(owls: OwlStage) -> None:
    """The file, and what is to be seen for those who cannot see it."""
    shown = await answer(owls, "draw", words="An owl:")
    (attached,) = shown.attachments

    assert "An owl:" == shown.content
    assert ("dot.png", "One dot") == (attached.file.name, attached.file.description)
    assert discord_buttons(shown)


async def test_a_picture_may_stand_alone(owls: OwlStage) -> None:
    shown = await answer(owls, "draw")

    assert ("", 1) == (shown.content, len(shown.attachments))


async def test_the_words_come_even_when_the_picture_is_refused(owls: OwlStage) -> None:
    """It may be too large, for one; better words alone than nothing."""
    owls.discord.rules.file_bytes = 10
    shown = await answer(owls, "draw")

    assert ("One dot", 0) == (shown.content, len(shown.attachments))

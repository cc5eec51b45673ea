"""What is Discord's own: private messages, threads, slash commands, autocomplete, answers for one alone."""

from pathlib import Path

import pytest

from sandbox.discord.permissions import Permission
from sandbox.discord.state import File
from sandbox.openai.script import say
from tests.journeys.stage import PATIENCE, DiscordSeat, Stage, answers, on_stage


async def test_a_direct_message_needs_no_mention(stage: Stage) -> None:
    """The simplest use of all."""
    seat = DiscordSeat(stage.discord, stage.discord.dm("alice"))
    await stage.discord.say(stage.discord.dm("alice"), "alice", "Hi")
    (answer,) = await answers(seat, 1)

    assert "Hoo." == answer.text
    assert ["Hi"] == stage.prompt()


async def test_a_slash_command_is_answered_in_its_place(stage: Stage, seat_discord: DiscordSeat) -> None:
    """The way that needs no privileged intent."""
    stage.openai.queue(say("Because of scattering."))
    asked = await stage.discord.slash("general", "alice", "ask", {"prompt": "Why is the sky blue?"})
    await answers(seat_discord, 1)

    response = stage.discord.response(asked)
    assert response is not None
    assert "Because of scattering." == response.content
    assert ["Alice: Why is the sky blue?"] == stage.prompt()


async def test_a_private_answer_is_seen_by_its_asker_alone(stage: Stage, seat_discord: DiscordSeat) -> None:
    """Some questions are nobody else's business."""
    stage.openai.queue(say("words " * 700))
    await stage.discord.slash("general", "alice", "ask", {"prompt": "A secret", "private": "yes"})
    await answers(seat_discord, 3)

    assert "words " * 699 + "words" == " ".join(" ".join(stage.discord.texts("general", "alice")).split())
    assert [] == stage.discord.texts("general", "bob")


async def test_help_is_for_its_asker_alone(stage: Stage) -> None:
    """Nobody else wants to read it."""
    await stage.discord.slash("general", "bob", "help")
    await stage.discord.wait_until(lambda: any(stage.discord.texts("general", "bob")), PATIENCE)

    assert "/ask" in stage.discord.texts("general", "bob")[0]
    assert [] == stage.discord.texts("general", "alice")


async def test_models_are_proposed_while_typing(stage: Stage) -> None:
    """Nobody knows the names by heart."""
    assert ["mini"] == [
        choice["value"] for choice in await stage.discord.autocomplete("general", "alice", "model", "name", "mi")
    ]


async def test_a_thread_is_a_conversation_of_its_own(stage: Stage) -> None:
    """What was said in the channel is not heard in the thread."""
    general = DiscordSeat(stage.discord)
    await general.say("My cat is called Tom.")
    await answers(general, 1)
    thread = await stage.discord.open_thread("general", "alice", "Cats")
    seat = DiscordSeat(stage.discord, thread)
    await seat.say("What is my cat called?")
    await answers(seat, 1)

    assert ["Alice: What is my cat called?"] == stage.prompt()


async def test_a_reply_that_pings_is_heard_without_a_mention(stage: Stage, seat_discord: DiscordSeat) -> None:
    """A reply is the most natural way to go on."""
    await seat_discord.say("Owls?")
    (first,) = await answers(seat_discord, 1)
    await stage.discord.say("general", "alice", "And bats?", first.id)
    await answers(seat_discord, 2)

    assert "Alice: And bats?" == stage.prompt()[-1]


class Unprivileged(Stage):
    """A bot for which the intent Message Content is switched off, as it is for new ones."""

    async def start(self) -> None:
        self.discord.application.message_content = False
        await super().start()


async def test_a_reply_without_a_ping_is_told_why_it_was_not_heard(tmp_path: Path) -> None:
    """Discord keeps its words from us; silence would look like a broken bot."""
    async with on_stage(tmp_path, Unprivileged) as stage:
        seat = DiscordSeat(stage.discord)
        await seat.say("Owls?")
        (first,) = await answers(seat, 1)
        await stage.discord.say("general", "alice", "And bats?", first.id, ping=False)
        _, second = await answers(seat, 2)

        assert "without a mention" in second.text


async def test_a_reply_without_a_ping_is_heard_where_we_are_let(stage: Stage, seat_discord: DiscordSeat) -> None:
    """The intent that this needs is asked for where it is switched on."""
    await seat_discord.say("Owls?")
    (first,) = await answers(seat_discord, 1)
    await stage.discord.say("general", "alice", "And bats?", first.id, ping=False)
    await answers(seat_discord, 2)

    assert "Alice: And bats?" == stage.prompt()[-1]


async def test_a_command_for_admins_is_not_offered_to_others(stage: Stage) -> None:
    """Discord hides it, and we would refuse it."""
    offered = {who: [each["name"] for each in stage.discord.commands("general", who)] for who in ("alice", "bob")}

    assert "scope" in offered["alice"]
    assert "scope" not in offered["bob"]


async def test_the_model_cannot_ping_anybody(stage: Stage, seat_discord: DiscordSeat) -> None:
    """@everyone from a language model has emptied servers."""
    bob = stage.discord.people["bob"]
    stage.openai.queue(say(f"Wake up @everyone, <@{bob.id}> and @here!"))
    await seat_discord.say("Wake them all")
    (answer,) = await answers(seat_discord, 1)
    message = stage.discord.message("general", answer.id)

    assert not message.mention_everyone
    assert not [person for person in message.mentions if person != stage.discord.people["alice"].id]


async def test_models_are_suggested_while_typing(stage: Stage) -> None:
    """Nobody knows their names by heart."""
    found = await stage.discord.autocomplete("general", "alice", "model", "name", "mi")

    assert ["mini"] == [each["value"] for each in found]


async def test_a_channel_where_we_may_not_write_is_given_up(stage: Stage) -> None:
    """The service goes on for the others."""
    random = DiscordSeat(stage.discord, "random")
    stage.discord.deny("general", Permission.SEND_MESSAGES)
    await DiscordSeat(stage.discord).say("Hello?")
    await random.say("Hello?")

    assert "Hoo." == (await answers(random, 1))[0].text
    assert [] == stage.discord.texts("general")


async def test_a_slash_command_works_where_we_may_not_write(stage: Stage, seat_discord: DiscordSeat) -> None:
    """Answers to an interaction need no permission of ours."""
    stage.discord.deny("general", Permission.SEND_MESSAGES)
    stage.openai.queue(say("words " * 700))
    await stage.discord.slash("general", "alice", "ask", {"prompt": "Why?"})
    shown = await answers(seat_discord, 3)

    assert 700 == sum(message.text.count("words") for message in shown)


@pytest.mark.parametrize("files", [1, 2])
async def test_files_are_answered_kindly(stage: Stage, seat_discord: DiscordSeat, files: int) -> None:
    """Silence would look like a broken bot."""
    sent = [File("owl.png", b"png", "image/png")] * files
    await stage.discord.say("general", "alice", f"<@{stage.discord.bot.id}>", files=sent)
    (answer,) = await answers(seat_discord, 1)

    assert ("a picture" if files == 1 else "2 files") in answer.text

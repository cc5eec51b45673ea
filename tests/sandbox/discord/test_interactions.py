"""Slash commands, buttons, menus and modals, as the real client answers them."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
from discord import app_commands

from sandbox.discord.clients import Impossible
from sandbox.discord.server import Discord
from sandbox.discord.state import Interaction, Type
from tests.sandbox.discord.conftest import Client, connected, told

Asked = discord.Interaction[Client]


def bot() -> Client:
    """A bot with a command of each sort."""
    client = Client()

    @client.tree.command(description="Ask the model")
    @app_commands.describe(prompt="What to ask", length="How long an answer")
    async def ask(asked: Asked, prompt: str, length: app_commands.Range[int, 1, 5] = 1) -> None:
        await asked.response.defer(thinking=True)
        for end in range(1, length + 1):
            await asked.edit_original_response(content=" ".join([prompt] * end))
        await asked.followup.send("That was all.")

    @client.tree.command(description="What is left")
    async def left(asked: Asked) -> None:
        await asked.response.send_message("You have 5 left.", ephemeral=True)
        await asked.followup.send("And 3 more.", ephemeral=True)

    @client.tree.command(description="Never answers")
    async def silent(asked: Asked) -> None:
        """Leaves the asker without an answer."""

    @client.tree.command(description="Pick a model")
    @app_commands.choices(effort=[app_commands.Choice(name="low", value=1), app_commands.Choice(name="high", value=2)])
    async def model(asked: Asked, name: str, effort: int = 1) -> None:
        await asked.response.send_message(f"{name} {effort}")

    @model.autocomplete("name")
    async def _(_: Asked, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=each, value=each) for each in ("owl-1", "owl-2", "hawk") if typed in each]

    keys = app_commands.Group(
        name="key", description="Keys", default_permissions=discord.Permissions(manage_guild=True)
    )

    @keys.command(description="Issue a key")
    async def issue(asked: Asked, user: discord.Member, channel: discord.TextChannel | None = None) -> None:
        await asked.response.send_message(f"{user.display_name} {user.guild_permissions.manage_guild} {channel}")

    client.tree.add_command(keys)

    @client.tree.command(description="Feedback")
    async def feedback(asked: Asked) -> None:
        await asked.response.send_modal(Feedback())

    @client.tree.context_menu(name="Explain this")
    async def explain(asked: Asked, message: discord.Message) -> None:
        await asked.response.send_message(f"It says {message.content}.")

    @client.tree.command(description="Buttons")
    async def buttons(asked: Asked) -> None:
        await asked.response.send_message("Choose", view=Choice())

    return client


class Feedback(discord.ui.Modal, title="Feedback"):
    words: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Words", custom_id="words", min_length=2)

    async def on_submit(self, asked: discord.Interaction[Any]) -> None:
        await asked.response.send_message(f"You wrote {self.words.value}")


class Choice(discord.ui.View):
    @discord.ui.button(label="Again", custom_id="again")
    async def again(self, asked: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        await asked.response.edit_message(content="Chosen again")

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, asked: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        await asked.response.defer()
        await asked.edit_original_response(content="Chosen later", view=None)

    @discord.ui.select(custom_id="size", options=[discord.SelectOption(label=each) for each in ("small", "big")])
    async def size(self, asked: discord.Interaction[Any], select: discord.ui.Select[Any]) -> None:
        await asked.response.send_message(f"{select.values[0]} it is", ephemeral=True)

    @discord.ui.button(label="Off", custom_id="off", disabled=True)
    async def off(self, asked: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
        """Cannot be pressed."""


async def _answered(club: Discord, asked: Interaction) -> str:
    await club.wait_until(lambda: asked.state == "answered")
    message = club.response(asked)
    assert message is not None
    return message.content


async def test_a_deferred_answer_streams_into_one_message(club: Discord) -> None:
    """Thinking, then edits of the original, then a follow-up that refers to it."""
    async with connected(club, bot(), sync=True) as client:
        asked = await club.slash("general", "bob", "ask", {"prompt": "hoot", "length": 3})
        await club.wait_until(lambda: asked.answer is not None)
        first = club.response(asked)
        await club.wait_until(lambda: 2 == len(asked.made))
        await told(client, "MESSAGE_CREATE", 2)

    assert first is not None
    assert (True, Type.CHAT_INPUT_COMMAND) == (first.loading, first.type)
    assert ["hoot hoot hoot", "That was all."] == club.texts("general")
    original, more = club.messages("general")
    assert not original.loading
    assert more.reference is not None
    assert original.id == more.reference.message_id


async def test_an_ephemeral_answer_is_seen_by_one(club: Discord) -> None:
    """Bob's answer is not in the channel's history; the bot is told of it as if it were a DM."""
    async with connected(club, bot(), sync=True) as client:
        asked = await club.slash("general", "bob", "left")
        await club.wait_until(lambda: 2 == len(asked.made))
        history = [each async for each in client.sendable(club.channel("general").id).history()]
        partial = discord.PartialMessage(channel=client.get_channel(asked.channel_id), id=asked.made[0])  # type: ignore[arg-type]
        with pytest.raises(discord.NotFound) as caught:
            await partial.edit(content="changed")
        await told(client, "MESSAGE_CREATE", 2)

    assert [] == history == club.texts("general") == club.texts("general", "alice")
    assert ["You have 5 left.", "And 3 more."] == club.texts("general", "bob")
    assert 10008 == caught.value.code


async def test_a_bot_without_dm_intent_hears_nothing_of_ephemeral_messages(club: Discord) -> None:
    """They come under DIRECT_MESSAGES, wherever they stand (discord/discord-api-docs#4557)."""
    client = bot()
    client._connection._intents.dm_messages = False
    async with connected(club, client, sync=True):
        asked = await club.slash("general", "bob", "left")
        await club.wait_until(lambda: 2 == len(asked.made))

    assert "MESSAGE_CREATE" not in client.events


async def test_who_does_not_answer_in_time_has_failed(club: Discord) -> None:
    """After three seconds the person reads that the application did not respond, and a late answer is refused."""
    club.rules.ack_seconds = 0.05
    client = bot()
    late: list[int] = []

    async def answer_late(asked: Asked, _: str = "") -> None:
        await asyncio.sleep(0.1)
        with pytest.raises(discord.NotFound) as caught:
            await asked.response.send_message("sorry")
        late.append(caught.value.code)
        club.world.changes.notify()

    command = client.tree.get_command("silent")
    assert isinstance(command, app_commands.Command)
    command._callback = answer_late
    async with connected(club, client, sync=True):
        asked = await club.slash("general", "bob", "silent")
        await club.wait_until(lambda: late)

    assert ("failed", [10062]) == (asked.state, late)
    assert [] == club.texts("general", "bob")


async def test_suggestions_come_while_typing(club: Discord) -> None:
    """Autocomplete is asked with what was typed so far, and waits no longer than a person would."""
    async with connected(club, bot(), sync=True):
        choices = await club.autocomplete("general", "bob", "model", "name", "owl")

    assert ["owl-1", "owl-2"] == [each["value"] for each in choices]


async def test_without_a_bot_nobody_suggests_anything(club: Discord) -> None:
    """A person sees that loading the options failed."""
    async with connected(club, bot(), sync=True):
        pass
    club.rules.ack_seconds = 0.05

    with pytest.raises(TimeoutError):
        await club.autocomplete("general", "bob", "model", "name", "owl")


async def test_clients_send_only_what_fits_the_command(club: Discord) -> None:
    """What a person cannot type never reaches the bot."""
    async with connected(club, bot(), sync=True):
        for command, options in (
            ("nothing", {}),
            ("ask", {}),
            ("ask", {"prompt": 7}),
            ("ask", {"prompt": "a", "length": 6}),
            ("ask", {"prompt": "a", "other": 1}),
            ("model", {"name": "owl-1", "effort": 3}),
            ("key", {}),
        ):
            with pytest.raises(Impossible):
                await club.slash("general", "alice", command, options)

    assert {} == club.world.interactions


async def test_commands_are_offered_by_permission(club: Discord) -> None:
    """A steward's command is not in Bob's list; the guild alone decides that, not the bot."""
    async with connected(club, bot(), sync=True):
        offered = {who: [each["name"] for each in club.commands("general", who)] for who in ("alice", "bob")}
        with pytest.raises(Impossible):
            await club.slash("general", "bob", "key issue", {"user": club.people["alice"]})

    assert ["key"] == [name for name in offered["alice"] if name not in offered["bob"]]


async def test_sub_commands_carry_people_and_channels(club: Discord) -> None:
    """Options that name somebody come with the member and what that member may do."""
    async with connected(club, bot(), sync=True):
        options = {"user": club.people["alice"], "channel": club.channel("random")}
        asked = await club.slash("general", "alice", "key issue", options)

        assert "Alice True random" == await _answered(club, asked)


async def test_buttons_change_their_message(club: Discord) -> None:
    """An update at once, an update after a deferral, and a menu that answers one person."""
    async with connected(club, bot(), sync=True):
        asked = await club.slash("general", "bob", "buttons")
        await club.wait_until(lambda: asked.answer)
        shown = club.response(asked)
        assert shown is not None
        chosen = await club.press("general", "alice", shown, "size", ["big"])
        await club.wait_until(lambda: chosen.answer)
        await club.wait_until(lambda: chosen.made)
        again = await club.press("general", "bob", shown, "again")
        await club.wait_until(lambda: again.answer)
        texts = club.texts("general", "alice")
        later = await club.press("general", "bob", shown, "later")
        await club.wait_until(lambda: () == club.message("general", shown).controls)

    assert ["Chosen again", "big it is"] == texts
    assert "Chosen later" == club.message("general", shown).content
    assert [shown.id] == later.made


async def test_only_what_can_be_pressed_is_pressed(club: Discord) -> None:
    """Disabled buttons, unknown ones, and choices that a menu does not offer."""
    async with connected(club, bot(), sync=True):
        asked = await club.slash("general", "bob", "buttons")
        await club.wait_until(lambda: asked.answer)
        shown = club.response(asked)
        assert shown is not None
        for custom_id, values in (("off", ()), ("nothing", ()), ("size", ("huge",)), ("size", ())):
            with pytest.raises(Impossible):
                await club.press("general", "bob", shown, custom_id, values)


async def test_a_modal_is_filled_in_and_sent_off(club: Discord) -> None:
    """The client checks the fields before anything is sent."""
    async with connected(club, bot(), sync=True):
        asked = await club.slash("general", "bob", "feedback")
        await club.wait_until(lambda: asked.modal)
        with pytest.raises(Impossible):
            await club.submit_modal(asked, {"words": "x"})
        sent = await club.submit_modal(asked, {"words": "well done"})

        assert "You wrote well done" == await _answered(club, sent)


async def test_a_message_command_carries_its_message(club: Discord) -> None:
    """Its content comes along even without the Message Content intent."""
    club.application.message_content = False
    client = bot()
    client._connection._intents.message_content = False
    async with connected(club, client, sync=True):
        said = await club.say("general", "alice", "a riddle")
        asked = await club.pick("general", "bob", "Explain this", said)

        assert "It says a riddle." == await _answered(club, asked)


async def test_commands_work_in_dms(club: Discord) -> None:
    """There the asker is a user without a guild."""
    async with connected(club, bot(), sync=True):
        asked = await club.slash(club.dm("bob"), "bob", "model", {"name": "owl-1"})

        assert "owl-1 1" == await _answered(club, asked)


async def test_layouts_replace_all_other_content(club: Discord) -> None:
    """A LayoutView's text stands in its components; its buttons work at any depth."""

    class Layout(discord.ui.LayoutView):
        box: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay("# Usage"))
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow()

        @row.button(label="More", custom_id="more")
        async def more(self, asked: discord.Interaction[Any], _: discord.ui.Button[Any]) -> None:
            await asked.response.edit_message(view=Layout())

    async with connected(club, bot()) as client:
        message = await client.sendable(club.channel("general").id).send(view=Layout())
        pressed = await club.press("general", "bob", message.id, "more")
        await club.wait_until(lambda: pressed.answer)
        with pytest.raises(discord.HTTPException) as caught:
            await message.edit(content="text beside it")

    assert 50035 == caught.value.code
    assert 'In content: The "content" field cannot be used' in caught.value.text
    assert "# Usage" == club.message("general", message.id).components[0]["components"][0]["content"]


async def test_an_interaction_is_answered_once(club: Discord) -> None:
    """The second callback is refused by Discord, whatever the library would do."""
    client = bot()
    codes: list[int] = []

    async def twice(asked: Asked) -> None:
        await asked.response.send_message("one")
        asked.response._response_type = None
        with pytest.raises(discord.HTTPException) as caught:
            await asked.response.send_message("two")
        codes.append(caught.value.code)
        club.world.changes.notify()

    client.tree.get_command("silent")._callback = twice  # type: ignore[union-attr]
    async with connected(club, client, sync=True):
        await club.slash("general", "bob", "silent")
        await club.wait_until(lambda: codes)

    assert [40060] == codes
    assert ["one"] == club.texts("general")


async def test_a_token_dies_after_its_time(club: Discord) -> None:
    """After fifteen minutes the answer can only go on as a message of the channel."""
    client = bot()
    codes: list[int] = []

    async def slow(asked: Asked) -> None:
        await asked.response.send_message("one")
        club.rules.token_seconds = 0
        with pytest.raises(discord.HTTPException) as caught:
            await asked.edit_original_response(content="two")
        codes.append(caught.value.code)
        await asked.channel.send("two")  # type: ignore[union-attr]

    client.tree.get_command("silent")._callback = slow  # type: ignore[union-attr]
    async with connected(club, client, sync=True):
        await club.slash("general", "bob", "silent")
        await club.wait_until(lambda: 2 == len(club.texts("general")))

    assert [50027] == codes
    assert ["one", "two"] == club.texts("general")

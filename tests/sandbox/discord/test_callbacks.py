"""Answering interactions by hand: what Discord takes, and what it refuses to a library that would not ask."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.discord.server import Discord
from sandbox.discord.state import Interaction
from tests.sandbox.discord.conftest import Answer, Raw, only_error

PATH = "/interactions/{0.id}/{0.token}/callback"


@pytest.fixture
async def asked(club: Discord, raw: Raw) -> Interaction:
    """Bob's /ask, waiting for an answer."""
    option = {"name": "prompt", "description": "x", "type": 3, "autocomplete": True}
    command = {"name": "ask", "description": "Ask", "options": [option]}
    await raw("PUT", f"/applications/{club.application.id}/commands", [command])
    return await club.slash("general", "bob", "ask", {"prompt": "why"})


async def callback(raw: Raw, asked: Interaction, body: Any, query: str = "") -> Answer:
    return await raw("POST", PATH.format(asked) + query, body)


def webhook(club: Discord, asked: Interaction, more: str = "") -> str:
    return f"/webhooks/{club.application.id}/{asked.token}{more}"


async def test_an_answer_tells_what_came_of_it_if_asked(club: Discord, raw: Raw, asked: Interaction) -> None:
    """204 without `with_response`, the message with it."""
    body = {"type": 4, "data": {"content": "because", "flags": 64}}
    told = await callback(raw, asked, body, "?with_response=true")
    other = await club.slash("general", "bob", "ask", {})
    silent = await callback(raw, other, body)

    assert (200, "because") == (told.status, told.body["resource"]["message"]["content"])
    assert told.body["interaction"]["response_message_ephemeral"]
    assert (204, "") == (silent.status, silent.body)


@pytest.mark.parametrize(
    ("code", "path", "body"),
    [
        ("BASE_TYPE_REQUIRED", "type", {}),
        ("BASE_TYPE_CHOICES", "type", {"type": 7, "data": {"content": "x"}}),
        ("BASE_TYPE_CHOICES", "type", {"type": 8, "data": {"choices": []}}),
        ("BASE_TYPE_REQUIRED", "data", {"type": 4}),
        ("BASE_TYPE_MAX_LENGTH", "content", {"type": 4, "data": {"content": "x" * 2001}}),
        ("BASE_TYPE_BAD_LENGTH", "title", {"type": 9, "data": {"custom_id": "m", "title": "x" * 46, "components": []}}),
    ],
)
async def test_a_callback_is_refused_where_it_is_wrong(
    raw: Raw, asked: Interaction, code: str, path: str, body: dict[str, Any]
) -> None:
    """Afterwards the interaction still waits: a right answer is taken."""
    answer = await callback(raw, asked, body)
    right = await callback(raw, asked, {"type": 5})
    found = answer.body["errors"][path]["_errors"]

    assert (400, code) == (answer.status, found[0]["code"])
    assert 204 == right.status


async def test_suggestions_fit_their_option(club: Discord, raw: Raw) -> None:
    """Twenty-five at most, and of the option's type; afterwards right ones are still taken."""
    option = {"name": "count", "description": "x", "type": 4, "autocomplete": True}
    command = {"name": "ask", "description": "Ask", "options": [option]}
    await raw("PUT", f"/applications/{club.application.id}/commands", [command])
    typing = asyncio.create_task(club.autocomplete("general", "bob", "ask", "count", "1"))
    await club.wait_until(lambda: club.world.interactions)
    (asked,) = club.world.interactions.values()
    text, many, right = [
        await callback(raw, asked, {"type": 8, "data": {"choices": choices}})
        for choices in ([{"name": "x", "value": "x"}], [{"name": "x", "value": 1}] * 26, [{"name": "ten", "value": 10}])
    ]

    assert "NUMBER_TYPE_COERCE" == only_error(text, "choices", "0", "value")
    assert "BASE_TYPE_MAX_LENGTH" == only_error(many, "choices")
    assert (204, [{"name": "ten", "value": 10}]) == (right.status, await typing)


async def test_nothing_follows_before_the_first_answer(club: Discord, raw: Raw, asked: Interaction) -> None:
    """The webhook exists once the interaction was acknowledged."""
    answer = await raw("POST", webhook(club, asked), {"content": "early"})

    assert (404, 10015) == (answer.status, answer.body["code"])


async def test_the_first_follow_up_takes_the_place_of_thinking(club: Discord, raw: Raw, asked: Interaction) -> None:
    """Deprecated, but it is what happens: one message, and it stays as private as the deferral said."""
    await callback(raw, asked, {"type": 5, "data": {"flags": 64}})
    first = await raw("POST", webhook(club, asked), {"content": "here"})
    second = await raw("POST", webhook(club, asked), {"content": "more"})
    original = await raw("GET", webhook(club, asked, "/messages/@original"))

    assert first.body["id"] == original.body["id"] != second.body["id"]
    assert (64, 0) == (first.body["flags"], second.body["flags"])
    assert first.body["edited_timestamp"] is None


async def test_messages_of_a_token_are_its_own(club: Discord, raw: Raw, asked: Interaction) -> None:
    """Neither another's message nor a deleted one is found by it."""
    await callback(raw, asked, {"type": 4, "data": {"content": "one"}})
    said = await club.say("general", "bob", "mine")
    strange = await raw("PATCH", webhook(club, asked, f"/messages/{said.id}"), {"content": "x"})
    removed = await raw("DELETE", webhook(club, asked, "/messages/@original"))
    gone = await raw("GET", webhook(club, asked, "/messages/@original"))

    assert (404, 10008) == (strange.status, strange.body["code"])
    assert (204, 404, 10008) == (removed.status, gone.status, gone.body["code"])


async def test_an_answer_needs_no_permission_but_pings_users_only(club: Discord, raw: Raw, asked: Interaction) -> None:
    """What the bot may not do in the channel, an answer may; @everyone it never wakes by itself."""
    content = f"@everyone {club.people['alice'].mention}"
    await callback(raw, asked, {"type": 4, "data": {"content": content}})
    (message,) = club.messages("general")

    assert (False, (club.people["alice"].id,)) == (message.mention_everyone, message.mentions)


async def test_a_modal_needs_fields_with_names_of_their_own(raw: Raw, asked: Interaction) -> None:
    """Two inputs of one id could not be told apart."""
    field = {"type": 4, "custom_id": "a", "style": 1, "label": "A"}
    rows = [{"type": 1, "components": [field]}] * 2
    answer = await callback(raw, asked, {"type": 9, "data": {"custom_id": "m", "title": "M", "components": rows}})

    assert "COMPONENT_CUSTOM_ID_DUPLICATED" == only_error(answer, "components")

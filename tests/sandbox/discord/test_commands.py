"""Registering commands: what Discord stores, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.discord.server import Discord
from tests.sandbox.discord.conftest import Raw, only_error


def command(name: str = "ask", *options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": name, "description": "Ask", "type": 1, "options": list(options), **changes}


def option(name: str = "prompt", **changes: Any) -> dict[str, Any]:
    return {"name": name, "description": "What", "type": 3, **changes}


def path(club: Discord) -> str:
    return f"/applications/{club.application.id}/commands"


async def test_a_renewed_list_keeps_the_ids_of_known_names(club: Discord, raw: Raw) -> None:
    """The bot registers its commands at each start; nothing changes for people."""
    first = await raw("PUT", path(club), [command("ask"), command("left")])
    second = await raw("PUT", path(club), [command("left"), command("new")])
    listed = await raw("GET", path(club))

    assert first.body[1]["id"] == second.body[0]["id"]
    assert ["left", "new"] == [each["name"] for each in listed.body]


async def test_single_commands_come_change_and_go(club: Discord, raw: Raw) -> None:
    """The calls for one command, with the statuses that tell a new one from a known one."""
    new = await raw("POST", path(club), command())
    same = await raw("POST", path(club), command(description="Ask me"))
    changed = await raw("PATCH", f"{path(club)}/{new.body['id']}", {"description": "Ask us"})
    removed = await raw("DELETE", f"{path(club)}/{new.body['id']}")

    assert (201, 200) == (new.status, same.status)
    assert ("Ask us", new.body["id"]) == (changed.body["description"], changed.body["id"])
    assert (204, {}) == (removed.status, club.world.commands[None])


async def test_a_guild_has_commands_of_its_own(club: Discord, raw: Raw) -> None:
    """They hide global ones of the same name, and are not offered in DMs."""
    guild = f"/applications/{club.application.id}/guilds/{club.guild.id}/commands"
    await raw("PUT", path(club), [command("ask"), command("left", contexts=[0], integration_types=[0])])
    await raw("PUT", guild, [command("ask", description="Ask here")])
    elsewhere = await raw("PUT", guild.replace(str(club.guild.id), "1"), [])

    assert {"ask": "Ask here", "left": "Ask"} == {
        each["name"]: each["description"] for each in club.commands("general", "bob")
    }
    assert ["ask"] == [each["name"] for each in club.commands(club.dm("bob"), "bob")]
    assert (403, 50001) == (elsewhere.status, elsewhere.body["code"])


async def test_another_applications_commands_are_not_ours(raw: Raw) -> None:
    """The id in the path must be the bot's own."""
    answer = await raw("GET", "/applications/1/commands")

    assert (403, 20012) == (answer.status, answer.body["code"])


@pytest.mark.parametrize(
    ("code", "where", "wrong"),
    [
        ("APPLICATION_COMMAND_INVALID_NAME", "name", command("Ask")),
        ("APPLICATION_COMMAND_INVALID_NAME", "name", command("ask me")),
        ("BASE_TYPE_BAD_LENGTH", "name", command("a" * 33)),
        ("BASE_TYPE_BAD_LENGTH", "description", command(description="x" * 101)),
        ("BASE_TYPE_REQUIRED", "description", command(description=None)),
        ("BASE_TYPE_CHOICES", "type", command(type=9)),
        ("BASE_TYPE_MAX_LENGTH", "options", command("ask", *[option(f"o{n}") for n in range(26)])),
        ("APPLICATION_COMMAND_INVALID_NAME", "options 0 name", command("ask", option("Prompt"))),
        ("BASE_TYPE_REQUIRED", "options 0 description", command("ask", option(description=None))),
        (
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "options 1",
            command("ask", option(), option("other", required=True)),
        ),
        ("APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "options 1 name", command("ask", option(), option())),
        (
            "BASE_TYPE_MAX_LENGTH",
            "options 0 choices",
            command("ask", option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])),
        ),
        (
            "BASE_TYPE_MAX_LENGTH",
            "options 0 choices 0 value",
            command("ask", option(choices=[{"name": "x", "value": "x" * 101}])),
        ),
        (
            "NUMBER_TYPE_COERCE",
            "options 0 choices 0 value",
            command("ask", option(type=4, choices=[{"name": "x", "value": "x"}])),
        ),
        (
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AND_AUTOCOMPLETE",
            "options 0 autocomplete",
            command("ask", option(autocomplete=True, choices=[{"name": "x", "value": "x"}])),
        ),
        (
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "options",
            command("ask", option(), {"name": "sub", "description": "x", "type": 1}),
        ),
        (
            "BASE_TYPE_CHOICES",
            "options 0 options 0 type",
            command("key", {"name": "issue", "description": "x", "type": 1, "options": [option(type=1)]}),
        ),
        (
            "APPLICATION_COMMAND_TOO_LARGE",
            "",
            command(
                "ask",
                *[
                    option(f"o{n}", choices=[{"name": f"{m}" * 50, "value": f"{m}" * 100} for m in range(9)])
                    for n in range(6)
                ],
            ),
        ),
    ],
)
async def test_a_command_is_refused_where_it_is_wrong(
    club: Discord, raw: Raw, code: str, where: str, wrong: dict[str, Any]
) -> None:
    """One wrong command refuses the whole list, and names itself by its number."""
    answer = await raw("PUT", path(club), [command("fine"), wrong])

    assert code == only_error(answer, "1", *where.split())
    assert {} == club.world.commands[None]


async def test_names_are_unique_by_type(club: Discord, raw: Raw) -> None:
    """A slash command and a menu command may share a name, two slash commands may not."""
    mixed = await raw("PUT", path(club), [command(), {"name": "ask", "type": 3}])
    doubled = await raw("PUT", path(club), [command(), command()])

    assert 200 == mixed.status
    assert "APPLICATION_COMMANDS_DUPLICATE_NAME" == only_error(doubled, "1")


async def test_names_may_be_of_any_script(club: Discord, raw: Raw) -> None:
    """Letters without case and marks of Devanagari and Thai are all right."""
    answer = await raw("PUT", path(club), [command(name) for name in ("質問", "पूछें", "ถาม", "l'eau-2")])

    assert 200 == answer.status


async def test_commands_are_counted(club: Discord, raw: Raw) -> None:
    """A hundred in all, and so many new ones in a day."""
    many = await raw("PUT", path(club), [command(f"c{n}") for n in range(101)])
    club.rules.command_creates_per_day = 3
    first = await raw("PUT", path(club), [command("a"), command("b")])
    second = await raw("PUT", path(club), [command("c"), command("d")])

    assert (400, 30032) == (many.status, many.body["code"])
    assert (200, 429, 30034) == (first.status, second.status, second.body["code"])

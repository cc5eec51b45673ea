"""Options of slash commands: from what was registered to fields, and from what was typed to values."""

import pytest

from sandbox.discord.clients import Impossible
from sandbox.discord.server import Discord
from sandbox.page.discord import commands
from sandbox.page.options import typed

KEY = {
    "id": "1",
    "type": 1,
    "name": "key",
    "description": "Keys",
    "default_member_permissions": None,
    "dm_permission": True,
    "contexts": None,
    "options": [
        {
            "type": 1,
            "name": "issue",
            "description": "Issue a key",
            "options": [
                {"type": 6, "name": "whom", "description": "For whom", "required": True},
                {"type": 4, "name": "tokens", "description": "How many"},
                {"type": 5, "name": "quiet", "description": "Tell nobody"},
                {"type": 7, "name": "where", "description": "Where it holds"},
                {"type": 8, "name": "role", "description": "Which role"},
                {"type": 11, "name": "picture", "description": "A picture"},
            ],
        }
    ],
}


@pytest.fixture
def club() -> Discord:
    discord = Discord()
    discord.world.commands[None][1] = KEY
    return discord


def test_a_sub_command_is_a_command_by_itself(club: Discord) -> None:
    """As in Discord's own list; people and places are offered by name, and files are left out."""
    (issue,) = commands(club, club.channel("general").id, "alice")

    assert "key issue" == issue["name"]
    assert ["whom", "tokens", "quiet", "where", "role"] == [option["name"] for option in issue["options"]]
    assert ["Alice", "Bob", "Parley"] == [choice["name"] for choice in issue["options"][0]["choices"]]
    assert ["#general", "#random"] == [choice["name"] for choice in issue["options"][3]["choices"]]
    assert "@everyone" == issue["options"][4]["choices"][0]["name"]


def test_what_was_typed_gets_its_type(club: Discord) -> None:
    """A person types text; the simulator wants what a client would have made of it."""
    bob, general = club.person("bob"), club.channel("general")
    role = club.guild.roles[club.guild.id]
    given = {
        "whom": str(bob.id),
        "tokens": "20",
        "quiet": "true",
        "where": str(general.id),
        "role": str(role.id),
    }

    assert {"whom": bob, "tokens": 20, "quiet": True, "where": general, "role": role} == typed(
        club, general.id, "alice", "key issue", given
    )


@pytest.mark.parametrize(
    "given", [{"tokens": "many"}, {"quiet": "perhaps"}, {"whom": "7"}, {"where": "nowhere"}, {"role": "7"}]
)
def test_what_cannot_be_is_refused_with_a_sentence(club: Discord, given: dict[str, str]) -> None:
    """The visitor reads it below the field."""
    with pytest.raises(Impossible, match="is not a value for"):
        typed(club, club.channel("general").id, "alice", "key issue", given)

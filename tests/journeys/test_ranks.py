"""Who runs a Discord server is left in peace by others who run it, whoever gives the commands."""

import re
from pathlib import Path

import pytest

from bot import owner
from bot.errors import Banned
from tests.journeys.stage import PATIENCE
from tests.journeys.town import Town, in_town

ACTS = ("ban", "unban", "client remove")
TOO_HIGH = "/{} for people who run this place is for the owner of this bot only."


async def own(town: Town, code: str) -> None:
    """Have Alice claim the bot."""
    dm = town.discord.dm("alice")
    await town.discord.say(dm, "alice", f"/claim {code}")
    await town.discord.wait_until(lambda: owner.YOURS in town.discord.texts(dm), PATIENCE)


async def test_those_who_run_a_server_do_not_ban_one_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An admin by role may ban a member, no other admin and not the server's owner; the bot's owner may."""
    async with in_town(tmp_path) as town:
        (code,) = {found[0] for found in map(re.compile(r"own(-\w{4}){4}").search, caplog.messages) if found}
        carol = town.discord.add_person("Carol", steward=True)
        keeper = town.discord.world.users[town.discord.guild.owner_id]
        for who in (carol, keeper):
            for act in ACTS:
                assert TOO_HIGH.format(act) == (await town.slash(act, user=who)).content
            refused = await town.slash("role", user=who, **{"is": "guest"})
            assert TOO_HIGH.format("role") == refused.content
        assert "Hoo." == await town.ask(who="carol")

        assert "gets no answers" in (await town.slash("ban", user=town.discord.person("bob"))).content
        assert Banned.for_user == await town.ask(who="bob")

        await own(town, code)
        assert "gets no answers" in (await town.slash("ban", user=carol)).content
        assert Banned.for_user == await town.ask(who="carol")

"""adapters.discord.ranks: who runs a server, asked by a process that is not connected to the gateway."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import discord
import pytest

from adapters.discord.client import Discord as Ours
from bot.access import Rank
from bot.chat import Key
from bot.commands.book import BOOK
from bot.errors import PlatformDown
from sandbox.discord.permissions import Permission
from sandbox.discord.server import Discord
from sandbox.discord.state import Guild, Role
from sandbox.faults import Fault
from tests.judge import Judge


@pytest.fixture
async def club(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord() as club:
        judge = Judge("discord", club.traffic)
        monkeypatch.setattr(discord.http.Route, "BASE", club.api_base)
        yield club
    assert [] == judge.violations


@asynccontextmanager
async def let_in(club: Discord) -> AsyncIterator[Ours]:
    """Our side as it is in a process that shows answers while another one listens."""
    ours = Ours(club.application.token, BOOK)
    ours._mouth = await ours._enter()
    async with ours._mouth:
        yield ours


def whom(club: Discord, user: int, guild: Guild | None = None) -> Key:
    return Key("discord", str(club.bot.id), str((guild or club.guild).id), "1", "", str(user))


def give(club: Discord, who: str, permission: Permission) -> None:
    """Give somebody a new role."""
    role = Role(club.world.snowflakes.next(), "New", int(permission))
    club.guild.roles[role.id] = role
    club.guild.members[club.person(who).id].roles += (role.id,)


def refuse(club: Discord, call: str, code: int, message: str) -> None:
    """Have the next such call forbidden."""
    club.faults.plan(Fault(call, 403, {"message": message, "code": code}))


async def test_who_runs_a_server_is_known(club: Discord) -> None:
    """Its owner, who needs no role; and by any of their roles those who may manage it, or may do everything."""
    club.add_person("Carol")
    club.add_person("Dave")
    give(club, "carol", Permission.ADMINISTRATOR)
    give(club, "dave", Permission.MANAGE_MESSAGES | Permission.BAN_MEMBERS)
    give(club, "dave", Permission.MENTION_EVERYONE)
    expected = {
        club.guild.owner_id: Rank.ADMIN,
        club.person("alice").id: Rank.ADMIN,
        club.person("carol").id: Rank.ADMIN,
        club.person("bob").id: Rank.USER,
        club.person("dave").id: Rank.USER,
    }
    async with let_in(club) as ours:
        ranks = {user: await ours.rank(whom(club, user)) for user in expected}

    assert expected == ranks


async def test_what_everybody_may_do_counts(club: Discord) -> None:
    """A server may let all of its members manage it."""
    club.guild.roles[club.guild.id] = Role(club.guild.id, "@everyone", int(Permission.MANAGE_GUILD))
    async with let_in(club) as ours:
        assert Rank.ADMIN is await ours.rank(whom(club, club.person("bob").id))


async def test_one_server_is_not_another(club: Discord) -> None:
    """Whoever runs one is a member like others next door."""
    hawks = club.add_guild("The Hawk Club")
    carol = club.add_person("Carol", hawks, steward=True)
    club.add_person("Carol")
    async with let_in(club) as ours:
        assert Rank.USER is await ours.rank(whom(club, carol.id))
        assert Rank.ADMIN is await ours.rank(whom(club, carol.id, hawks))


async def test_strangers_run_nothing(club: Discord) -> None:
    """Somebody who has left, nobody at all, a server that there is not, and one that threw us out."""
    hawks, crows = club.add_guild("The Hawk Club"), Guild(1, "Nowhere", 1)
    eve = club.add_person("Eve", hawks, steward=True)
    club.kick_bot(hawks)
    async with let_in(club) as ours:
        ranks = [
            await ours.rank(whom(club, user, guild))
            for user, guild in ((eve.id, club.guild), (1, club.guild), (1, crows), (eve.id, hawks))
        ]

    assert [Rank.USER] * 4 == ranks


async def test_being_thrown_out_in_between_is_no_trouble(club: Discord) -> None:
    """The server was still shown to us, its members are not."""
    async with let_in(club) as ours:
        refuse(club, "GET /guilds/*/members/*", 50001, "Missing Access")
        assert Rank.USER is await ours.rank(whom(club, club.person("alice").id))


@pytest.mark.parametrize(
    "trouble",
    [lambda club: club.world.reset_token(), lambda club: refuse(club, "GET /guilds/*", 50013, "Missing Permissions")],
    ids=["token", "permission"],
)
async def test_who_cannot_be_looked_up_is_no_mere_member(club: Discord, trouble: Callable[[Discord], None]) -> None:
    """Else an admin could be banned while Discord is in trouble; the command waits instead."""
    async with let_in(club) as ours:
        trouble(club)
        with pytest.raises(PlatformDown):
            await ours.rank(whom(club, club.person("alice").id))


async def test_discord_out_of_reach_is_told_as_such(club: Discord) -> None:
    """When it went away, and before it let us in."""
    async with let_in(club) as ours:
        await club.stop()
        for each in (ours, Ours(club.application.token, BOOK)):
            with pytest.raises(PlatformDown):
                await each.rank(whom(club, club.person("alice").id))

"""The HTTP calls about the bot's commands: for everybody, or for one guild."""

from __future__ import annotations

from aiohttp import web

from sandbox.discord import commands
from sandbox.discord.errors import Problems, missing_access, unknown
from sandbox.discord.routing import Call, Route, answer, nothing

_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"


def _scope(call: Call) -> int | None:
    """
    The guild whose commands are meant, None for the global ones.

    Raises:
        ApiError: 20012 for another application; 50001 for a guild without the bot.
    """
    call.own()
    if "guild_id" not in call.request.match_info:
        return None
    number = call.number("guild_id")
    guild = call.world.guilds.get(number)
    if guild is None or call.world.bot.id not in guild.members:
        raise missing_access()
    return number


def _known(call: Call, scope: int | None) -> int:
    number = call.number("command_id")
    if number not in call.world.commands.get(scope, {}):
        raise unknown("application command")
    return number


async def listed(call: Call) -> web.Response:
    return answer([*call.world.commands.get(_scope(call), {}).values()])


async def replaced(call: Call) -> web.Response:
    scope = _scope(call)
    forms = (await call.body()).forms()
    problems = forms[0].problems if forms else Problems()
    return answer(commands.replace_all(call.world, scope, forms, problems))


async def added(call: Call) -> web.Response:
    scope = _scope(call)
    command, new = commands.upsert(call.world, scope, (await call.body()).form())
    return answer(command, 201 if new else 200)


async def one(call: Call) -> web.Response:
    scope = _scope(call)
    return answer(call.world.commands[scope][_known(call, scope)])


async def changed(call: Call) -> web.Response:
    scope = _scope(call)
    number = _known(call, scope)
    return answer(commands.change(call.world, scope, number, (await call.body()).form()))


async def removed(call: Call) -> web.Response:
    scope = _scope(call)
    commands.remove(call.world, scope, _known(call, scope))
    return nothing()


ROUTES = tuple(
    route
    for path in (_GLOBAL, _GUILD)
    for route in (
        Route("GET", path, listed),
        Route("PUT", path, replaced),
        Route("POST", path, added),
        Route("GET", f"{path}/{{command_id}}", one),
        Route("PATCH", f"{path}/{{command_id}}", changed),
        Route("DELETE", f"{path}/{{command_id}}", removed),
    )
)

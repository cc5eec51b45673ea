"""The HTTP calls about what there is: the bot itself, its guilds, channels and members, the gateway's address."""

from __future__ import annotations

from aiohttp import web

from sandbox.discord import payloads
from sandbox.discord.errors import unknown
from sandbox.discord.routing import Call, Route, answer


async def me(call: Call) -> web.Response:
    return answer(payloads.me(call.world.bot))


async def application(call: Call) -> web.Response:
    return answer(payloads.application(call.world))


async def user(call: Call) -> web.Response:
    found = call.world.users.get(call.number("user_id"))
    if found is None:
        raise unknown("User")
    return answer(payloads.user(found))


async def my_guilds(call: Call) -> web.Response:
    mine = (guild for guild in call.world.guilds.values() if call.world.bot.id in guild.members)
    return answer([payloads.my_guild(call.world, guild) for guild in mine])


async def guild(call: Call) -> web.Response:
    """One without the bot seems not to exist, here alone: github.com/discord/discord-api-docs/issues/5840."""
    found = call.world.guilds.get(call.number("guild_id"))
    if found is None or call.world.bot.id not in found.members:
        raise unknown("Guild")
    return answer(payloads.guild(found))


async def roles(call: Call) -> web.Response:
    return answer([payloads.role(role) for role in call.guild().roles.values()])


async def channels(call: Call) -> web.Response:
    number = call.guild().id
    found = (each for each in call.world.channels.values() if each.guild_id == number and each.thread is None)
    return answer([payloads.channel(call.world, each) for each in found])


async def member(call: Call) -> web.Response:
    number = call.number("user_id")
    found = call.guild().members.get(number)
    if found is None:
        raise unknown("Member" if number in call.world.users else "User")
    return answer(payloads.member(found))


async def channel(call: Call) -> web.Response:
    return answer(payloads.channel(call.world, call.channel()))


async def gateway(call: Call) -> web.Response:
    return answer({"url": call.gateway.url})


async def gateway_for_bot(call: Call) -> web.Response:
    """docs.discord.com/developers/events/gateway#get-gateway-bot"""
    starts, rules = call.gateway.starts, call.world.rules
    limit = {
        "total": rules.starts_per_day,
        "remaining": starts.remaining,
        "reset_after": starts.reset_after(),
        "max_concurrency": rules.max_concurrency,
    }
    return answer({"url": call.gateway.url, "shards": rules.shards, "session_start_limit": limit})


ROUTES = (
    Route("GET", "/users/@me", me),
    Route("GET", "/users/@me/guilds", my_guilds),
    Route("GET", "/users/{user_id}", user),
    Route("GET", "/oauth2/applications/@me", application),
    Route("GET", "/applications/@me", application),
    Route("GET", "/guilds/{guild_id}", guild),
    Route("GET", "/guilds/{guild_id}/roles", roles),
    Route("GET", "/guilds/{guild_id}/channels", channels),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", member),
    Route("GET", "/channels/{channel_id}", channel),
    Route("GET", "/gateway", gateway, open=True),
    Route("GET", "/gateway/bot", gateway_for_bot),
)

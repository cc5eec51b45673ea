"""The HTTP calls about what is said: messages, reactions, typing, threads, files."""

from __future__ import annotations

from aiohttp import web

from sandbox.discord import drafts, message_payloads, payloads, places, posting
from sandbox.discord.bodies import Body
from sandbox.discord.drafts import Draft
from sandbox.discord.errors import (
    ApiError,
    cannot_message_user,
    missing_permissions,
    no_mutual_guilds,
    not_yours,
)
from sandbox.discord.events import Typing
from sandbox.discord.forms import Form, path_id
from sandbox.discord.permissions import Permission
from sandbox.discord.routing import Call, Route, answer, nothing, require
from sandbox.discord.state import SYSTEM, Channel, Kind, Message
from sandbox.discord.world import World

_MESSAGE = "/channels/{channel_id}/messages/{message_id}"


async def history(call: Call) -> web.Response:
    """Newest first, 50 unless told; who may not read the history sees none of it."""
    channel = call.channel()
    found = [each for each in channel.messages.values() if not each.ephemeral]
    found = _window(call, sorted(found, key=lambda each: each.id), _limit(call))
    if Permission.READ_MESSAGE_HISTORY not in call.world.permissions(call.world.bot.id, channel):
        found = []
    return answer([message_payloads.for_bot(call.world, each) for each in reversed(found)])


def _limit(call: Call) -> int:
    form = Body({"limit": call.request.query.get("limit", "50")}).form()
    limit = form.integer("limit", least=1, most=100)
    form.problems.check()
    return limit or 50


def _window(call: Call, found: list[Message], limit: int) -> list[Message]:
    query = {name: path_id(name, value) for name, value in call.request.query.items() if name in _PLACES}
    if "after" in query:
        return [each for each in found if each.id > query["after"]][:limit]
    if "around" in query:
        older = [each for each in found if each.id < query["around"]][-(limit // 2) :]
        newer = [each for each in found if each.id >= query["around"]]
        return older + newer[: limit - len(older)]
    return [each for each in found if each.id < query.get("before", 1 << 64)][-limit:]


_PLACES = ("before", "after", "around")


async def one(call: Call) -> web.Response:
    message = call.message(call.channel(Permission.READ_MESSAGE_HISTORY))
    return answer(message_payloads.for_bot(call.world, message))


async def create(call: Call) -> web.Response:
    channel = call.channel()
    _check_may_send(call.world, channel)
    draft = drafts.read(await call.body(), drafts.IN_CHANNEL)
    _check_may_include(call.world, channel, draft)
    message = posting.post(call.world, channel, call.world.bot, draft)
    return answer(message_payloads.created(call.world, message))


def _check_may_send(world: World, channel: Channel) -> None:
    """
    Refuse to write where the bot may not.

    Raises:
        ApiError: 50013; in a DM 50007 for somebody who blocked the bot or a bot, 50278 without a mutual guild.
    """
    if channel.kind is Kind.DM:
        other = next(world.users[each] for each in channel.people if each != world.bot.id)
        if other.id in world.blocked or other.bot:
            raise cannot_message_user()
        if not world.mutual_guild(other):
            raise no_mutual_guilds()
    require(world, channel, _send(channel))


def _send(channel: Channel) -> Permission:
    return Permission.SEND_MESSAGES if channel.thread is None else Permission.SEND_MESSAGES_IN_THREADS


def _check_may_include(world: World, channel: Channel, draft: Draft) -> None:
    allowed = world.permissions(world.bot.id, channel)
    if draft.reply and Permission.READ_MESSAGE_HISTORY not in allowed:
        raise ApiError(400, 160002, "Cannot reply without permission to read message history")
    if draft.files and Permission.ATTACH_FILES not in allowed:
        raise missing_permissions()
    if draft.embeds and Permission.EMBED_LINKS not in allowed:
        raise missing_permissions()
    if draft.tts and Permission.SEND_TTS_MESSAGES not in allowed:
        raise missing_permissions()


async def edit(call: Call) -> web.Response:
    channel = call.channel()
    message = call.message(channel)
    if message.author != call.world.bot:
        raise not_yours()
    if message.type in SYSTEM:
        raise ApiError(403, 50021, "Cannot execute action on a system message")
    draft = drafts.read(await call.body(), drafts.IN_EDIT, message.flags)
    return answer(message_payloads.message(call.world, posting.edit(call.world, message, draft)))


async def delete(call: Call) -> web.Response:
    channel = call.channel()
    message = call.message(channel)
    if message.author != call.world.bot:
        if channel.kind is Kind.DM:
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
        require(call.world, channel, Permission.MANAGE_MESSAGES)
    posting.remove(call.world, message)
    return nothing()


async def typing(call: Call) -> web.Response:
    channel = call.channel()
    _check_may_send(call.world, channel)
    call.world.emit(Typing(channel, call.world.bot))
    return nothing()


async def react(call: Call) -> web.Response:
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    message, emoji = call.message(channel), _emoji(call)
    if emoji not in message.reactions:
        require(call.world, channel, Permission.ADD_REACTIONS)
    posting.react(call.world, message, call.world.bot, emoji)
    return nothing()


async def unreact(call: Call) -> web.Response:
    message = call.message(call.channel())
    posting.unreact(call.world, message, call.world.bot, _emoji(call))
    return nothing()


def _emoji(call: Call) -> str:
    """There are no custom emoji here, so whatever is spelt in ASCII is none."""
    emoji = call.text("emoji")
    if emoji.isascii():
        raise ApiError(400, 10014, "Unknown Emoji")
    return emoji


async def thread_from(call: Call) -> web.Response:
    """Open a thread at a message."""
    parent = _parent(call, Permission.CREATE_PUBLIC_THREADS)
    start = call.message(parent)
    form = (await call.body()).form()
    name, minutes = _thread_fields(form)
    form.problems.check()
    thread = places.open_thread(call.world, parent, call.world.bot, name, start=start, minutes=minutes)
    return answer(payloads.channel(call.world, thread), 201)


async def thread_without(call: Call) -> web.Response:
    """Open a thread at no message: a private one unless told otherwise."""
    form = (await call.body()).form()
    private = form.choice("type", (Kind.PUBLIC_THREAD, Kind.PRIVATE_THREAD)) != Kind.PUBLIC_THREAD
    name, minutes = _thread_fields(form)
    parent = _parent(call, Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS)
    form.problems.check()
    thread = places.open_thread(call.world, parent, call.world.bot, name, private=private, minutes=minutes)
    return answer(payloads.channel(call.world, thread), 201)


def _parent(call: Call, needed: Permission) -> Channel:
    parent = call.channel(needed)
    if parent.kind is not Kind.TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return parent


def _thread_fields(form: Form) -> tuple[str, int]:
    name = form.text("name", least=1, most=100, required=True) or ""
    return name, form.choice("auto_archive_duration", (60, 1440, 4320, 10080)) or 4320


async def join_thread(call: Call) -> web.Response:
    channel = call.channel()
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    channel.thread.members.add(call.world.bot.id)
    return nothing()


async def active_threads(call: Call) -> web.Response:
    guild, world = call.guild(), call.world
    threads = [
        each
        for each in world.channels.values()
        if each.guild_id == guild.id and each.thread and not each.thread.archived and world.sees(world.bot.id, each)
    ]
    joined = [each for each in threads if each.thread and world.bot.id in each.thread.members]
    return answer(
        {
            "threads": [payloads.channel(world, each) for each in threads],
            "members": [payloads.thread_member(each, world.bot) for each in joined],
            "has_more": False,
        }
    )


async def open_dm(call: Call) -> web.Response:
    """The DM with a user; there is only ever one."""
    form = (await call.body()).form()
    recipient = form.snowflake("recipient_id", required=True)
    form.problems.check()
    user = call.world.users.get(recipient or 0)
    if user is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    if user == call.world.bot or user.bot:
        raise cannot_message_user()
    return answer(payloads.channel(call.world, call.world.dm(user)))


ROUTES = (
    Route("GET", "/channels/{channel_id}/messages", history),
    Route("POST", "/channels/{channel_id}/messages", create),
    Route("GET", _MESSAGE, one),
    Route("PATCH", _MESSAGE, edit),
    Route("DELETE", _MESSAGE, delete),
    Route("PUT", f"{_MESSAGE}/reactions/{{emoji}}/@me", react),
    Route("DELETE", f"{_MESSAGE}/reactions/{{emoji}}/@me", unreact),
    Route("POST", f"{_MESSAGE}/threads", thread_from),
    Route("POST", "/channels/{channel_id}/threads", thread_without),
    Route("PUT", "/channels/{channel_id}/thread-members/@me", join_thread),
    Route("POST", "/channels/{channel_id}/typing", typing),
    Route("GET", "/guilds/{guild_id}/threads/active", active_threads),
    Route("POST", "/users/@me/channels", open_dm),
)

"""The methods by which the bot receives: updates, answers to buttons, files."""

import re
from urllib.parse import urlsplit

from sandbox.telegram.errors import bad_request, conflict
from sandbox.telegram.files import DOWNLOAD_LIMIT, facts
from sandbox.telegram.parameters import Call
from sandbox.telegram.state import Json, Toast
from sandbox.telegram.updates import LONGEST_POLL
from sandbox.telegram.webhook import Target
from sandbox.telegram.world import World

TOAST_LIMIT = 200
"""Characters; core.telegram.org/bots/api#answercallbackquery."""
SECRET_LIMIT = 256
"""Characters; core.telegram.org/bots/api#setwebhook."""

_SECRET = re.compile(r"[A-Za-z0-9_-]*")


async def get_updates(world: World, call: Call) -> list[Json]:
    if world.webhook.target:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    world.updates.allow(call.json("allowed_updates", "allowed_updates"))
    limit = call.integer("limit", 100, 1, 100)
    seconds = call.integer("timeout", 0, 0, LONGEST_POLL)
    return await world.updates.poll(call.integer("offset"), limit, seconds)


async def set_webhook(world: World, call: Call) -> bool:
    target = _target(call)
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    if target:
        world.updates.end_poll("terminated by setWebhook request")
        world.updates.allow(call.json("allowed_updates", "allowed_updates"))
    await world.webhook.set(target)
    return True


def _target(call: Call) -> Target | None:
    """The real one demands https and an address of the open internet; ours never leaves this machine."""
    url, secret = call.text("url"), call.text("secret_token")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad_request("invalid webhook URL specified")
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise bad_request("bad webhook: the sandbox delivers to 127.0.0.1 only")
    if len(secret) > SECRET_LIMIT:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    return Target(url, secret, call.integer("max_connections", 40, 1, 100))


async def delete_webhook(world: World, call: Call) -> bool:
    if call.flag("drop_pending_updates"):
        world.updates.clear()
    await world.webhook.set(None)
    return True


async def get_webhook_info(world: World, _: Call) -> Json:
    target = world.webhook.target
    body: Json = {
        "url": target.url if target else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.pending),
    }
    if target:
        body["max_connections"] = target.max_connections
    if world.webhook.last_error:
        body["last_error_date"], body["last_error_message"] = world.webhook.last_error
    if world.updates.allowed:
        body["allowed_updates"] = list(world.updates.allowed)
    return body


async def answer_callback_query(world: World, call: Call) -> bool:
    if len(call.text("text")) > TOAST_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    query = world.queries.pop(call.text("callback_query_id"), None)
    if query is None or query.expires < world.clock():
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    toast = Toast(call.text("text"), call.flag("show_alert"), call.text("url"))
    if not query.answer.done():
        query.answer.set_result(toast)
    shown = {"text": toast.text, "alert": toast.alert, "url": toast.url}
    world.feed.publish("answer", query.chat, person=query.person.id, message_id=query.message, **shown)
    return True


async def get_file(world: World, call: Call) -> Json:
    file = world.files.by_id.get(call.text("file_id"))
    if not call.text("file_id"):
        raise bad_request("file_id not specified")
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(file.data) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {**facts(file), "file_path": file.path}

"""The HTTP calls that answer an interaction. They carry its token, so they need none of the bot's."""

from __future__ import annotations

from aiohttp import web

from sandbox.discord import interactions, message_payloads, posting
from sandbox.discord.interactions import MESSAGE, UPDATE
from sandbox.discord.routing import Call, Route, answer, nothing
from sandbox.discord.state import Interaction, Json, Message

_WEBHOOK = "/webhooks/{webhook_id}/{token}"
_BUCKET = "interaction webhook"


async def callback(call: Call) -> web.Response:
    """Acknowledge; with `with_response` the answer says what came of it."""
    asked = interactions.waiting(call.world, call.number("interaction_id"), call.text("token"))
    message = interactions.acknowledge(call.world, asked, await call.body())
    if call.request.query.get("with_response", "").lower() not in ("1", "true"):
        return nothing()
    return answer(_outcome(call, asked, message))


def _outcome(call: Call, asked: Interaction, message: Message | None) -> Json:
    """docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback"""
    shown: Json = {"id": str(asked.id), "type": int(asked.kind)}
    if message is None:
        return {"interaction": shown}
    shown |= {
        "response_message_id": str(message.id),
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral,
    }
    outcome: Json = {"interaction": shown}
    if asked.answer in (MESSAGE, UPDATE):
        made = message_payloads.message(call.world, message)
        outcome["resource"] = {"type": asked.answer, "message": made}
    return outcome


def _asked(call: Call) -> Interaction:
    return interactions.answered(call.world, call.number("webhook_id"), call.text("token"))


def _made(call: Call) -> Message:
    number = call.number("message_id") if "message_id" in call.request.match_info else None
    return interactions.made(call.world, _asked(call), number)


def _shown(call: Call, message: Message) -> web.Response:
    return answer(message_payloads.message(call.world, message))


async def follow_up(call: Call) -> web.Response:
    return _shown(call, interactions.follow_up(call.world, _asked(call), await call.body()))


async def one(call: Call) -> web.Response:
    return _shown(call, _made(call))


async def change(call: Call) -> web.Response:
    return _shown(call, interactions.change(call.world, _made(call), await call.body()))


async def remove(call: Call) -> web.Response:
    posting.remove(call.world, _made(call))
    return nothing()


ROUTES = (
    Route("POST", "/interactions/{interaction_id}/{token}/callback", callback, open=True, limited=False),
    Route("POST", _WEBHOOK, follow_up, _BUCKET, open=True),
    *(
        route
        for path in (f"{_WEBHOOK}/messages/@original", f"{_WEBHOOK}/messages/{{message_id}}")
        for route in (
            Route("GET", path, one, open=True),
            Route("PATCH", path, change, _BUCKET, open=True),
            Route("DELETE", path, remove, open=True),
        )
    ),
)

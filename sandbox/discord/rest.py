"""Discord's HTTP API: every call through the same gate, in the order in which Discord looks at things."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from sandbox.discord import message_payloads, rest_commands, rest_interactions, rest_messages, rest_world
from sandbox.discord.connections import connect
from sandbox.discord.counts import Counts
from sandbox.discord.errors import ApiError, no_such_method, no_such_route, unauthorized
from sandbox.discord.gateway import Gateway
from sandbox.discord.limits import Limits
from sandbox.discord.routing import MAJOR, Call, Route, answer
from sandbox.discord.world import World
from sandbox.faults import Faults
from sandbox.traffic import Handler, Traffic

BASE = "/api/v10"
ROUTES = (*rest_world.ROUTES, *rest_messages.ROUTES, *rest_commands.ROUTES, *rest_interactions.ROUTES)

_INVALID = (401, 403, 429)


class Rest:
    """The web application, and what it counts."""

    def __init__(
        self, world: World, gateway: Gateway, limits: Limits, faults: Faults, traffic: Traffic, counts: Counts
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._faults = faults
        self._counts = counts
        self._limits = limits
        self.app = web.Application(client_max_size=0, middlewares=[traffic.middleware, self._edge])
        for route in ROUTES:
            self.app.router.add_route(route.method, BASE + route.path, self._serve(route))
        self.app.router.add_get("/attachments/{channel_id}/{attachment_id}/{name}", self._file)
        self.app.router.add_get("/gateway", partial(connect, gateway))

    @web.middleware
    async def _edge(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What every answer goes through: shut-out addresses, unknown routes, the exact content type, the counts."""
        if not request.path.startswith(BASE):
            return await handler(request)
        if self._limits.banned:
            response: web.StreamResponse = _banned(self._limits.banned)
        else:
            response = await _or_no_route(request, handler)
        if response.content_type == "application/json":
            response.charset = None
        self._count(response)
        return response

    def _count(self, response: web.StreamResponse) -> None:
        self._counts.statuses[response.status] += 1
        if response.status == 429:
            self._counts.limited += 1
        if response.status in _INVALID and response.headers.get("X-RateLimit-Scope") != "shared":
            self._counts.invalid += 1
            self._limits.count_invalid()
        self._world.changes.notify()

    def _serve(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            self._counts.calls[route.name] += 1
            return await self._faults.around(route.name, request, lambda: self._let_in(route, request))

        return serve

    async def _let_in(self, route: Route, request: web.Request) -> web.Response:
        """Let a call through unless its token or its limit forbids it; an error becomes Discord's answer."""
        headers: dict[str, str] = {}
        try:
            if not route.open:
                self._check_token(request)
                self._limits.take_any()
            if route.limited:
                headers = self._limits.take(route.bucket or route.name, _major(request))
            response = await route.handler(Call(self._world, self._gateway, request))
        except ApiError as error:
            response = refusal(error)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self._world.application.token}":
            raise unauthorized()

    async def _file(self, request: web.Request) -> web.Response:
        """The CDN: whoever has the address may download."""
        number = request.match_info["attachment_id"]
        found = self._world.attachments.get(int(number)) if number.isdigit() else None
        if found is None or str(found.channel_id) != request.match_info["channel_id"]:
            return web.Response(status=404, text="This content is no longer available.")
        shown = message_payloads.attachment(self._world, found)
        return web.Response(body=found.file.data, headers={"Content-Type": shown["content_type"]})


def refusal(error: ApiError) -> web.Response:
    response = answer(error.body, error.status)
    response.headers.update(error.headers)
    return response


async def _or_no_route(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        return refusal(no_such_method(error.headers.get("Allow", "")))
    except web.HTTPNotFound:
        return refusal(no_such_route())


def _major(request: web.Request) -> str:
    return "/".join(request.match_info[name] for name in MAJOR if name in request.match_info)


def _banned(seconds: float) -> web.Response:
    """What Cloudflare says in Discord's place: no JSON, no `Via`."""
    return web.Response(status=429, text="error code: 1015", headers={"Retry-After": str(int(seconds) + 1)})

"""api.telegram.org on the loopback: addresses, tokens, bodies. What the methods do is not its concern."""

import json
from contextlib import suppress
from typing import Any

from aiohttp import web

from sandbox.faults import Faults
from sandbox.telegram.errors import ApiError, not_found, too_large, unauthorized
from sandbox.telegram.files import MB, UPLOAD_LIMIT
from sandbox.telegram.methods import METHODS, spelled
from sandbox.telegram.parameters import Call, from_values, read
from sandbox.telegram.state import Json
from sandbox.telegram.world import World
from sandbox.traffic import Traffic


class Endpoint:
    """The HTTP side; `url` is known once it has started."""

    def __init__(self, world: World, faults: Faults, traffic: Traffic) -> None:
        self._world = world
        self._faults = faults
        app = web.Application(middlewares=[traffic.middleware], client_max_size=UPLOAD_LIMIT + MB)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        self.url = ""

    async def start(self, port: int) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._world.updates.close()
        await self._runner.cleanup()

    async def follow(self, name: str, parameters: Json) -> None:
        """Make the call that a bot put into its answer to a pushed update. Nobody learns what becomes of it."""
        method = spelled(name)
        if method:
            with suppress(ApiError):
                await METHODS[method](self._world, Call(from_values(parameters)))
            self._world.feed.wake()

    async def _method(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        method = spelled(name)
        if request.match_info["token"] != self._world.token:
            return self._refuse(name, unauthorized())
        if method is None:
            return self._refuse(name, not_found("method not found"))
        self._world.tally.calls[method] += 1
        answer = await self._faults.around(method, request, lambda: self._do(method, request))
        return _as_page(answer)

    async def _do(self, method: str, request: web.Request) -> web.Response:
        try:
            call = await read(request)
            result: Any = await METHODS[method](self._world, call)
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(method, too_large())
        except ApiError as error:
            return self._refuse(method, error)
        finally:
            self._world.feed.wake()
        return web.json_response({"ok": True, "result": result})

    def _refuse(self, method: str, error: ApiError) -> web.Response:
        self._world.tally.refused(method, error)
        return _refusal(error)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        async def send() -> web.Response:
            found = self._world.files.at(request.match_info["path"])
            if found is None or request.match_info["token"] != self._world.token:
                return _refusal(not_found())
            return web.Response(body=found.data, content_type="application/octet-stream")

        return _as_page(await self._faults.around("file", request, send))

    async def _nothing(self, _: web.Request) -> web.Response:
        return _refusal(not_found())


def _refusal(error: ApiError) -> web.Response:
    headers = {"Retry-After": str(error.parameters["retry_after"])} if "retry_after" in error.parameters else {}
    return web.json_response(error.body, status=error.code, headers=headers)


def _as_page(answer: web.StreamResponse) -> web.StreamResponse:
    """A planned answer that is a mere string is the error page of some proxy on the way: HTML, not JSON."""
    if isinstance(answer, web.Response) and answer.content_type == "application/json":
        body = json.loads(answer.text or "null")
        if isinstance(body, str):
            return web.Response(text=body, status=answer.status, content_type="text/html")
    return answer

"""OpenAI's own API, below /v1 and /openai: its clients work here with another address and one of our keys."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from adapters.fetch import Fetcher
from adapters.http import calls
from adapters.http.answer import Work
from adapters.http.asked import Asked
from adapters.http.auth import Door, key_in
from adapters.http.bodies import Bodies, Room
from adapters.http.callbacks import Tasks
from adapters.http.fields import json_object
from adapters.http.forms import read_form
from adapters.http.front import Handler
from adapters.http.header import header
from adapters.http.linked import Linked, linked
from adapters.http.offered import ROUTES, Route, documented
from adapters.http.passing import Passing
from adapters.http.prompts import bounded
from adapters.http.refusals import OPENAI, Rejected
from adapters.http.repeats import HEADER, Shelf, repeatable
from adapters.http.serving import Served, whole_body
from adapters.http.stored import Before, continued
from bot.api import Desk
from bot.caller import Caller
from bot.catalogue import ModelSpec, Plus
from bot.errors import BadArgument
from bot.keyring import ANY, require
from bot.keys import Secret
from bot.ports import Api, ApiRequest
from bot.window import Count

LARGEST = 32 << 20
"""Bytes of a request that are read: OpenAI takes pictures and sound of up to 25 MB."""

LONG = 20_000
"""Bytes of a request from which on its tokens are counted in a thread: others want to get on meanwhile."""

OWN_KEY = "X-Own-Key"
"""The header with a caller's own key at the provider, in place of the pool."""

Calling = Callable[..., ApiRequest]
"""Makes the call for a model: what is the same whatever it asks is filled in."""

OWN = re.compile(r"[!-~]{1,500}")
"""What a provider's key may look like: it goes into a header of ours."""


def add_openai(app: FastAPI, door: Door, desk: Desk, api: Api, fetcher: Fetcher, tasks: Tasks) -> Mapping[str, Handler]:
    """Offer OpenAI's routes. Returns the handlers of those that take a POST, for `front.Front`."""
    doors, handlers = _Routes(door, desk, api, fetcher, tasks), {}
    for prefix in OPENAI:
        add = partial(app.add_api_route, tags=["OpenAI"], include_in_schema=prefix == OPENAI[0])
        add(f"{prefix}/models", doors.models, methods=["GET"])
        add(f"{prefix}/models/{{model:path}}", doors.model, methods=["GET"])
        for route in ROUTES:
            path = f"{prefix}/{route.path}"
            handlers[path] = partial(doors.asked, route)
            add(
                path,
                handlers[path],
                methods=["POST"],
                name=route.path,
                description=route.says,
                openapi_extra=documented(route),
            )
    return handlers


@dataclass(frozen=True, slots=True)
class _Job:
    """A request that was looked through, the pictures that it needs, and the response that it goes on from."""

    asked: Asked
    call: ApiRequest
    linked: Linked | None = None
    before: Before | None = None


class _Routes:
    """What stands behind the routes."""

    def __init__(self, door: Door, desk: Desk, api: Api, fetcher: Fetcher, tasks: Tasks) -> None:
        self._door = door
        self._desk = desk
        self._api = api
        self._fetcher = fetcher
        self._tasks = tasks
        self._bodies = Bodies()
        self._shelf = Shelf()

    async def models(self, request: Request) -> Response:
        """The models that a key may ask."""
        caller = await self._door.caller_of(request)
        return JSONResponse({"object": "list", "data": [_model(alias) for alias in self._allowed(caller)]})

    async def model(self, request: Request, model: str) -> Response:
        """One model."""
        if model not in self._allowed(await self._door.caller_of(request)):
            raise Rejected(f"There is no model {model[:80]!r}.", 404, "model_not_found", "model")
        return JSONResponse(_model(model))

    async def asked(self, route: Route, request: Request) -> Response:
        """Do what a request says."""
        caller = await self._door.caller_of(request)
        room = Room(self._bodies, caller.person)
        try:
            return await self._begun(route, request, caller, room)
        except BaseException:
            room.close()
            raise

    async def _begun(self, route: Route, request: Request, caller: Caller, room: Room) -> Response:
        """Look a request through, and begin what it says. Raises Rejected, and others of our errors."""
        body = await whole_body(request, LARGEST, room.cover)
        type = header(request, "Content-Type") or ""
        plus, own = await self._desk.answerers(caller, Plus.ANY, _own(request))
        call = partial(ApiRequest, path=route.path, plus=plus, own=own)
        if route.form:
            job = await self._read_form(route, caller, type, body, call)
        else:
            job = await self._read(route, caller, body, room, call)
        work = self._work(caller, job)
        again = header(request, HEADER)
        if job.asked.callback is not None:
            if again is not None:
                raise Rejected(f"A task has no {HEADER}: its result is posted once it is there.", param=calls.FIELD)
            key = key_in(request.headers["Authorization"])
            return self._tasks.begin(caller.person, job.asked.callback, key, work, room.close)
        if again is not None:
            sent = (route.path.encode(), type.encode(), body)
            same = repeatable(self._desk.ports, self._shelf, caller, again, *sent)
            work = partial(same.answered, work)
        return Served(work, room.close)

    def _work(self, caller: Caller, job: "_Job") -> Work:
        complete = job.linked.put_into if job.linked else None
        work = Passing(self._desk, self._api, caller, job.asked, job.call, complete).run
        return partial(job.before.gone_on, self._desk.ports, work) if job.before else work

    async def _read(self, route: Route, caller: Caller, body: bytes, room: Room, call: Calling) -> "_Job":
        """Look a request through that is JSON. Raises Rejected, KeyTooNarrow."""
        assert route.read is not None
        fields = json_object(body)
        spec = self._spec(fields, route, caller)
        calls.check_fields(fields)
        asked = await _looked(partial(route.read, fields, spec, self._count(spec)), len(body))
        pictures = linked(asked.fields, route.pictures, self._fetcher, room) if route.pictures else None
        before = await continued(self._desk.ports, caller, fields) if route.path == "responses" else None
        if before is None:
            return _Job(asked, call(spec), pictures)
        asked = calls.following(asked, spec, before.tokens)
        return _Job(asked, call(spec, session=before.session), pictures, before)

    async def _read_form(self, route: Route, caller: Caller, type: str, body: bytes, call: Calling) -> "_Job":
        """Look a form through. Raises Rejected, KeyTooNarrow."""
        assert route.form is not None
        form = await read_form(type, body)
        spec = self._spec(form.texts, route, caller)
        calls.check_fields(form.texts)
        asked = await _looked(partial(route.form, form, spec, self._count(spec)), len(body))
        data, written = await form.without(calls.FIELD).replaced({"model": spec.model}).written()
        return _Job(asked, call(spec, form=data, type=written))

    def _spec(self, fields: Mapping[str, Any], route: Route, caller: Caller) -> ModelSpec:
        """The model that is asked. Raises Rejected, KeyTooNarrow."""
        name = fields.get("model")
        if not isinstance(name, str) or not name:
            raise Rejected("`model` must name one of the models at /v1/models.", param="model")
        try:
            spec = self._desk.ports.catalogue.find(name, route.ability)
        except BadArgument as error:
            raise Rejected(error.for_user, 404, "model_not_found", "model") from error
        require(caller.held, route.scope, spec.alias)
        return spec

    def _count(self, spec: ModelSpec) -> Count:
        return bounded(self._desk.ports.counter(spec), spec)

    def _allowed(self, caller: Caller) -> list[str]:
        models = caller.held.models
        return [alias for alias in self._desk.ports.catalogue.models if ANY in models or alias in models]


async def _looked(look: Callable[[], Asked], size: int) -> Asked:
    """Look a request of so many bytes through. Raises Rejected."""
    return await asyncio.to_thread(look) if size > LONG else look()


def _own(request: Request) -> Secret | None:
    """The caller's own key with the provider. Raises Rejected for what could be none."""
    given = header(request, OWN_KEY)
    if given and not OWN.fullmatch(given):
        raise Rejected(f"What stands in {OWN_KEY} is no key.", code="invalid_own_key")
    return Secret(given) if given else None


def _model(alias: str) -> dict[str, Any]:
    return {"id": alias, "object": "model", "created": 0, "owned_by": "parley"}

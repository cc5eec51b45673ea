"""OpenAI's own API, below /v1 and /openai: its clients work here with another address and one of our keys."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from adapters.fetch import Fetcher
from adapters.http import calls
from adapters.http.auth import Door, key_in
from adapters.http.callbacks import Tasks
from adapters.http.calls import Asked
from adapters.http.fields import json_object
from adapters.http.forms import FORM, Form, read_form
from adapters.http.front import Handler
from adapters.http.linked import with_pictures
from adapters.http.passing import Passing
from adapters.http.refusals import OPENAI, Rejected
from adapters.http.repeats import HEADER, repeatable
from adapters.http.serving import Served, whole_body
from adapters.http.sound import seconds_of
from adapters.http.stored import continued
from bot.api import Desk
from bot.caller import Caller
from bot.catalogue import Ability, ModelSpec, Plus
from bot.errors import BadArgument
from bot.keyring import ANY, KeyScope, require
from bot.keys import Secret
from bot.ports import Api, ApiRequest
from bot.window import Count

LARGEST = 32 << 20
"""Bytes of a request that are read: OpenAI takes pictures and sound of up to 25 MB."""

LONG = 20_000
"""Bytes of a request from which on its tokens are counted in a thread: others want to get on meanwhile."""

OWN_KEY = "X-Own-Key"
"""The header with a caller's own key at the provider, in place of the pool."""

OWN = re.compile(r"[!-~]{1,500}")
"""What a provider's key may look like: it goes into a header of ours."""

Read = Callable[[dict[str, Any], ModelSpec, Count], Asked]
ReadForm = Callable[[Form, ModelSpec, Count], Asked]


@dataclass(frozen=True, slots=True)
class Route:
    """
    One of OpenAI's routes.

    Args:
        path: Below the prefix, ours and the provider's.
        scope: What a key must be for, beside programs.
        says: What it does, for the documentation.
        example: A request, for the documentation.
        read: Looks a request through that is JSON, `form` one that is a form.
        pictures: The field in whose messages there may be pictures.
    """

    path: str
    ability: Ability
    scope: KeyScope
    says: str
    example: Mapping[str, Any]
    read: Read | None = None
    form: ReadForm | None = None
    pictures: str = ""


def _edited(form: Form, spec: ModelSpec, count: Count) -> Asked:
    """images/edits. Raises Rejected."""
    _check_files(form, "image", "image[]", "mask")
    if not form.files:
        raise Rejected("There is no picture in this form.", param="image")
    numbers = {name: _number(form.texts[name], name) for name in ("n",) if name in form.texts}
    flags = {"stream": form.texts.get("stream", "").lower() == "true"}
    return calls.pictures({**form.texts, **numbers, **flags}, spec, count, looked_at=len(form.files))


def _transcribed(form: Form, spec: ModelSpec, count: Count) -> Asked:
    """audio/transcriptions. Raises Rejected."""
    del count
    _check_files(form, "file")
    if len(form.files) != 1:
        raise Rejected("There must be one recording in this form.", param="file")
    recording = form.files[0]
    stream = form.texts.get("stream", "").lower() == "true"
    return calls.transcription(dict(form.texts), spec, seconds_of(recording.data, recording.name), stream=stream)


ROUTES: Sequence[Route] = (
    Route(
        "chat/completions",
        Ability.CHAT,
        KeyScope.CHAT,
        "Have a model answer a chat: whole or as events.",
        {"model": "gpt", "messages": [{"role": "user", "content": "Hello!"}], "stream": False},
        calls.chat,
        pictures="messages",
    ),
    Route(
        "responses",
        Ability.CHAT,
        KeyScope.CHAT,
        "The same in OpenAI's newer format; a response can be continued.",
        {"model": "gpt", "input": "Hello!"},
        calls.responses,
        pictures="input",
    ),
    Route(
        "embeddings",
        Ability.EMBEDDINGS,
        KeyScope.CHAT,
        "Turn texts into vectors.",
        {"model": "embed", "input": "Hello!"},
        calls.embeddings,
    ),
    Route(
        "images/generations",
        Ability.IMAGES,
        KeyScope.IMAGES,
        "Have pictures made. With `callback_url` the result is posted to it.",
        {"model": "art", "prompt": "An owl"},
        calls.pictures,
    ),
    Route(
        "images/edits",
        Ability.IMAGES,
        KeyScope.IMAGES,
        "Have a picture changed.",
        {"model": "art", "prompt": "An owl", "image": "(a file)"},
        form=_edited,
    ),
    Route(
        "audio/speech",
        Ability.SPEECH,
        KeyScope.AUDIO,
        "Have a text read aloud.",
        {"model": "voice", "input": "Hello!", "voice": "alloy"},
        calls.speech,
    ),
    Route(
        "audio/transcriptions",
        Ability.TRANSCRIPTION,
        KeyScope.AUDIO,
        "Have a recording written down.",
        {"model": "ear", "file": "(a file)"},
        form=_transcribed,
    ),
)


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
                openapi_extra=_documented(route),
            )
    return handlers


class _Routes:
    """What stands behind the routes."""

    def __init__(self, door: Door, desk: Desk, api: Api, fetcher: Fetcher, tasks: Tasks) -> None:
        self._door = door
        self._desk = desk
        self._api = api
        self._fetcher = fetcher
        self._tasks = tasks

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
        body = await whole_body(request, LARGEST)
        type = request.headers.get("Content-Type", "")
        asked, call = await (
            self._read_form(route, caller, type, body) if route.form else self._read(route, caller, body)
        )
        plus, own = await self._desk.answerers(caller, Plus.ANY, _own(request))
        call = replace(call, plus=plus, own=own)
        work = Passing(self._desk, self._api, caller, asked, call).run
        if asked.callback is not None:
            if HEADER in request.headers:
                raise Rejected(f"A task has no {HEADER}: its result is posted once it is there.", param=calls.FIELD)
            return self._tasks.begin(caller.person, asked.callback, key_in(request.headers["Authorization"]), work)
        if (again := request.headers.get(HEADER)) is not None:
            same = repeatable(self._desk.ports, caller, again, route.path.encode(), type.encode(), body)
            return Served(partial(same.answered, work))
        return Served(work)

    async def _read(self, route: Route, caller: Caller, body: bytes) -> tuple[Asked, ApiRequest]:
        """Look a request through that is JSON. Raises Rejected, KeyTooNarrow."""
        assert route.read is not None
        fields = json_object(body)
        spec = self._spec(fields, route, caller)
        calls.check_fields(fields)
        asked = await _looked(partial(route.read, fields, spec, self._count(spec)), len(body))
        if route.pictures:
            asked = replace(asked, fields=await with_pictures(asked.fields, route.pictures, self._fetcher))
        session = ""
        if route.path == "responses":
            session, before = await continued(self._desk.ports, caller, fields)
            asked = calls.following(asked, spec, before) if before else asked
        return asked, ApiRequest(spec, route.path, session=session)

    async def _read_form(self, route: Route, caller: Caller, type: str, body: bytes) -> tuple[Asked, ApiRequest]:
        """Look a form through. Raises Rejected, KeyTooNarrow."""
        assert route.form is not None
        form = await read_form(type, body)
        spec = self._spec(form.texts, route, caller)
        calls.check_fields(form.texts)
        asked = await _looked(partial(route.form, form, spec, self._count(spec)), len(body))
        data, written = await form.without(calls.FIELD).replaced({"model": spec.model}).written()
        return asked, ApiRequest(spec, route.path, form=data, type=written)

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
        return calls.bounded(self._desk.ports.counter(spec), spec)

    def _allowed(self, caller: Caller) -> list[str]:
        models = caller.held.models
        return [alias for alias in self._desk.ports.catalogue.models if ANY in models or alias in models]


async def _looked(look: Callable[[], Asked], size: int) -> Asked:
    """Look a request of so many bytes through. Raises Rejected."""
    return await asyncio.to_thread(look) if size > LONG else look()


def _own(request: Request) -> Secret | None:
    """The caller's own key with the provider. Raises Rejected for what could be none."""
    given = request.headers.get(OWN_KEY)
    if given and not OWN.fullmatch(given):
        raise Rejected(f"What stands in {OWN_KEY} is no key.", code="invalid_own_key")
    return Secret(given) if given else None


def _check_files(form: Form, *names: str) -> None:
    """Raise Rejected for a form in which a field is there twice, or a file in place of a text: which one counts?"""
    texts = [name for name, part in form.parts if isinstance(part, str) and not name.endswith("[]")]
    if twice := [name for name in texts if texts.count(name) > 1]:
        raise Rejected(f"`{twice[0]}` is there twice.", param=twice[0])
    if wrong := [name for name, part in form.parts if not isinstance(part, str) and name not in names]:
        raise Rejected(f"`{wrong[0]}` must not be a file.", param=wrong[0])


def _number(text: str, name: str) -> int:
    """Raises Rejected."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Rejected(f"`{name}` must be a whole number.", param=name)
    return int(text)


def _model(alias: str) -> dict[str, Any]:
    return {"id": alias, "object": "model", "created": 0, "owned_by": "parley"}


def _documented(route: Route) -> dict[str, Any]:
    """What the documentation says of a route, beside its name."""
    schema = {"type": "object", "required": ["model"], "additionalProperties": True, "example": dict(route.example)}
    type = FORM if route.form else "application/json"
    return {"requestBody": {"required": True, "content": {type: {"schema": schema}}}}

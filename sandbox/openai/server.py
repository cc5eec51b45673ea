"""A provider that speaks OpenAI's API on loopback."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from sandbox.faults import Faults
from sandbox.openai import demo, errors, routes, stage
from sandbox.openai.account import Account
from sandbox.openai.asked import Asked
from sandbox.openai.books import Books
from sandbox.openai.completions import Completions
from sandbox.openai.cues import Cue, Cues
from sandbox.openai.embeddings import Embeddings
from sandbox.openai.errors import ApiError
from sandbox.openai.images import LINKED, Images
from sandbox.openai.models import ALL, Model, listing
from sandbox.openai.responses import Responses
from sandbox.openai.speech import Speech
from sandbox.openai.transcriptions import Transcriptions
from sandbox.traffic import Handler, Traffic

API_KEY = "sandbox-key-of-the-demo-account"

LARGEST = 26_214_400
"""The largest body, in bytes. OpenAI names this number when it refuses a larger one (413)."""

SHUTDOWN = 0.01
"""Seconds that answers under way get when the server stops. Not 0, which aiohttp takes for ever."""

_LINK = "pictures.fetch"
"""The one call that needs no key."""

_SINCE = web.RequestKey("since", float)
"""When a request came, by the loop's clock."""

_LIMITS = {
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": "1999000",
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "30ms",
}
"""
What every answer that is paid for says of its account's limits.

Source: platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
"""


class OpenAI:
    """
    One provider account, open as long as the block lasts.

    Args:
        port: Where to listen on 127.0.0.1; 0 takes a free one.
        otherwise: What answers when neither the queue nor a rule does.
        hurry: How many times faster than written every script is played.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str = API_KEY,
        models: Iterable[Model] = ALL,
        otherwise: Cue = demo.answer,
        hurry: float = 1.0,
    ) -> None:
        self.port = port
        self.api_key = api_key
        self.faults = Faults()
        self.traffic = Traffic()
        self.books = Books()
        self._models = {model.id: model for model in models}
        self._cues = Cues(otherwise)
        self._account = Account(self._models, self._cues, self.books, self.traffic, hurry)
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What a client of OpenAI takes as its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def queue(self, *cues: Cue) -> None:
        """Answer the next calls with these, one each."""
        self._cues.queue(*cues)

    def when(self, matches: Callable[[Asked], bool], cue: Cue, times: int | None = None) -> None:
        """Answer the requests that match, when nothing is queued; the rule given first wins. None is for ever."""
        self._cues.when(matches, cue, times)

    def otherwise(self, cue: Cue) -> None:
        """Answer everything else."""
        self._cues.otherwise(cue)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._runner = web.AppRunner(self._app(), handler_cancellation=True, shutdown_timeout=SHUTDOWN, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Break off whatever is under way. The port stays the same for the next start."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self.traffic.middleware, self._guard], client_max_size=LARGEST)
        app.on_response_prepare.append(_sign)
        app.router.add_routes(self._routes())
        return app

    def _routes(self) -> list[web.RouteDef]:
        account = self._account
        images, responses = Images(account), Responses(account)
        return [
            web.post("/v1/chat/completions", Completions(account).create, name=routes.CHAT),
            web.post("/v1/responses", responses.create, name=routes.RESPONSES),
            web.get("/v1/responses/{response}", responses.retrieve, name="responses.retrieve", allow_head=False),
            web.delete("/v1/responses/{response}", responses.delete, name="responses.delete"),
            web.post("/v1/embeddings", Embeddings(account).create, name=routes.EMBEDDINGS),
            web.post("/v1/images/generations", images.create, name=routes.IMAGES),
            web.post("/v1/images/edits", images.edit, name=routes.IMAGE_EDITS),
            web.post("/v1/audio/speech", Speech(account).create, name=routes.SPEECH),
            web.post("/v1/audio/transcriptions", Transcriptions(account).create, name=routes.TRANSCRIPTIONS),
            web.get("/v1/models", self._list, name="models.list", allow_head=False),
            web.get("/v1/models/{model}", self._retrieve, name="models.retrieve", allow_head=False),
            web.get(f"{LINKED}{{picture}}", images.fetch, name=_LINK),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(listing(self._models.values()))

    async def _retrieve(self, request: web.Request) -> web.Response:
        model = self._models.get(request.match_info["model"])
        if model is None:
            raise ApiError(errors.no_such_model_page(request.match_info["model"]))
        return web.json_response(model.body)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every call: is the route one, is the key right, does a fault strike; a refusal becomes a response."""
        request[_SINCE] = asyncio.get_running_loop().time()

        async def work() -> web.StreamResponse:
            if call != _LINK:
                self._check_key(request)
            return await handler(request)

        try:
            call = _call(request)
            if call in routes.PAID:
                self.books.calls += 1
            return await self.faults.around(call, request, work)
        except ApiError as error:
            return stage.refused(error.refusal)
        except web.HTTPRequestEntityTooLarge:
            return stage.refused(errors.too_large(LARGEST))

    def _check_key(self, request: web.Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise ApiError(errors.no_key())
        if not secrets.compare_digest(key.strip().encode(), self.api_key.encode()):
            raise ApiError(errors.wrong_key(key.strip()))


def _call(request: web.Request) -> str:
    """The name under which faults know the call: that of its route."""
    if isinstance(request.match_info.http_exception, web.HTTPMethodNotAllowed):
        raise ApiError(errors.no_such_method(request.method, request.path))
    name = request.match_info.route.name
    if name is None:
        raise ApiError(errors.no_such_route(request.method, request.path))
    return name


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    """The headers that OpenAI puts on every answer."""
    since = request.get(_SINCE, asyncio.get_running_loop().time())
    milliseconds = (asyncio.get_running_loop().time() - since) * 1000
    response.headers["x-request-id"] = f"req_{secrets.token_hex(16)}"
    response.headers["openai-processing-ms"] = f"{milliseconds:.0f}"
    response.headers["openai-version"] = "2020-10-01"
    if request.match_info.route.name in routes.PAID:
        for name, value in _LIMITS.items():
            response.headers.setdefault(name, value)

"""POST /v1/responses, and those that were stored: GET and DELETE /v1/responses/{id}."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.openai import errors, response_checks, stage
from sandbox.openai.account import Account
from sandbox.openai.bodies import as_bytes
from sandbox.openai.books import KEPT, Bill
from sandbox.openai.errors import ApiError
from sandbox.openai.response_checks import Question
from sandbox.openai.response_items import Message, messages
from sandbox.openai.response_output import Output
from sandbox.openai.response_payloads import Frame, NamedEvents, status_of
from sandbox.openai.script import Ending, Script


@dataclass(frozen=True, slots=True)
class _Stored:
    """A response that can be read again, and gone on from: `talk` is all that was said, its output too."""

    body: Mapping[str, Any]
    talk: Sequence[Message]


class Responses:
    """The routes, and the last responses that were to be kept."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._stored: OrderedDict[str, _Stored] = OrderedDict()

    async def create(self, request: web.Request) -> web.StreamResponse:
        question = response_checks.parse(await request.read(), self._account.models, self._talk)

        async def perform(script: Script, bill: Bill) -> web.StreamResponse:
            if question.asked.stream:
                return await self._stream(request, question, script, bill)
            return await self._whole(question, script, bill)

        return await self._account.answer(request, question.asked, perform)

    async def retrieve(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=as_bytes(self._found(request).body), content_type="application/json")

    async def delete(self, request: web.Request) -> web.StreamResponse:
        response = self._found(request).body["id"]
        del self._stored[response]
        return web.json_response({"id": response, "object": "response", "deleted": True})

    async def _stream(self, request: web.Request, question: Question, script: Script, bill: Bill) -> web.StreamResponse:
        events = NamedEvents(Frame(question.asked), script.wire.line_end, lambda body: self._keep(question, body))
        return await self._account.stream(request, events, script, bill)

    async def _whole(self, question: Question, script: Script, bill: Bill) -> web.Response:
        await stage.think(script, self._account.pace())
        output = Output()
        for piece in script.pieces:
            output.add(piece)
            stage.charge(bill, piece, choices=1)
        output.end(status_of(script.ending))
        body = Frame(question.asked).ended(script.ending, output, bill)
        if script.ending is not Ending.ERROR:
            self._keep(question, body)
        return await stage.whole(script, as_bytes(body))

    def _keep(self, question: Question, body: Mapping[str, Any]) -> None:
        if not body["store"]:
            return
        self._stored[body["id"]] = _Stored(body, [*question.talk, *messages(body["output"])])
        while len(self._stored) > KEPT:
            self._stored.popitem(last=False)

    def _talk(self, response: str) -> Sequence[Message] | None:
        stored = self._stored.get(response)
        return stored.talk if stored else None

    def _found(self, request: web.Request) -> _Stored:
        name = request.match_info["response"]
        if name not in self._stored:
            raise ApiError(errors.no_such_response(name))
        return self._stored[name]

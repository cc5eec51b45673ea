"""POST /v1/chat/completions."""

from aiohttp import web

from sandbox.openai import checks, stage
from sandbox.openai.account import Account
from sandbox.openai.asked import Asked
from sandbox.openai.bodies import as_bytes
from sandbox.openai.books import Bill
from sandbox.openai.payloads import Chunks, completion
from sandbox.openai.script import Script


class Completions:
    """The route."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def create(self, request: web.Request) -> web.StreamResponse:
        asked = checks.parse(await request.read(), self._account.models)

        async def perform(script: Script, bill: Bill) -> web.StreamResponse:
            if asked.stream:
                return await self._account.stream(request, Chunks(asked, script), script, bill, asked.choices)
            return await self._whole(asked, script, bill)

        return await self._account.answer(request, asked, perform)

    async def _whole(self, asked: Asked, script: Script, bill: Bill) -> web.Response:
        await stage.think(script, self._account.pace())
        for piece in script.pieces:
            stage.charge(bill, piece, asked.choices)
        return await stage.whole(script, as_bytes(completion(asked, script, bill)))

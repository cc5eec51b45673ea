"""POST /v1/images/generations and /v1/images/edits, and the pictures that an answer has links to."""

import base64
import secrets
from collections import OrderedDict
from typing import Any

from aiohttp import web

from sandbox.openai import image_checks, routes, stage
from sandbox.openai.account import Account
from sandbox.openai.asked import prompted
from sandbox.openai.bodies import as_bytes, read_form
from sandbox.openai.books import KEPT, Bill
from sandbox.openai.drawing import draw
from sandbox.openai.image_checks import Wanted
from sandbox.openai.payloads import now
from sandbox.openai.script import Ending, Script

LINKED = "/pictures/"
"""Where the pictures of links are. OpenAI keeps them on another host, that asks for no key."""


class Images:
    """The routes, and the last pictures that were given as links. Of a script, only its time and its ending matter."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._linked: OrderedDict[str, bytes] = OrderedDict()

    async def create(self, request: web.Request) -> web.StreamResponse:
        return await self._draw(request, routes.IMAGES, image_checks.new(await request.read(), self._account.models))

    async def edit(self, request: web.Request) -> web.StreamResponse:
        return await self._draw(
            request, routes.IMAGE_EDITS, image_checks.edited(await read_form(request), self._account.models)
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """A picture behind a link. It is no part of the API, so it is written past those who judge that."""
        picture = self._linked.get(request.match_info["picture"])
        if picture is None:
            raise web.HTTPNotFound
        response = web.StreamResponse(headers={"Content-Type": "image/png", "Content-Length": str(len(picture))})
        await response.prepare(request)
        await response.write(picture)
        return response

    async def _draw(self, request: web.Request, route: str, wanted: Wanted) -> web.StreamResponse:
        asked = prompted(route, wanted.model.id, wanted.prompt, wanted.prompt_tokens, wanted.body)

        async def perform(script: Script, bill: Bill) -> web.StreamResponse:
            await stage.think(script, self._account.pace())
            if script.ending is not Ending.ERROR:
                bill.images, bill.completion = wanted.count, wanted.output_tokens
            return await stage.whole(script, as_bytes(self._body(request, wanted)))

        return await self._account.answer(request, asked, perform)

    def _body(self, request: web.Request, wanted: Wanted) -> dict[str, Any]:
        sources = "".join(f"{source.name} " for source in wanted.sources)
        pictures = [draw(f"{sources}{wanted.prompt} {index}", *wanted.pixels) for index in range(wanted.count)]
        data = [self._link(request, one) if wanted.linked else _packed(one) for one in pictures]
        body = {"created": now(), "data": data}
        return body if wanted.model.links else {**body, **_told(wanted)}

    def _link(self, request: web.Request, picture: bytes) -> dict[str, str]:
        name = f"img-{secrets.token_hex(12)}.png"
        self._linked[name] = picture
        while len(self._linked) > KEPT:
            self._linked.popitem(last=False)
        return {"url": f"http://{request.host}{LINKED}{name}"}


def _packed(picture: bytes) -> dict[str, str]:
    return {"b64_json": base64.b64encode(picture).decode()}


def _told(wanted: Wanted) -> dict[str, Any]:
    """What a model like GPT Image says of its pictures, and what they cost."""
    usage = {
        "input_tokens": wanted.prompt_tokens,
        "input_tokens_details": {"text_tokens": wanted.text_tokens, "image_tokens": wanted.source_tokens},
        "output_tokens": wanted.output_tokens,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": wanted.output_tokens},
        "total_tokens": wanted.prompt_tokens + wanted.output_tokens,
    }
    kind = {"background": wanted.background, "output_format": "png", "quality": wanted.quality, "size": wanted.size}
    return {**kind, "usage": usage}

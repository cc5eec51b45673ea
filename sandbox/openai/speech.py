"""
POST /v1/audio/speech. What is said is a tone, as long as the words would take.

Source: platform.openai.com/docs/api-reference/audio/createSpeech
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.openai import bodies, fields, models, routes, sounds, stage, tokens
from sandbox.openai.account import Account
from sandbox.openai.asked import prompted
from sandbox.openai.books import Bill
from sandbox.openai.models import Model, Skill
from sandbox.openai.script import Ending, Script

CHARACTERS_PER_SECOND = 15
LONGEST = 10.0
"""Seconds. What would take longer breaks off: nobody listens to it."""

_FORMATS: Mapping[str, tuple[str, Callable[[float], bytes]]] = {
    "mp3": ("audio/mpeg", sounds.mp3),
    "wav": ("audio/wav", sounds.wav),
    "pcm": ("audio/pcm", sounds.pcm),
}
"""A format's media type, and what makes it. OpenAI has opus, aac and flac, too; these are refused."""

_VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
    *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
)

KNOWN: Mapping[str, fields.Check] = {
    "model": fields.string,
    "input": fields.text(4096, 1),
    "voice": fields.choice(*_VOICES),
    "instructions": fields.text(4096),
    "response_format": fields.choice(*_FORMATS),
    "speed": fields.number(0.25, 4),
    "stream_format": fields.choice("audio"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that passed every check."""

    model: Model
    text: str
    format: str
    seconds: float
    body: Mapping[str, Any]


def parse(raw: bytes, offered: Mapping[str, Model]) -> Wanted:
    """
    Read the body of a request.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    body = bodies.as_object(raw)
    bodies.check(body, KNOWN, required=["model", "input", "voice"])
    model = models.skilled(offered, body["model"], Skill.SPEECH)
    seconds = len(body["input"]) / CHARACTERS_PER_SECOND / (body.get("speed") or 1)
    return Wanted(model, body["input"], body.get("response_format") or "mp3", min(seconds, LONGEST), body)


class Speech:
    """The route. Of a script, only its time and its ending matter."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def create(self, request: web.Request) -> web.StreamResponse:
        wanted = parse(await request.read(), self._account.models)
        asked = prompted(routes.SPEECH, wanted.model.id, wanted.text, tokens.count(wanted.text), wanted.body)
        kind, make = _FORMATS[wanted.format]

        async def perform(script: Script, bill: Bill) -> web.StreamResponse:
            await stage.think(script, self._account.pace())
            if script.ending is not Ending.ERROR:
                bill.seconds, bill.characters = wanted.seconds, len(wanted.text)
            return await stage.whole(script, make(wanted.seconds), kind)

        return await self._account.answer(request, asked, perform)

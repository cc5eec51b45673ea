"""
POST /v1/audio/transcriptions. What was said in the recording is what the script says.

Source: platform.openai.com/docs/api-reference/audio/createTranscription
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.openai import bodies, fields, models, routes, sounds, stage, tokens
from sandbox.openai.account import Account
from sandbox.openai.asked import prompted
from sandbox.openai.bodies import File, Form
from sandbox.openai.books import Bill
from sandbox.openai.errors import ApiError, bad_request
from sandbox.openai.models import Model, Skill
from sandbox.openai.script import Ending, Script

ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")

SHORTEST = 0.1
"""Seconds."""


def _temperature(path: str, value: Any) -> None:
    """A form has only texts."""
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", value):
        raise fields.wrong_type(path, "a decimal", value)
    fields.number(0, 1)(path, float(value))


KNOWN: Mapping[str, fields.Check] = {
    "model": fields.string,
    "language": fields.pattern_of(r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$"),
    "prompt": fields.string,
    "response_format": fields.choice("json", "text", "verbose_json"),
    "temperature": _temperature,
    "timestamp_granularities": fields.choice("word", "segment"),
}

_BEYOND = (
    "stream",
    "include",
    "chunking_strategy",
    "known_speaker_names",
    "known_speaker_references",
    "languages",
    "keywords",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that passed every check. `seconds` is how long the recording lasts."""

    model: Model
    file: File
    seconds: float
    format: str
    form: Form

    @property
    def paid(self) -> int:
        """Seconds, begun ones as whole."""
        return math.ceil(self.seconds)


def parse(form: Form, offered: Mapping[str, Model]) -> Wanted:
    """
    Read a form.

    Raises:
        ApiError: OpenAI would refuse it, too.
    """
    fields.known(form.files, "", ["file"])
    for name, values in form.texts.items():
        for value in values:
            bodies.check({name: value}, KNOWN, beyond=_BEYOND)
    fields.present({**form.texts, **form.files}, "", ["file", "model"])
    model = models.skilled(offered, form.text("model"), Skill.TRANSCRIPTION)
    file = form.files["file"][0]
    return Wanted(model, file, _seconds(file), form.text("response_format", "json"), form)


def _seconds(file: File) -> float:
    if file.name.rpartition(".")[2].lower() not in ENDINGS:
        raise ApiError(bad_request(f"Invalid file format. Supported formats: {list(ENDINGS)}"))
    try:
        seconds = sounds.seconds_of(file.name, file.data)
    except ValueError:
        raise ApiError(bad_request("Audio file might be corrupted or unsupported", "file", "invalid_value")) from None
    if seconds < SHORTEST:
        sentence = f"Audio file is too short. Minimum audio length is {SHORTEST} seconds."
        raise ApiError(bad_request(sentence, "file", "audio_too_short"))
    return seconds


def _body(wanted: Wanted, text: str) -> dict[str, Any]:
    usage = {"type": "duration", "seconds": wanted.paid}
    if wanted.format == "json":
        return {"text": text, "usage": usage}
    body = {
        "task": "transcribe",
        "language": wanted.form.text("language", "english"),
        "duration": round(wanted.seconds, 2),
        "text": text,
        "segments": [_segment(wanted, text)],
        "usage": usage,
    }
    words = "word" in wanted.form.texts.get("timestamp_granularities", [])
    return {**body, "words": _words(wanted, text)} if words else body


def _segment(wanted: Wanted, text: str) -> dict[str, Any]:
    """All of it at once."""
    return {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": round(wanted.seconds, 2),
        "text": text,
        "tokens": tokens.encoded(text),
        "temperature": float(wanted.form.text("temperature", "0")),
        "avg_logprob": -0.25,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.01,
    }


def _words(wanted: Wanted, text: str) -> list[dict[str, Any]]:
    """Each takes as long as any other."""
    words = text.split()
    times = [round(wanted.seconds * at / len(words), 2) for at in range(len(words) + 1)] if words else []
    return [{"word": word, "start": times[at], "end": times[at + 1]} for at, word in enumerate(words)]


class Transcriptions:
    """The route."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def create(self, request: web.Request) -> web.StreamResponse:
        wanted = parse(await bodies.read_form(request), self._account.models)
        asked = prompted(routes.TRANSCRIPTIONS, wanted.model.id, wanted.form.text("prompt"), 0, wanted.form.body)

        async def perform(script: Script, bill: Bill) -> web.StreamResponse:
            await stage.think(script, self._account.pace())
            if script.ending is not Ending.ERROR:
                bill.seconds = wanted.paid
            if wanted.format == "text":
                return await stage.whole(script, f"{script.text}\n".encode(), "text/plain")
            return await stage.whole(script, bodies.as_bytes(_body(wanted, script.text)))

        return await self._account.answer(request, asked, perform)

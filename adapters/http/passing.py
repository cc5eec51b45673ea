"""A program's call on its way: held, passed on, its answer passed back as it comes, and charged on every way out."""

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic_core import from_json, to_json

from adapters.http import stored
from adapters.http.calls import Asked
from adapters.http.refusals import Rejected, body, told
from adapters.http.serving import Answer
from adapters.http.sieve import BadEvent, Sieve, said_in, usage_in
from bot.api import Bill, Desk, Took
from bot.caller import Caller
from bot.errors import ModelCut, ModelDown
from bot.ports import Api, ApiRequest, ApiResponse
from bot.turn import Usage

LARGEST_ANSWER = 64 << 20
"""Bytes of an answer that is read whole: ten pictures."""

LARGEST_TOKEN = 4_096
"""Bytes that a token of a stream may take: twenty alternatives to it have about 2,000."""

LONGEST_RECORDING = 1_000_000
"""Seconds. What a provider says beyond that is no figure."""

JSON = "application/json"
EVENTS = "text/event-stream"

SAID = ("content", "arguments", "text", "delta", "reasoning_content", "refusal")
"""The fields of an answer, or of a piece of one, in which a model's words stand."""

UNREADABLE = "The provider refused this request, and did not say why."


class Passing:
    """One call."""

    def __init__(self, desk: Desk, api: Api, caller: Caller, asked: Asked, request: ApiRequest) -> None:
        self._desk = desk
        self._api = api
        self._caller = caller
        self._asked = asked
        self._request = request
        self._as_events = False
        self._sent = False
        self._longest = 0

    async def run(self, answer: Answer) -> None:
        """Ask, and pass the answer back. Raises BotError as long as none has begun."""
        asked, request = self._asked, self._request
        try:
            async with self._desk.billed(self._caller, request.spec, asked.demand, own=request.own is not None) as bill:
                self._longest = asked.longest(bill.output)
                fields, limit = asked.granted(bill.output)
                sent = replace(request, fields=fields, limit=limit, sent=self._note_sent)
                try:
                    async with self._api.call(sent) as response:
                        last = await self._passed(response, bill, answer)
                except asyncio.CancelledError:
                    if self._sent and bill.took is None:
                        bill.took = self._took(None, ())
                    raise
        except ModelDown as trouble:
            if not answer.begun or not self._as_events:
                raise
            await answer.broken(_event(trouble))
        else:
            await (answer.finish(last) if answer.begun else answer.whole(response.status, JSON, last))

    def _note_sent(self) -> None:
        self._sent = True

    async def _passed(self, response: ApiResponse, bill: Bill, answer: Answer) -> bytes:
        """Pass an answer back, all of it but what is returned: that is sent when it is charged."""
        if response.status != 200:
            bill.took = Took(Usage(0, 0))  # one question: refusals are the operator's calls all the same
            return _refused(await _whole(response))
        if EVENTS in response.type:
            return await self._stream(response, bill, answer)
        if JSON in response.type:
            return await self._read(response, bill)
        bill.took = self._took(None, ())
        await answer.begin(200, response.type)
        async for block in response.body:
            await answer.block(block)
        return b""

    async def _read(self, response: ApiResponse, bill: Bill) -> bytes:
        """An answer that comes whole."""
        try:
            data = await _whole(response)
        except Rejected:
            bill.took = self._took(None, ())
            raise
        said = _object(data)
        bill.took = self._took(usage_in(said.get("usage")), (said,), seconds=_seconds(said))
        response.usage = bill.took.usage
        await self._keep(said, response)
        return data

    async def _keep(self, said: Mapping[str, Any], response: ApiResponse) -> None:
        """Remember whose a response is that the provider keeps."""
        fields = self._asked.fields
        if self._request.path == "responses" and fields.get("store") is not False:
            usage = response.usage or Usage(0, 0)
            tokens = usage.input + usage.output
            await stored.keep(self._desk.ports, self._caller, said, response.account, tokens)

    async def _stream(self, response: ApiResponse, bill: Bill, answer: Answer) -> bytes:
        """An answer that comes as events. Whoever leaves pays for what had come."""
        sieve = Sieve(hides=self._asked.hides)
        self._as_events = True
        await answer.begin(200, response.type)
        most = LARGEST_ANSWER + self._longest * LARGEST_TOKEN
        try:
            async for block in response.body:
                most -= len(block)
                if most < 0:
                    raise ModelCut("it says more than it was asked for")
                if whole := sieve.take(block):
                    await answer.block(whole)
            last = sieve.rest()
        except BadEvent as error:
            raise ModelCut(str(error)) from error
        finally:
            bill.took = self._took(sieve.usage, said_in(sieve.passed))
            response.usage = bill.took.usage
        await self._keep(_response_in(sieve), response)
        return last

    def _took(self, usage: Usage | None, said: Iterable[dict[str, Any]], seconds: int = 0) -> Took:
        """What it took, counted where the provider did not say, and then no more than was held for it."""
        if usage is None:
            count = self._desk.ports.counter(self._request.spec)
            words = "".join(text for each in said if _is_new(each) for text in _words(each))
            usage = Usage(self._asked.prompt, min(count(words), self._longest) if words else 0, counted=True)
        return Took(usage, self._asked.images, seconds or self._asked.seconds)


async def _whole(response: ApiResponse) -> bytes:
    """The body. Raises ModelDown or one of its kind, Rejected."""
    data = bytearray()
    async for block in response.body:
        data += block
        if len(data) > LARGEST_ANSWER:
            raise Rejected("The answer is too large to be passed on: ask for less at once.", 400, "answer_too_large")
    return bytes(data)


def _object(data: bytes) -> dict[str, Any]:
    try:
        said = from_json(data)
    except ValueError:
        raise ModelDown("an answer that is no JSON") from None
    if not isinstance(said, dict):
        raise ModelDown("an answer that is no JSON object")
    return said


def _response_in(sieve: Sieve) -> dict[str, Any]:
    """The response that events tell of in the first of them; nothing for other events."""
    first = next(said_in(sieve.passed[:1]), {}).get("response")
    return first if isinstance(first, dict) else {}


def _seconds(said: Mapping[str, Any]) -> int:
    """How long the recording was that an answer is about, as the provider says; 0 when it does not."""
    usage = said.get("usage")
    told = usage.get("seconds") if isinstance(usage, dict) else said.get("duration")
    if isinstance(told, bool) or not isinstance(told, (int, float)) or not 0 <= told <= LONGEST_RECORDING:
        return 0
    return math.ceil(told)


def _is_new(said: Mapping[str, Any]) -> bool:
    """Whether an event says something that others do not say again; a response's events tell each text thrice."""
    kind = said.get("type")
    return not isinstance(kind, str) or kind.endswith(".delta")


def _words(value: Any, name: str = "") -> Iterator[str]:
    """What a model said, in an answer or in a piece of one."""
    if isinstance(value, str):
        if name in SAID:
            yield value
    elif isinstance(value, dict):
        for field, inner in value.items():
            yield from _words(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner, name)


def _refused(data: bytes) -> bytes:
    """What a provider says of a program's own mistake, in OpenAI's shape and with nothing else in it."""
    try:
        error = from_json(data)["error"]
        fields = {name: error.get(name) for name in ("message", "type", "param", "code")}
        sentence = fields["message"] if isinstance(fields["message"], str) else UNREADABLE
    except (ValueError, LookupError, TypeError, AttributeError):
        fields, sentence = {}, UNREADABLE
    kind = fields.get("type") if isinstance(fields.get("type"), str) else "invalid_request_error"
    told = {"message": sentence, "type": kind, "param": fields.get("param"), "code": fields.get("code")}
    return to_json({"error": told})


def _event(trouble: ModelDown) -> bytes:
    """The event that tells a caller why there is no more."""
    return b"data: " + to_json(body("/v1", trouble.for_user, told(trouble))) + b"\n\n"

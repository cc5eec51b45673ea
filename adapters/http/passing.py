"""A program's call on its way: held, passed on, its answer passed back as it comes, and charged on every way out."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from adapters.http import stored
from adapters.http.answer import Answer, tell
from adapters.http.asked import Asked
from adapters.http.bounds import LARGEST, largest
from adapters.http.refusals import Rejected, body, told
from adapters.http.sieve import BadEvent, Sieve, said_in
from adapters.http.words import words_in
from adapters.reported import usage_in
from bot.api import Bill, Desk, Took
from bot.belief import believed
from bot.caller import Caller
from bot.errors import ModelCut, ModelDown
from bot.ports import Api, ApiRequest, ApiResponse
from bot.turn import Usage

LONGEST_RECORDING = 70_000
"""Seconds: 32 MB of speech at less than 4 kbit/s. What a provider says beyond that is no figure."""

SOUND = 50
"""Tokens of a second of sound, at most. OpenAI's models take 10 to hear one, and 20 to say one."""

NOTHING = Took(Usage(0, 0))
"""One question, and nothing else."""

JSON = "application/json"
EVENTS = "text/event-stream"

TOO_MUCH = "it says more than it was asked for"

UNREADABLE = "The provider refused this request, and did not say why."

Complete = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Puts into the fields what the caller named by an address. Raises Rejected."""


class Passing:
    """One call."""

    def __init__(
        self,
        desk: Desk,
        api: Api,
        caller: Caller,
        asked: Asked,
        request: ApiRequest,
        complete: Complete | None = None,
    ) -> None:
        """`complete` is what makes us fetch, and is done once it is known that the caller may ask."""
        self._desk = desk
        self._api = api
        self._caller = caller
        self._asked = asked
        self._request = request
        self._complete = complete
        self._as_events = False
        self._sent = False
        self._longest = 0

    async def run(self, answer: Answer) -> None:
        """Ask, and pass the answer back. Raises BotError as long as none has begun."""
        request, demand = self._request, self._asked.demand
        try:
            async with self._desk.billed(self._caller, request.spec, demand, own=request.own is not None) as bill:
                status, last = await self._called(bill, answer)
        except ModelDown as trouble:
            if not answer.begun or not self._as_events:
                raise
            await answer.broken(_event(trouble))
        else:
            await (answer.finish(last) if answer.begun else tell(answer, status, JSON, last))

    async def _called(self, bill: Bill, answer: Answer) -> tuple[int, bytes]:
        """Call a provider. Returns the status, and what of the answer is still to be passed back."""
        self._longest = self._asked.longest(bill.output)
        fields, limit = self._asked.granted(bill.output)
        if self._complete is not None:
            fields = await self._completed(self._complete, fields, bill)
        request = self._request
        request.fields, request.limit, request.sent = fields, limit, self._note_sent
        try:
            async with self._api.call(request) as response:
                return response.status, await self._passed(response, bill, answer)
        except asyncio.CancelledError:
            if self._sent and bill.took is None:
                bill.took = self._took(None, ())
            raise

    async def _completed(self, complete: Complete, fields: dict[str, Any], bill: Bill) -> dict[str, Any]:
        """The fields with all that has to be fetched. Whoever makes us fetch has asked, whatever comes of that."""
        bill.took = NOTHING
        fields = await complete(fields)
        bill.took = None
        return fields

    def _note_sent(self) -> None:
        self._sent = True

    async def _passed(self, response: ApiResponse, bill: Bill, answer: Answer) -> bytes:
        """Pass an answer back, all of it but what is returned: that is sent when it is charged."""
        if response.status != 200:
            bill.took = NOTHING  # refusals are the operator's calls all the same
            return _refused(await _whole(response, LARGEST))
        if EVENTS in response.type:
            return await self._stream(response, bill, answer)
        if JSON in response.type:
            return await self._read(response, bill)
        bill.took = self._took(None, ())
        await answer.begin(200, response.type)
        left = self._largest(stream=True)
        async for block in response.body:
            left -= len(block)
            if left < 0:
                raise ModelCut(TOO_MUCH)
            await answer.block(block)
        return b""

    def _largest(self, *, stream: bool) -> int:
        return largest(self._asked, self._longest, stream=stream)

    async def _read(self, response: ApiResponse, bill: Bill) -> bytes:
        """An answer that comes whole."""
        try:
            data = await _whole(response, min(LARGEST, self._largest(stream=False)))
        except Rejected:
            bill.took = self._took(None, ())
            raise
        said = _object(data)
        bill.took = self._took(usage_in(said.get("usage")), (said,), seconds=_seconds(said))
        response.usage = bill.took.usage
        if self._kept:
            await self._keep(said, response)
        return data

    @property
    def _kept(self) -> bool:
        """Whether the provider keeps what it answers."""
        return self._request.path == "responses" and self._asked.fields.get("store") is not False

    async def _keep(self, said: Mapping[str, Any], response: ApiResponse) -> None:
        """Remember whose a response is that the provider keeps."""
        usage = response.usage or Usage(0, 0)
        tokens = usage.input + usage.output
        await stored.keep(self._desk.ports, self._caller, said, response.account, tokens)

    async def _stream(self, response: ApiResponse, bill: Bill, answer: Answer) -> bytes:
        """An answer that comes as events. Whoever leaves pays for what had come."""
        sieve = Sieve(hides=self._asked.hides)
        self._as_events = True
        await answer.begin(200, response.type)
        left = self._largest(stream=True)
        try:
            async for block in response.body:
                left -= len(block)
                if left < 0:
                    raise ModelCut(TOO_MUCH)
                if whole := sieve.take(block):
                    await answer.block(whole)
            last = sieve.rest()
        except BadEvent as error:
            raise ModelCut(str(error)) from error
        finally:
            bill.took = self._took(sieve.usage, said_in(sieve.passed))
            response.usage = bill.took.usage
        if self._kept:
            await self._keep(_response_in(sieve), response)
        return last

    def _took(self, usage: Usage | None, said: Iterable[dict[str, Any]], seconds: int = 0) -> Took:
        """What it took, counted where the provider did not say, and then no more than was held for it."""
        usage = self._counted(said) if usage is None else self._believed(usage)
        return Took(usage, self._asked.images, seconds or self._asked.seconds)

    def _counted(self, said: Iterable[dict[str, Any]]) -> Usage:
        count = self._desk.ports.counter(self._request.spec)
        words = words_in(said)
        return Usage(self._asked.prompt, min(count(words), self._longest) if words else 0, counted=True)

    def _believed(self, usage: Usage) -> Usage:
        """What was told, as far as it can be: pictures and sound are made of tokens, too, and nobody limits these."""
        asked, spec = self._asked, self._request.spec
        sound = asked.seconds * SOUND
        return believed(usage, spec, asked.prompt + sound, self._longest + asked.images * spec.max_output + sound)


async def _whole(response: ApiResponse, most: int) -> bytes:
    """The body, of at most so many bytes. Raises ModelDown or one of its kind, Rejected."""
    data = bytearray()
    async for block in response.body:
        data += block
        if len(data) > most:
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

"""What a caller over HTTP is told when there is no answer: a status, and our words as its client reads them."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi.responses import JSONResponse, Response

from bot.errors import (
    BadArgument,
    Banned,
    BotError,
    ContextFull,
    Filtered,
    KeyRefused,
    KeyTooNarrow,
    KeyTypo,
    ModelBusy,
    ModelDown,
    NoKey,
    NoPlusHere,
    PlusNeeded,
    QuotaExhausted,
    Refused,
    StorageDown,
    TooLong,
    TooManyAtOnce,
    TooManyGuesses,
    UnknownKey,
)
from bot.reply import literal

OPENAI = ("/v1", "/openai")
"""Below these, errors have OpenAI's shape."""

NO_RETRY = {"x-should-retry": "false"}
"""The SDKs of OpenAI obey it."""

UNREAD = (408, 413)
"""These are told while the rest of the request may still be on its way."""

CLOSE = {"Connection": "close"}


class Rejected(Refused):
    """
    A request that cannot be done as it was written.

    Args:
        sentence: For whoever wrote it.
        param: The field that is to blame.
    """

    def __init__(self, sentence: str, status: int = 400, code: str = "", param: str = "") -> None:
        super().__init__(f"{status} {code} {param}: {sentence}")
        self.for_user = sentence
        self.status = status
        self.code = code
        self.param = param


class NoRoom(Rejected):
    """A request that is too large for now: others that are under way have to end first."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence, status, "too_many_bytes")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told: OpenAI's `type` and `code` are names that programs compare."""

    status: int
    type: str
    code: str = ""
    param: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


WRONG_KEY = Told(401, "invalid_request_error", "invalid_api_key", headers={"WWW-Authenticate": "Bearer", **NO_RETRY})

ANSWERS: tuple[tuple[type[BotError], Told], ...] = (
    (KeyTooNarrow, Told(403, "invalid_request_error", "insufficient_permissions")),
    (KeyRefused, WRONG_KEY),
    (KeyTypo, WRONG_KEY),
    (NoKey, WRONG_KEY),
    (UnknownKey, WRONG_KEY),
    (TooManyGuesses, Told(429, "requests", "rate_limit_exceeded", headers=NO_RETRY)),
    (TooManyAtOnce, Told(429, "requests", "rate_limit_exceeded", headers={"Retry-After": "1"})),
    (Banned, Told(403, "invalid_request_error", "banned")),
    (PlusNeeded, Told(403, "invalid_request_error", "plus_needed")),
    (NoPlusHere, Told(403, "invalid_request_error", "no_plus_here")),
    (TooLong, Told(400, "invalid_request_error", "context_length_exceeded", "messages")),
    (ContextFull, Told(400, "invalid_request_error", "context_length_exceeded", "messages")),
    (Filtered, Told(400, "invalid_request_error", "content_filter")),
    (BadArgument, Told(400, "invalid_request_error")),
    (Refused, Told(400, "invalid_request_error")),
    (StorageDown, Told(503, "server_error", "unavailable", headers={"Retry-After": "1"})),
    (ModelDown, Told(503, "server_error", "upstream_unavailable")),
    (BotError, Told(500, "server_error", "internal_error")),
)
"""What each of our errors is over HTTP; the first that fits."""


def told(error: BotError) -> Told:
    """How an error is told."""
    if isinstance(error, NoRoom):
        return Told(error.status, "requests", error.code, headers={**CLOSE, "Retry-After": "5"})
    if isinstance(error, Rejected):
        unread = CLOSE if error.status in UNREAD else {}
        return Told(error.status, "invalid_request_error", error.code, error.param, unread)
    if isinstance(error, QuotaExhausted):
        return _of_quota(error)
    found = next(told for kind, told in ANSWERS if isinstance(error, kind))
    if isinstance(error, ModelBusy) and error.retry_after:
        return Told(found.status, found.type, found.code, headers={"Retry-After": str(math.ceil(error.retry_after))})
    return found


def _of_quota(error: QuotaExhausted) -> Told:
    """A quota that is used up is no reason to try again soon; so many a minute is."""
    wait = {} if error.retry_after is None else {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    if error.brief:
        return Told(429, "requests", "rate_limit_exceeded", headers=wait)
    return Told(429, "insufficient_quota", "insufficient_quota", headers={**wait, **NO_RETRY})


def new_id() -> str:
    """A name for a request, under which the log has it, too."""
    return f"req_{os.urandom(16).hex()}"


def response(error: BotError, path: str, id: str = "") -> Response:
    """The response that tells an error, in the shape that clients of that path read."""
    how = told(error)
    headers = {**how.headers, "x-request-id": id or new_id()}
    return JSONResponse(body(path, error.for_user, how), how.status, headers=headers)


def plain(path: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The response to what no route answers: an unknown path, a wrong method."""
    sentence = SENTENCES.get(status) or f"{HTTPStatus(status).phrase}."
    how = Told(status, "invalid_request_error", CODES.get(status, ""))
    return JSONResponse(body(path, sentence, how), status, headers=dict(headers or {}))


SENTENCES = {
    404: "There is nothing here. The routes are listed at /docs.",
    405: "This path does not take that method. The routes are listed at /docs.",
    413: "That is too large.",
    500: BotError.for_user,
}

CODES = {404: "unknown_url", 405: "method_not_supported", 413: "request_too_large", 500: "internal_error"}


def body(path: str, sentence: str, how: Told) -> dict[str, object]:
    sentence = literal(sentence)
    if not is_openai(path):
        return {"error": sentence}
    error = {"message": sentence, "type": how.type, "param": how.param or None, "code": how.code or None}
    return {"error": error}


def is_openai(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in OPENAI)

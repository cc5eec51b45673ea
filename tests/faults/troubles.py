"""What can befall a call of a provider: each trouble makes its answer from the words that it was to say."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.turn import Ending
from sandbox.openai import errors, script
from sandbox.openai.errors import Refusal
from sandbox.openai.script import Answer, Piece, Raw, Script, Wire, page

CUT, EOF, HANG = script.Ending.CUT, script.Ending.EOF, script.Ending.HANG


WHOLE = Wire()


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    One way in which a call may go.

    Args:
        make: Makes the answer from the words.
        ending: How an answer ends that was heard like this; None when it is not heard to its end.
    """

    name: str
    make: Callable[[str, random.Random], Answer]
    ending: Ending | None = None


def pieces(text: str, after: float = 0.0) -> tuple[Piece, ...]:
    return tuple(Piece(word, after) for word in re.findall(r"\S+ ?", text))


def say(text: str, ending: script.Ending = script.Ending.STOP, wire: Wire = WHOLE) -> Script:
    return Script(pieces(text), ending, wire)


def half(text: str, dice: random.Random) -> str:
    """A beginning, of one character or more."""
    return text[: dice.randint(1, len(text) - 1)]


def event(body: object) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def delta(text: Any, finish: Any = None) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


STOP = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
DONE = b"data: [DONE]\n\n"


def usage(**figures: Any) -> bytes:
    return event({"choices": [], "usage": figures})


def promised(body: bytes, header: str) -> Raw:
    """A body that is not what its header says."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{header}\r\n\r\n"
    return Raw(head.encode() + body)


def odd_choices(text: str, dice: random.Random) -> Answer:
    """Fields of shapes that nobody describes, around a good answer."""
    odd: list[Any] = [
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": None}, "finish_reason": 7}]},
        {"choices": [{"delta": {"content": ["x"]}}]},
        {"choices": {"0": "x"}},
        {},
    ]
    dice.shuffle(odd)
    return page(b"".join(map(event, odd)) + delta(text) + STOP + DONE)


def lame(text: str, line: bytes) -> Answer:
    """Some words, a line that is no event, and an end as if all were well."""
    return page(delta(text) + b"data: " + line + b"\n\n" + STOP + DONE)


def nested() -> bytes:
    return b'{"choices":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


WELL = Trouble("none", lambda text, _: say(text), Ending.COMPLETE)

HARMLESS = (
    WELL,
    Trouble("no usage", lambda text, _: Script(pieces(text), usage=False), Ending.COMPLETE),
    Trouble("usage of no sense", lambda text, dice: page(delta(text) + STOP + absurd(dice) + DONE), Ending.COMPLETE),
    Trouble("torn writes", lambda text, dice: say(text, wire=Wire(split=dice.randint(100, 300))), Ending.COMPLETE),
    Trouble("slow drip", lambda text, _: say(text, wire=Wire(split=1000, drip=0.002)), Ending.COMPLETE),
    Trouble("CRLF", lambda text, _: say(text, wire=Wire(line_end="\r\n")), Ending.COMPLETE),
    Trouble("choices of odd shapes", odd_choices, Ending.COMPLETE),
    Trouble("halves of surrogate pairs", lambda text, _: page(halves(text) + STOP + DONE), Ending.COMPLETE),
    Trouble("no [DONE]", lambda text, _: page(delta(text) + STOP), Ending.COMPLETE),
    Trouble("no [DONE], then a cut", lambda text, _: page(delta(text) + STOP, ending=CUT), Ending.COMPLETE),
    Trouble("no [DONE], then silence", lambda text, _: page(delta(text) + STOP, ending=HANG), Ending.COMPLETE),
    Trouble("garbage after the end", lambda text, _: page(delta(text) + STOP + b"data: {]\n\n"), Ending.COMPLETE),
    Trouble("another content type", lambda text, _: page(delta(text) + STOP + DONE, "text/plain"), Ending.COMPLETE),
    Trouble("unknown finish_reason", lambda text, _: page(delta(text, "tired") + DONE), Ending.COMPLETE),
    Trouble("length", lambda text, dice: say(half(text, dice), script.Ending.LENGTH), Ending.LENGTH),
    Trouble("filtered late", lambda text, dice: say(half(text, dice), script.Ending.FILTER), Ending.FILTERED),
)

REFUSED = (
    Trouble("429, back soon", lambda *_: errors.rate_limited(0.02, in_milliseconds=True)),
    Trouble("429, back later", lambda *_: errors.rate_limited(3600)),
    Trouble("429 without a time", lambda *_: errors.refusal(429, "Slow down.")),
    Trouble("429, no money", lambda *_: errors.out_of_quota()),
    Trouble("500", lambda *_: errors.server_error()),
    Trouble("502, HTML", lambda *_: errors.bad_gateway()),
    Trouble("503", lambda *_: errors.overloaded()),
    Trouble("401", lambda *_: errors.wrong_key("sk-x")),
    Trouble("400, too long", lambda *_: errors.context_exceeded(8000, 9000, 500)),
    Trouble("500, a body of no sense", lambda *_: Refusal(500, '{"error": ["\\ud800", 1e999]}')),
    Trouble("a redirect", lambda *_: Refusal(307, "", {"Location": "/v1/nowhere"})),
    Trouble("filtered at once", lambda *_: Script((), script.Ending.FILTER), Ending.FILTERED),
)

SILENT = (
    Trouble("a reset", lambda *_: Raw(ending=CUT)),
    Trouble("a close", lambda *_: Raw()),
    Trouble("no status line", lambda *_: Raw(ending=HANG)),
    Trouble("half a status line", lambda *_: Raw(b"HTTP/1.1 20")),
    Trouble("no HTTP", lambda *_: Raw(b"\x00\xff SSH-2.0-owl\r\n\r\n")),
    Trouble("a header of no sense", lambda *_: Raw(b"HTTP/1.1 200 OK\r\n\x00\x01\r\n\r\n")),
    Trouble("204", lambda *_: Raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
    Trouble("no words, silence", lambda *_: page(b"", ending=HANG)),
    Trouble("only comments", lambda *_: say("", HANG, Wire(keep_alive=0.1))),
    Trouble("no words, cut", lambda *_: page(b"", ending=CUT)),
    Trouble("no words, end", lambda *_: page(b"")),
    Trouble("no words, stop", lambda *_: page(STOP + DONE)),
    Trouble("only blanks", lambda *_: page(delta(" \n\t") + STOP + DONE)),
    Trouble("an HTML page", lambda *_: page(b"<html><title>Sign in</title></html>", "text/html")),
    Trouble("JSON instead of a stream", lambda text, _: page(whole(text), "application/json")),
    Trouble("an error as the first event", lambda *_: page(event({"error": {"message": "x", "code": "y"}}))),
    Trouble("an error that is a text", lambda *_: page(event({"error": "overloaded"}))),
    Trouble("no gzip", lambda text, _: promised(delta(text), "Content-Encoding: gzip")),
    Trouble("no chunks", lambda text, _: promised(delta(text), "Transfer-Encoding: chunked")),
)

BROKEN = (
    Trouble("words, silence", lambda text, dice: say(half(text, dice), HANG)),
    Trouble("words, cut", lambda text, dice: say(half(text, dice), CUT)),
    Trouble("words, end", lambda text, dice: say(half(text, dice), EOF)),
    Trouble("words, half an event", lambda text, dice: say(half(text, dice), script.Ending.GARBAGE)),
    Trouble("words, an error", lambda text, dice: say(half(text, dice), script.Ending.ERROR)),
    Trouble("words, [DONE]", lambda text, _: page(delta(text) + DONE)),
    Trouble("words, half a character", lambda text, dice: lame(half(text, dice), b'{"choices":[{"x":"\xf0\x9f')),
    Trouble("words, a huge event", lambda text, dice: lame(half(text, dice), b'"' + b"x" * (3 << 20) + b'"')),
    Trouble("words, a deep event", lambda text, dice: lame(half(text, dice), nested())),
    Trouble("words, a huge number", lambda text, dice: lame(half(text, dice), b"1" * 10_000)),
    Trouble("words, a list", lambda text, dice: lame(half(text, dice), b"[]")),
    Trouble("a short body", lambda text, dice: promised(delta(half(text, dice)), "Content-Length: 100000")),
    Trouble("an endless drip", lambda text, _: Script(pieces(text * 50, after=0.05))),
)

TROUBLES = (*HARMLESS, *REFUSED, *SILENT, *BROKEN)


def absurd(dice: random.Random) -> bytes:
    """Figures that nobody can have used."""
    figure = dice.choice((-1, True, "7", 1.5, None, 10**30, [3]))
    return usage(prompt_tokens=figure, completion_tokens=5)


def halves(text: str) -> bytes:
    """Each character beyond the Basic Multilingual Plane in two events, as servers send it that count in UTF-16."""
    units = text.encode("utf-16-le")
    return b"".join(delta(units[at : at + 2].decode("utf-16-le", "surrogatepass")) for at in range(0, len(units), 2))


def whole(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()

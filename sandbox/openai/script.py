"""What a model is told to say, how fast, and how it ends. All data; `perform` plays it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sandbox.openai import tokens
from sandbox.openai.errors import Refusal


class Ending(StrEnum):
    """How an answer ends. The first four are ends that OpenAI itself calls by these names."""

    STOP = "stop"
    LENGTH = "length"
    FILTER = "content_filter"
    TOOLS = "tool_calls"
    CUT = "cut"
    """The connection breaks."""
    EOF = "eof"
    """The answer just stops: no finish_reason, no [DONE], yet a clean end of the HTTP body."""
    HANG = "hang"
    """Nothing more comes, and the connection stays open until the client leaves."""
    GARBAGE = "garbage"
    """The next event is half a JSON object; then a clean end."""
    ERROR = "error"
    """An event with `Script.error`; then a clean end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """
    One delta, `after` seconds since the one before it.

    A `thought` leaves as `reasoning_content`, the field that DeepSeek, vLLM and others use
    (api-docs.deepseek.com/guides/thinking_mode); OpenAI's own chat completions have no such thing.

    Args:
        call: The id of the call of a function that has `text` among its arguments; "" for what is said.
        function: The name of the function, in the first piece of its call.
    """

    text: str
    after: float = 0.0
    thought: bool = False
    call: str = ""
    function: str = ""

    @property
    def cost(self) -> int:
        """In tokens."""
        return tokens.count(self.text) + (tokens.count(self.function) if self.function else 0)

    @property
    def spoken(self) -> bool:
        """Whether it is part of the text."""
        return not self.thought and not self.call


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a function. `arguments` is JSON, or what the model takes for it."""

    id: str
    function: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Wire:
    """
    How the bytes of a stream travel.

    Args:
        line_end: What ends a line; the standard allows both (html.spec.whatwg.org/multipage/server-sent-events.html).
        split: Bytes to a write, so that events and characters are torn apart; 0 writes whole events.
        drip: Seconds between the writes of one event; only with `split`.
        keep_alive: Seconds between comments while nothing else is to be sent; 0 sends none.
    """

    line_end: str = "\n"
    split: int = 0
    drip: float = 0.0
    keep_alive: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """
    One answer.

    Args:
        error: What `Ending.ERROR` says; None is OpenAI's own server error.
        usage: Whether the tokens are told when the request asks for them.
    """

    pieces: tuple[Piece, ...] = ()
    ending: Ending = Ending.STOP
    wire: Wire = Wire()
    error: Refusal | None = None
    usage: bool = True

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.spoken)

    @property
    def thought(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.thought)

    @property
    def calls(self) -> list[Called]:
        functions = {piece.call: piece.function for piece in self.pieces if piece.function}
        return [
            Called(call, function, "".join(piece.text for piece in self.pieces if piece.call == call))
            for call, function in functions.items()
        ]

    @property
    def seconds(self) -> float:
        return sum(piece.after for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Raw:
    """
    Bytes in place of an answer, whatever they mean: all of the response, its status line too.

    Args:
        after: Seconds before the first of them, whatever the hurry.
        ending: CUT, HANG, or EOF, a clean end.
    """

    data: bytes = b""
    after: float = 0.0
    ending: Ending = Ending.EOF


def page(body: bytes, content_type: str = "text/event-stream", ending: Ending = Ending.EOF) -> Raw:
    """A well-formed response with status 200, of this type and with this body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    return Raw(head.encode() + body, ending=ending)


Answer = Script | Refusal | Raw


def say(text: str, ending: Ending = Ending.STOP, *, rate: float = 0.0, wire: Wire = Wire()) -> Script:
    """
    Say `text`, a token at a time.

    Args:
        rate: Tokens in a second; 0 says everything at once.
    """
    return Script(paced(text, rate), ending, wire)


def paced(text: str, rate: float = 0.0, *, thought: bool = False) -> tuple[Piece, ...]:
    after = 1 / rate if rate else 0.0
    return tuple(Piece(piece, after, thought) for piece in tokens.split(text))


def use(function: str, arguments: str = "{}", *, rate: float = 0.0) -> Script:
    """Call one function and say nothing. For several, or words before: a `Script` of `paced` and `calling` pieces."""
    return Script(calling(function, arguments, rate), Ending.TOOLS)


def calling(function: str, arguments: str = "{}", rate: float = 0.0) -> tuple[Piece, ...]:
    """A call of a function under an id of its own, its arguments a token at a time."""
    call = f"call_{secrets.token_hex(12)}"
    after = 1 / rate if rate else 0.0
    pieces = (Piece(piece, after, call=call) for piece in tokens.split(arguments))
    return (Piece("", after, call=call, function=function), *pieces)


def steady(count: int, seconds: float) -> Script:
    """`count` tokens, evenly over `seconds`: words to measure with, not to read."""
    return Script(tuple(Piece(" owl", seconds / count) for _ in range(count)))


def limited(script: Script, most: int, stops: tuple[str, ...]) -> Script:
    """The script as far as a request lets it go: `most` tokens, or the first of the `stops`, whichever is earlier."""
    return _until_length(_until_stop(script, stops), most)


def _until_length(script: Script, most: int) -> Script:
    kept: list[Piece] = []
    for piece in script.pieces:
        if piece.cost > most:
            head = "".join(tokens.split(piece.text)[:most])
            last = (replace(piece, text=head),) if head else ()
            return replace(script, pieces=(*kept, *last), ending=Ending.LENGTH)
        kept.append(piece)
        most -= piece.cost
    return script


def _until_stop(script: Script, stops: tuple[str, ...]) -> Script:
    """Only what is said counts; the stop itself is not said."""
    found = [at for at in (script.text.find(stop) for stop in stops) if at >= 0]
    if not found:
        return script
    return replace(script, pieces=tuple(_first(script.pieces, min(found))), ending=Ending.STOP)


def _first(pieces: Iterable[Piece], characters: int) -> Iterable[Piece]:
    """The pieces up to that many characters of text."""
    for piece in pieces:
        if piece.thought:
            yield piece
            continue
        if characters <= 0:
            return
        if piece.call:
            yield piece
            continue
        yield replace(piece, text=piece.text[:characters])
        characters -= len(piece.text)

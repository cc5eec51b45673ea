"""
The demo model: plays back texts that were written beforehand, and says so.

It is there for people who have no account with a provider yet, and for tests that want the whole way of an answer. It
listens for a few words, anywhere in the last thing that was said; `texts/help.md` lists them for the visitor.
"""

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

from sandbox.openai import errors, routes, tools
from sandbox.openai.asked import Asked
from sandbox.openai.script import Answer, Ending, Piece, Script, say, use
from sandbox.openai.talk import Talk, talk

RATE = 60.0
"""Tokens in a second: a pleasant speed to read at."""

LONG_RATE = 300.0
"""Tokens in a second of the long answer, which nobody reads as it comes."""

SLOW = 30.0
"""Seconds that a slow answer takes."""

BUSY = 20.0
"""Seconds to come back after, when busy."""

CUT_AT = 0.6
"""The part of an answer that still arrives when it is cut."""

HIGHEST = 1000
"""The highest number that it counts to."""

DISCLOSURE = (
    "*I am a demonstration model: I only play back texts that were prepared beforehand, and I understand a few words. "
    "No real language model is behind this.*"
)

_SUGGESTIONS = (
    "Try **owl**, **table**, **code**, **joke**, **poem**, **long** or **count to 20**, or say **help** to see all the "
    "words that I know."
)

_TOPICS = {
    "owls": r"owls?",
    "table": r"tables?",
    "code": r"code",
    "long": r"long",
    "emoji": r"emojis?|unicode",
    "markdown": r"markdown",
    "math": r"maths?|mathematics",
    "joke": r"jokes?",
    "poem": r"poems?",
    "help": r"help",
}
"""A text's name -> the words that call for it."""

_COUNT = re.compile(r"\bcount (?:up )?to (\d{1,9})\b", re.IGNORECASE)
_SAID = re.compile(r"\bwhat (?:did|have) i (?:just )?(?:say|said|ask|asked|tell|told|write|written)\b", re.IGNORECASE)
_WHO = re.compile(r"\b(?:what(?:'s|’s| is| was) my name|who am i)\b", re.IGNORECASE)
_NAME = re.compile(r"(?i:\b(?:my name is|call me|i am called))\s+([^\W\d_][\w'’-]*)|\bI(?:'m|’m| am)\s+([A-Z][\w'’-]*)")


TRANSCRIPT = "I am a demonstration model: I did not listen. This transcript was prepared beforehand."


def answer(asked: Asked) -> Answer:
    """What the demo models do with a request."""
    if asked.route == routes.TRANSCRIPTIONS:
        return say(TRANSCRIPT)
    if asked.route not in (routes.CHAT, routes.RESPONSES):
        return Script()
    demanded = tools.demanded(asked.body)
    return use(demanded) if demanded else _talk(asked)


def _talk(asked: Asked) -> Answer:
    heard = talk(asked)
    remembered = _remember(heard)
    if remembered is not None:
        return _spoken(heard, remembered)
    for word, trouble in _TROUBLE.items():
        if _hears(heard.text, word):
            return trouble
    return _mannered(heard, _script(heard))


_TROUBLE: dict[str, Answer] = {
    "error": errors.server_error(),
    "busy": errors.rate_limited(BUSY),
    "empty": Script(),
    "filter": Script(tuple(Piece(word, 1 / RATE) for word in ("Let", " me", " put")), Ending.FILTER),
}


def _hears(text: str, words: str) -> bool:
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None


def _script(heard: Talk) -> Script:
    """The answer in itself, before it is slowed down or cut."""
    counting = _COUNT.search(heard.text)
    if counting is not None:
        return _spoken(heard, _counted(int(counting[1])))
    topic = _topic(heard.text)
    if topic == "long":
        return _spoken(heard, _text("long"), LONG_RATE)
    if topic == "joke":
        return _spoken(heard, _joke(heard.answers))
    return _spoken(heard, _text(topic) if topic else _echo(heard))


def _topic(text: str) -> str:
    """The text that is asked for; the one that is named first, when there are several. "" for none."""
    named = {
        name: found.start()
        for name, words in _TOPICS.items()
        if (found := re.search(rf"\b(?:{words})\b", text, re.IGNORECASE))
    }
    if not named and _hears(text, "slow|cut"):
        return "owls"
    return min(named, key=named.__getitem__, default="")


def _mannered(heard: Talk, script: Script) -> Script:
    """The script as slow as it is wanted, and as far."""
    if _hears(heard.text, "slow"):
        after = SLOW / len(script.pieces)
        script = replace(script, pieces=tuple(replace(piece, after=after) for piece in script.pieces))
    if _hears(heard.text, "cut"):
        script = replace(script, pieces=_torn(script.pieces), ending=Ending.CUT)
    return script


def _torn(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The first part, ending in the middle of a sentence."""
    kept = pieces[: int(len(pieces) * CUT_AT)]
    while len(kept) > 1 and not kept[-1].text[-1].isalnum():
        kept = kept[:-1]
    return kept


def _spoken(heard: Talk, text: str, rate: float = RATE) -> Script:
    """The first answer of a conversation begins by saying what speaks."""
    return say(text if heard.answers else f"{DISCLOSURE}\n\n{text}", rate=rate)


@cache
def _text(name: str) -> str:
    return files("sandbox.openai").joinpath("texts", f"{name}.md").read_text("utf-8").rstrip("\n")


def _joke(number: int) -> str:
    """Another one each time."""
    jokes = _text("jokes").split("\n\n---\n\n")
    return jokes[number % len(jokes)]


def _counted(number: int) -> str:
    if number > HIGHEST:
        return f"I count to {HIGHEST:,} at most; {number:,} would keep us here for long."
    if number == 0:
        return "Done already: there is nothing between nothing and 0."
    return ", ".join(str(one) for one in range(1, number + 1)) + "."


def _remember(heard: Talk) -> str | None:
    """An answer that only somebody who was sent the conversation can give."""
    if _SAID.search(heard.text):
        return _said(heard.earlier)
    if _WHO.search(heard.text):
        return _who(heard)
    name = _named(heard.text)
    return (
        f"Nice to meet you, {name}! Ask me “What is my name?” later on, and I will look it up here." if name else None
    )


def _said(earlier: tuple[str, ...]) -> str:
    if not earlier:
        return "That was the first thing you said in this conversation, as far as it was sent to me."
    lines = "\n".join(f"{number}. {_quoted(line)}" for number, line in enumerate(earlier, 1))
    return f"In the conversation that I was sent, you said:\n\n{lines}"


def _who(heard: Talk) -> str:
    name = next((name for line in reversed(heard.earlier) if (name := _named(line))), "")
    if name:
        return f"Your name is **{name}**: you told me earlier in this conversation."
    if heard.speaker:
        return f"You are **{heard.speaker}**: in a shared conversation I am sent everybody's name with their lines."
    return "You have not told me your name in this conversation. Try “My name is Ada.”"


def _named(text: str) -> str:
    found = _NAME.search(text)
    return (found[1] or found[2]) if found else ""


def _echo(heard: Talk) -> str:
    greeting = f"Hello, {heard.speaker}!" if heard.speaker else "Hello!"
    if not heard.text.strip():
        return f"{greeting} There was no text that I could read. {_SUGGESTIONS}"
    return f"{greeting} You wrote {_quoted(heard.text)}, and I have no text prepared for that. {_SUGGESTIONS}"


def _quoted(line: str) -> str:
    """One line of it, short enough to be read at a glance."""
    flat = " ".join(line.split())
    return f"“{flat}”" if len(flat) <= 80 else f"“{flat[:79].rstrip()}…”"

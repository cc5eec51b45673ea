"""
The record of one turn: a question, or a command, on its way to exactly one visible outcome.

A turn is written down before the platform is told that we have it, and after every step that somebody could see.
Whoever picks it up after a crash reads its state and goes on from there.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from bot.chat import HEAD, Call, Inbound, Message, Origin
from bot.reply import Reply


class State(IntEnum):
    """How far a turn has come. It only ever grows."""

    RECEIVED = 0
    """Written down; nothing to be seen yet."""
    PLACED = 20
    """Its place in the conversation is decided, and its model."""
    GENERATING = 30
    """The model speaks; `draft` holds what was heard at the last checkpoint."""
    FINAL = 40
    """`reply` is what the asker shall read. The model is not asked again."""
    SETTLED = 45
    """The answer is charged."""
    REMEMBERED = 50
    """Question and answer are in the conversation's history."""
    DONE = 70
    """Every part shows the reply."""
    FAILED = 80
    """Given up, for `failure`."""


class Ending(StrEnum):
    """Why an answer ended."""

    COMPLETE = "complete"
    LENGTH = "length"
    STOPPED = "stopped"
    CUT = "cut"
    FILTERED = "filtered"
    REFUSED = "refused"
    """There was no answer: `reply` says why."""


@dataclass(frozen=True, slots=True)
class Usage:
    """
    Tokens of one answer. `counted` is True when the provider gave no figures and we counted ourselves.

    `cached` is how many of `input` the provider had read before, and sells for less.
    """

    input: int
    output: int
    counted: bool = False
    cached: int = 0
    own: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One question or command.

    `lane` is the queue that it stands in: one turn of a lane is worked on at a time. `parent` is the message of the
    conversation that it follows (a node's id, ROOT or HEAD) and `question` the id of the node that asks; a
    regenerated answer shares its question with the answer that it replaces. `parts` are the platform's ids of the
    messages that show the answer, in order. `unsure` is how often nobody knew whether another one was put up.
    """

    id: str
    session: str
    lane: str
    task: Inbound | Call
    state: State = State.RECEIVED
    attempts: int = 0
    parent: str = HEAD
    question: str = ""
    model: str = ""
    parts: tuple[str, ...] = ()
    draft: str = ""
    reply: Reply = Reply()
    ending: Ending | None = None
    usage: Usage | None = None
    failure: str = ""
    unsure: int = 0

    @property
    def origin(self) -> Origin:
        return self.task.origin

    @property
    def question_node(self) -> str:
        return self.question or f"{self.id}q"

    @property
    def answer_node(self) -> str:
        return f"{self.id}a"

    @property
    def ended(self) -> bool:
        return self.state in (State.DONE, State.FAILED)


def turn_id(origin: Origin) -> str:
    """
    Name the turn that an event makes: the same event always makes the same turn, so it can be told when it comes again.

    Returns:
        24 hexadecimal digits.
    """
    event = f"{origin.key.room}|{origin.event}"
    return hashlib.sha256(event.encode()).hexdigest()[:24]


def failed(turn: Turn, reason: str) -> Turn:
    """The turn, given up for a reason that the operator can read."""
    return replace(turn, state=State.FAILED, failure=reason)


def afresh(turn: Turn) -> Turn:
    """A turn that was given up, to be done after all: an answer that was there is shown, or else a new one is made."""
    if turn.ending not in (None, Ending.REFUSED):
        return replace(turn, state=State.REMEMBERED, attempts=0, failure="")
    state = State.PLACED if turn.model else State.RECEIVED
    return replace(turn, state=state, attempts=0, failure="", draft="", reply=Reply(), ending=None)


def question_of(turn: Turn) -> Message:
    """The question as the conversation keeps it, with what it quotes from outside the conversation."""
    asked = turn.task
    assert isinstance(asked, Inbound)
    quoted = "".join(f"> {line}\n" for line in asked.quote.splitlines())
    text = f"{quoted}\n{asked.text}" if quoted else asked.text
    return Message(turn.question_node, turn.parent, "user", text, asked.origin.author, turn.id, asked.origin.at)


def answer_of(turn: Turn) -> Message:
    """The answer as the conversation keeps it: what the model said, without our remarks."""
    return Message(turn.answer_node, turn.question_node, "assistant", turn.reply.text, "", turn.id, turn.origin.at)

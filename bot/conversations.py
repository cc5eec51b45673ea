"""
A person's conversations: those begun over HTTP, and every private chat with the bot.

The messages are in `bot.ports.History`, under the conversation's session. Here is what a list of them shows.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from bot.ports import Ports, Records
from bot.preferences import leave_account
from bot.records import Shape, change

MOST = 1_000
"""Conversations that are kept for a person. For one more, the one made over HTTP that was still the longest goes."""

LONGEST_TITLE = 60
"""Characters of a title that is made from a question."""


_BEGUN_HERE = "c."
"""With this begins the last part of a session that no chat has."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """
    What is known of a conversation, beside its messages.

    Args:
        session: Under which its messages are kept.
        updated: When something was last answered in it; None for never.
        system: What the model is told before it, "" for the usual.
        model: The alias of the model that answers, "" for the one that was chosen in chat, or the default.
        number: Its number, for those who ask by numbers; 0 for none.
    """

    id: str
    session: str
    created: datetime
    title: str = ""
    updated: datetime | None = None
    system: str = ""
    model: str = ""
    number: int = 0

    @property
    def latest(self) -> datetime:
        """When something last happened in it."""
        return self.updated or self.created


_shape = Shape(TypeAdapter(Conversation), version=1)


def begun(place: str, now: datetime, *, title: str = "", system: str = "", model: str = "") -> Conversation:
    """A conversation that is kept once something was answered in it. `place` is the `Key.place` of who begins it."""
    id = str(uuid4())
    return Conversation(id, f"{place}/{_BEGUN_HERE}{id}", now, title, None, system, model)


async def find(records: Records, person: str, id: str) -> Conversation | None:
    """A conversation of that person's."""
    raw = await records.get(_folder(person), id)
    return _shape.read(raw) if raw else None


async def listed(records: Records, person: str) -> list[Conversation]:
    """All of that person's, the one with the latest answer first."""
    found = map(_shape.read, (await records.all(_folder(person))).values())
    return sorted(found, key=lambda each: (each.latest, each.id), reverse=True)


async def note(ports: Ports, person: str, conversation: Conversation, question: str) -> Conversation | None:
    """
    Write down that a question was answered, which gives the conversation a title if it has none.

    Returns:
        What is now known of it; None when it was forgotten meanwhile, and stays so.
    """
    records, folder = ports.records, _folder(person)
    while True:
        old = await records.get(folder, conversation.id)
        if old is None and conversation.updated:
            return None
        kept = _shape.read(old) if old else conversation
        noted = replace(kept, updated=ports.now(), title=kept.title or title_of(question))
        if await records.swap(folder, conversation.id, old, _shape.dump(noted)):
            break
    if old is None:
        await _make_room(ports, person)
    return noted


async def note_chat(ports: Ports, person: str, session: str, question: str) -> None:
    """The same for a private chat, whose conversation always has the same id."""
    id = UUID(bytes=hmac.digest(ports.pepper, session.encode(), "sha256")[:16], version=4)
    await note(ports, person, Conversation(str(id), session, ports.now()), question)


async def update(records: Records, person: str, id: str, **changes: Any) -> Conversation | None:
    """Change what is known of a conversation. Returns that; None when there is none."""
    while (old := await records.get(_folder(person), id)) is not None:
        changed = replace(_shape.read(old), **changes)
        if await records.swap(_folder(person), id, old, _shape.dump(changed)):
            return changed
    return None


async def entitle(records: Records, person: str, was: Conversation, title: str) -> None:
    """Give a conversation a better title, unless somebody gave it one meanwhile."""
    old = await records.get(_folder(person), was.id)
    if old is not None and _shape.read(old).title == was.title:
        await records.swap(_folder(person), was.id, old, _shape.dump(replace(_shape.read(old), title=title)))


async def forget(ports: Ports, person: str, conversation: Conversation) -> None:
    """Forget a conversation, its messages first: whoever is interrupted can do it again."""
    await ports.history.forget(conversation.session)
    await leave_account(ports, conversation.session)
    if conversation.number:
        await ports.records.swap(_numbers(person), str(conversation.number), conversation.id, None)
    while (old := await ports.records.get(_folder(person), conversation.id)) is not None:
        await ports.records.swap(_folder(person), conversation.id, old, None)


async def forget_all(ports: Ports, person: str) -> None:
    """Forget every conversation of a person's, private chats with the bot among them."""
    for conversation in await listed(ports.records, person):
        await forget(ports, person, conversation)


# Numbers.


async def find_numbered(records: Records, person: str, number: int) -> Conversation | None:
    """A person's conversation by its number."""
    id = await records.get(_numbers(person), str(number))
    return await find(records, person, id) if id else None


async def give_number(ports: Ports, person: str, conversation: Conversation, hint: int = 0) -> Conversation:
    """Keep a conversation under a number: the hinted one if no other of the person's has it, else a higher one."""
    records, number = ports.records, hint
    while not number or not await _claim(records, person, number, conversation.id):
        number = max(map(int, await records.all(_numbers(person))), default=0) + 1

    def numbered(raw: str | None) -> str:
        return _shape.dump(replace(_shape.read(raw) if raw else conversation, number=number))

    kept = await change(records, _folder(person), conversation.id, numbered)
    await _make_room(ports, person)
    return _shape.read(kept)


async def _claim(records: Records, person: str, number: int, id: str) -> bool:
    """Take a number that no conversation has. Returns whether it could be had."""
    holder = await records.get(_numbers(person), str(number))
    if holder and await find(records, person, holder):
        return False
    return await records.swap(_numbers(person), str(number), holder, id)


# Titles.


def title_of(text: str) -> str:
    """The first words of a text, as many as a title can have."""
    title = ""
    for word in text.split():
        longer = f"{title} {word}".strip()
        if len(longer) > LONGEST_TITLE:
            break
        title = longer
    return title or text.strip()[:LONGEST_TITLE]


async def _make_room(ports: Ports, person: str) -> None:
    """Forget those that are too many. The messages of a private chat are not ours to forget."""
    if len(await ports.records.all(_folder(person))) <= MOST:
        return
    for conversation in (await listed(ports.records, person))[MOST:]:
        if conversation.session.rpartition("/")[2].startswith(_BEGUN_HERE):
            await forget(ports, person, conversation)


def _folder(person: str) -> str:
    return f"conversations/{person}"


def _numbers(person: str) -> str:
    """The folder of the ids of a person's conversations, by their numbers."""
    return f"conversation numbers/{person}"

"""Numbered sessions, as OpenAISession had them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from adapters.http.fields import body_fields, parsed
from adapters.http.routes import Routes, takes
from adapters.http.talks import Sent, Talks, as_json, at_once, nothing_there
from bot import conversations
from bot.caller import Caller
from bot.catalogue import Ability
from bot.chat import HEAD
from bot.conversations import Conversation
from bot.exchange import Answered, Question
from bot.keyring import ANY

SYSTEM = "You are a helpful assistant."
"""What the model is told where nothing else is said."""

MOST = 2**31 - 1
"""The highest number that can be asked for."""

LONGEST_SYSTEM = 20_000
"""Characters of what the model is told."""


class Created(BaseModel):
    sid: int = Field(0, ge=0, le=MOST)
    system_msg: str = Field(SYSTEM, max_length=LONGEST_SYSTEM)


class Asked(BaseModel):
    """A question. `parent_id` is the `id` of an answer to go on from, in place of the latest."""

    msg: str
    sid: int = Field(0, ge=0)
    system_msg: str = Field("", max_length=LONGEST_SYSTEM)
    model: str = Field("", max_length=200)
    parent_id: str = Field(HEAD, max_length=200)


class Reply(BaseModel):
    """An answer. `new_session_id` is the session to go on in."""

    text: str
    token_in: int
    token_out: int
    new_session_id: int
    id: str
    ending: str


def add_sessions(routes: Routes, talks: Talks, names: Mapping[str, str]) -> None:
    """Offer them. `names` are the aliases behind other names of models."""
    handlers = _Handlers(talks, names)

    def add(path: str, handler: Any, method: str, **openapi: Any) -> None:
        routes.add(path, handler, [method], tags=["sessions"], **openapi)

    add("/create", handlers.create, "POST", openapi_extra=takes(Created), responses={200: {"model": int}})
    add("/api", handlers.ask, "POST", openapi_extra=takes(Asked), responses={200: {"model": Reply}})
    add("/list_models", handlers.models, "GET", responses={200: {"model": list[str]}})


class _Handlers:
    """What stands behind the routes."""

    def __init__(self, talks: Talks, names: Mapping[str, str]) -> None:
        self._talks = talks
        self._names = names

    async def create(self, request: Request) -> Response:
        """Begin a session. Returns its number: the one that was asked for, if it is free."""
        caller = await self._talks.caller(request)
        asked = parsed(Created, await body_fields(request))
        begun = self._talks.begun(caller, system=asked.system_msg)
        kept = await conversations.give_number(self._talks.ports, caller.person, begun, asked.sid)
        return at_once(as_json(kept.number))

    async def ask(self, request: Request) -> Response:
        """Ask in a session, or in a new one."""
        caller = await self._talks.caller(request)
        asked = parsed(Asked, await body_fields(request))
        conversation = await self._session(caller, asked)
        model = self._names.get(asked.model, asked.model)

        async def shown(answered: Answered) -> Sent:
            return await self._shown(caller, answered)

        question = Question(asked.msg, asked.parent_id, model)
        return self._talks.answered(caller, conversation, question, shown)

    async def models(self, request: Request) -> Response:
        """The names of the models that can be asked."""
        allowed = (await self._talks.caller(request)).held.models
        able = [spec.alias for spec in self._talks.ports.catalogue.able(Ability.CHAT)]
        aliases = [alias for alias in able if ANY in allowed or alias in allowed]
        return at_once(as_json([*aliases, *(name for name, alias in self._names.items() if alias in aliases)]))

    async def _session(self, caller: Caller, asked: Asked) -> Conversation:
        """The session that is meant, with what the model is told from now on. Raises Rejected."""
        if not asked.sid:
            return self._talks.begun(caller, system=asked.system_msg or SYSTEM)
        records, person = self._talks.ports.records, caller.person
        found = await conversations.find_numbered(records, person, asked.sid)
        if found is not None and asked.system_msg:
            found = await conversations.update(records, person, found.id, system=asked.system_msg)
        return found or nothing_there()

    async def _shown(self, caller: Caller, answered: Answered) -> Sent:
        conversation, usage = answered.conversation, answered.usage
        if not conversation.number:
            conversation = await conversations.give_number(self._talks.ports, caller.person, conversation)
        reply = Reply(
            text=answered.answer.text,
            token_in=usage.input,
            token_out=usage.output,
            new_session_id=conversation.number,
            id=answered.answer.id,
            ending=answered.ending,
        )
        return as_json(reply)

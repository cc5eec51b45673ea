"""Conversations, as chat-gpt-rest-api had them: listed, asked in, branched, forgotten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from adapters.http.fields import body_fields, parsed
from adapters.http.routes import Routes, takes
from adapters.http.talks import Sent, Talks, as_json, at_once
from bot import conversations
from bot.chat import HEAD, Message, Role
from bot.conversations import Conversation
from bot.exchange import Answered, Question
from bot.turn import Ending

MOST_LISTED = 100
"""Conversations in one response."""

MOST_MESSAGES = 10_000
"""Messages in one response, the newest."""

FINISHED = {
    Ending.COMPLETE: "stop",
    Ending.LENGTH: "max_tokens",
    Ending.FILTERED: "content_filter",
    Ending.CUT: "interrupted",
}
"""What `finish_details` says of an answer's end."""

Title = Annotated[str, Field(max_length=200)]


class Listed(BaseModel):
    """A conversation in the list."""

    id: str
    title: str
    create_time: datetime
    update_time: datetime
    mapping: None = None
    current_node: None = None


class Author(BaseModel):
    role: Role
    name: str | None = None
    metadata: dict[str, Any] = {}


class Said(BaseModel):
    """A message. Its `parent_id` is what to send as `parent_id` to go on from here."""

    author: Author
    message: str
    conversation_id: str
    parent_id: str
    model: str | None = None
    finish_details: str | None = None
    end_turn: bool | None = None
    recipient: str = "all"
    citations: list[Any] = []


class Reply(BaseModel):
    response: Said


class Asked(BaseModel):
    prompt: str
    parent_id: str = Field(HEAD, max_length=200)
    model: str = Field("", max_length=200)
    autocontinue: bool = False


class Begun(BaseModel):
    prompt: str
    title: Title = ""
    model: str = Field("", max_length=200)
    autocontinue: bool = False


class Renamed(BaseModel):
    title: Title


def add_conversations(routes: Routes, talks: Talks) -> None:
    """Offer them."""
    handlers = _Handlers(talks)

    def add(path: str, handler: Any, method: str, **openapi: Any) -> None:
        routes.add(path, handler, [method], tags=["conversations"], **openapi)

    add("/conversations", handlers.listed, "GET", responses={200: {"model": list[Listed]}})
    extra = takes(Begun, form=True)
    add("/conversations/new", handlers.begin, "POST", openapi_extra=extra, responses={201: {"model": Reply}})
    add("/conversations/all", handlers.forget_all, "DELETE", status_code=204)
    extra = takes(Asked, form=True)
    add("/conversations/{id}/ask", handlers.ask, "POST", openapi_extra=extra, responses={201: {"model": Reply}})
    add("/conversations/{id}/messages", handlers.messages, "GET", responses={200: {"model": list[Said]}})
    extra = takes(Renamed, form=True)
    add("/conversations/{id}", handlers.rename, "PATCH", openapi_extra=extra, responses={200: {"model": Listed}})
    add("/conversations/{id}", handlers.forget, "DELETE", status_code=204)


class _Handlers:
    """What stands behind the routes."""

    def __init__(self, talks: Talks) -> None:
        self._talks = talks

    async def listed(
        self,
        request: Request,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 10,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Your conversations, the one with the latest answer first. A private chat with the bot is one of them."""
        caller = await self._talks.caller(request)
        found = await conversations.listed(self._talks.ports.records, caller.person)
        return at_once(as_json([_listed(each) for each in found[offset : offset + limit]]))

    async def begin(self, request: Request) -> Response:
        """Ask the first question of a new conversation."""
        caller = await self._talks.caller(request)
        asked = parsed(Begun, await body_fields(request))
        conversation = self._talks.begun(caller, title=asked.title, model=asked.model)
        question = Question(asked.prompt, autocontinue=asked.autocontinue)
        return self._talks.answered(caller, conversation, question, _shown)

    async def ask(self, request: Request, id: str) -> Response:
        """Ask in a conversation, after its latest answer or after the message that `parent_id` names."""
        caller = await self._talks.caller(request)
        conversation = await self._talks.conversation(caller, id)
        asked = parsed(Asked, await body_fields(request))
        question = Question(asked.prompt, asked.parent_id, asked.model, asked.autocontinue)
        return self._talks.answered(caller, conversation, question, _shown)

    async def messages(self, request: Request, id: str) -> Response:
        """The messages of a conversation's current branch, oldest first."""
        conversation = await self._talks.conversation(await self._talks.caller(request), id)
        history, session = self._talks.ports.history, conversation.session
        path = await history.path(session, await history.head(session), MOST_MESSAGES)
        return at_once(as_json([_said(conversation, message) for message in path]))

    async def rename(self, request: Request, id: str) -> Response:
        """Give a conversation another title."""
        caller = await self._talks.caller(request)
        await self._talks.conversation(caller, id)
        asked = parsed(Renamed, await body_fields(request))
        renamed = await conversations.update(self._talks.ports.records, caller.person, id, title=asked.title)
        return at_once(as_json(_listed(renamed or await self._talks.conversation(caller, id))))

    async def forget(self, request: Request, id: str) -> Response:
        """Forget a conversation."""
        caller = await self._talks.caller(request)
        await conversations.forget(self._talks.ports, caller.person, await self._talks.conversation(caller, id))
        return Response(status_code=204)

    async def forget_all(self, request: Request) -> Response:
        """Forget all your conversations, what was said in private chats with the bot too."""
        caller = await self._talks.caller(request)
        await conversations.forget_all(self._talks.ports, caller.person)
        return Response(status_code=204)


async def _shown(answered: Answered) -> Sent:
    details: Mapping[str, Any] = {
        "model": answered.spec.alias,
        "finish_details": FINISHED[answered.ending],
        "end_turn": answered.ending is Ending.COMPLETE,
    }
    return as_json(Reply(response=_said(answered.conversation, answered.answer, **details)), 201)


def _said(conversation: Conversation, message: Message, **details: Any) -> Said:
    author = Author(role=message.role, name=message.author or None)
    return Said(author=author, message=message.text, conversation_id=conversation.id, parent_id=message.id, **details)


def _listed(conversation: Conversation) -> Listed:
    return Listed(
        id=conversation.id,
        title=conversation.title,
        create_time=conversation.created,
        update_time=conversation.latest,
    )

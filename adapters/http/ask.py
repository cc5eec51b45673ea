"""Questions as ChatGPT-API-server took them."""

from uuid import uuid4

from fastapi import Request, Response
from pydantic import BaseModel, Field

from adapters.http.fields import body_fields, parsed
from adapters.http.refusals import Rejected
from adapters.http.routes import Routes, takes
from adapters.http.talks import Sent, Talks, as_json
from bot.answer import NOTES
from bot.chat import HEAD
from bot.exchange import Answered, Question


class Asked(BaseModel):
    """A question. `parent_id` is the `response_id` of the answer that it follows."""

    content: str
    conversation_id: str = Field("", max_length=200)
    parent_id: str = Field("", max_length=200)


class Reply(BaseModel):
    """An answer. `error` is "" when it is whole."""

    id: str
    response_id: str
    conversation_id: str
    content: str
    error: str


def add_ask(routes: Routes, talks: Talks) -> None:
    """Offer it."""

    async def ask(request: Request) -> Response:
        """Ask, in a new conversation or in one of yours."""
        caller = await talks.caller(request)
        asked = parsed(Asked, await body_fields(request))
        if bool(asked.conversation_id) != bool(asked.parent_id):
            raise Rejected("Send conversation_id and parent_id together, or neither of them.")
        id = asked.conversation_id
        conversation = await talks.conversation(caller, id) if id else talks.begun(caller)
        return talks.answered(caller, conversation, Question(asked.content, asked.parent_id or HEAD), _shown)

    routes.add("/api/ask", ask, ["POST"], tags=["ask"], openapi_extra=takes(Asked), responses={200: {"model": Reply}})


async def _shown(answered: Answered) -> Sent:
    reply = Reply(
        id=str(uuid4()),
        response_id=answered.answer.id,
        conversation_id=answered.conversation.id,
        content=answered.answer.text,
        error=NOTES[answered.ending],
    )
    return as_json(reply)

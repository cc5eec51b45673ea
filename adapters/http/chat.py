"""Questions as chatgpt-api-server took them: the key in a field, the answer as JSON, as plain text or as HTML."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, BeforeValidator, Field

from adapters.http.fields import body_fields, parsed
from adapters.http.pretty import to_html
from adapters.http.routes import Routes, takes, takes_query
from adapters.http.talks import Sent, Talks, as_json
from bot.catalogue import Plus
from bot.exchange import Answered, Question
from bot.keys import Secret
from bot.ports import Ports

INERT = {"content-security-policy": "default-src 'none'; sandbox"}
"""A browser that opens the reply as a page runs nothing in it, and fetches nothing for it."""


def _worded(value: object) -> object:
    """`true` of JSON is written as a word in a query."""
    return str(value).lower() if isinstance(value, bool) else value


class Asked(BaseModel):
    """
    A question.

    `user` is the key, where there is no header with it. `plus` is true, false or any. `access_token` is a key of your
    own with the provider, which is asked in place of the accounts here; `user_plus` then says nothing that we need.
    """

    prompt: str
    user: str = Field("", max_length=200)
    plus: Annotated[Plus, BeforeValidator(_worded)] = Plus.ANY
    reply_only: bool = False
    pretty: bool = False
    access_token: str = Field("", pattern=r"^[!-~]{1,500}$")
    user_plus: bool = False
    conversation_id: str = Field("", max_length=200)


class Content(BaseModel):
    content_type: str = "text"
    parts: list[str]


class Author(BaseModel):
    role: str = "assistant"


class Message(BaseModel):
    id: str
    author: Author = Author()
    content: Content


class Reply(BaseModel):
    """An answer. `last_message_prompt` and `last_message_reply` are what was said before it."""

    status: str = "success"
    reply: str
    ending: str
    conversation_id: str
    conversation_title: str
    message: Message
    api_prompt: str
    api_prompt_time_origin: datetime
    last_message_prompt: str | None = None
    last_message_reply: str | None = None


class _Key(BaseModel):
    user: str = Field("", max_length=200)


def add_chat(routes: Routes, talks: Talks) -> None:
    """Offer it."""

    async def chat(request: Request) -> Response:
        """Ask, in a new conversation or in one of yours."""
        fields = {**request.query_params, **(await body_fields(request) if request.method == "POST" else {})}
        caller = await talks.caller(request, parsed(_Key, fields).user)
        asked = parsed(Asked, fields)
        id = asked.conversation_id
        conversation = await talks.conversation(caller, id) if id else talks.begun(caller)
        own = Secret(asked.access_token) if asked.access_token else None

        async def shown(answered: Answered) -> Sent:
            return await _shown(talks.ports, asked, answered)

        return talks.answered(caller, conversation, Question(asked.prompt, plus=asked.plus, own=own), shown)

    for method, extra in (("GET", takes_query(Asked)), ("POST", takes(Asked, form=True))):
        routes.add("/api/chat", chat, [method], tags=["chat"], openapi_extra=extra, responses={200: {"model": Reply}})


async def _shown(ports: Ports, asked: Asked, answered: Answered) -> Sent:
    text = answered.answer.text
    reply = to_html(text) if asked.pretty else text
    if asked.reply_only:
        kind = "html" if asked.pretty else "plain"
        return Sent(reply.encode(), type=f"text/{kind}; charset=utf-8", headers=INERT)
    before = await _before(ports, answered)
    conversation = answered.conversation
    return as_json(
        Reply(
            reply=reply,
            ending=answered.ending,
            conversation_id=conversation.id,
            conversation_title=conversation.title,
            message=Message(id=answered.answer.id, content=Content(parts=[text])),
            api_prompt=asked.prompt,
            api_prompt_time_origin=answered.question.at,
            **before,
        )
    )


async def _before(ports: Ports, answered: Answered) -> dict[str, Any]:
    """What was asked and answered before, in a conversation that goes on."""
    path = await ports.history.path(answered.conversation.session, answered.question.parent, 2)
    if len(path) < 2:
        return {}
    return {"last_message_prompt": path[0].text, "last_message_reply": path[1].text}

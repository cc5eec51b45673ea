"""What the older formats have in common: who asks, in which conversation, and how the answer is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from fastapi import Request, Response
from pydantic_core import to_json
from starlette.types import Message, Receive, Scope, Send

from adapters.http.answer import Answer, tell
from adapters.http.auth import Door
from adapters.http.refusals import Rejected
from adapters.http.serving import Served
from bot import conversations
from bot.api import Desk
from bot.caller import Caller
from bot.catalogue import Ability
from bot.conversations import Conversation
from bot.exchange import Answered, Question, ask
from bot.titles import give_title

UNSEEN = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""What is said is for nobody on the way to keep, or to take for something else."""

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent back."""

    body: bytes
    status: int = 200
    type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Show = Callable[[Answered], Awaitable[Sent]]


def as_json(value: object, status: int = 200) -> Sent:
    return Sent(to_json(value), status)


def at_once(sent: Sent) -> Response:
    """A response that nobody has to wait for."""
    return Response(sent.body, sent.status, {**UNSEEN, **sent.headers}, sent.type)


def nothing_there() -> NoReturn:
    """The same whether it never was, is gone, or is somebody else's."""
    raise Rejected("There is no such conversation.", 404, "not_found")


class Talks:
    """Where questions of the older formats are asked. `titles` is the alias of the model that makes titles, or ""."""

    def __init__(self, door: Door, desk: Desk, titles: str) -> None:
        self.ports = desk.ports
        self._door = door
        self._desk = desk
        self._titles = titles

    async def caller(self, request: Request, key: str = "") -> Caller:
        """Who calls: by the header, or else by a key from a field. Raises Rejected, and what `Door.caller` does."""
        return await self._door.caller_of(request, key)

    async def conversation(self, caller: Caller, id: str) -> Conversation:
        """A conversation of the caller's. Raises Rejected."""
        return await conversations.find(self.ports.records, caller.person, id) or nothing_there()

    def begun(self, caller: Caller, *, title: str = "", system: str = "", model: str = "") -> Conversation:
        """A new conversation, which is kept once something was answered in it. Raises BadArgument."""
        alias = self.ports.catalogue.find(model, Ability.CHAT).alias if model else ""
        return conversations.begun(caller.key.place, self.ports.now(), title=title, system=system, model=alias)

    def answered(self, caller: Caller, conversation: Conversation, question: Question, show: Show) -> Response:
        """The response that brings the answer, and gives the conversation its title when it was sent."""
        return _Talk(self._desk, self._titles, caller, conversation, question, show)


class _Talk(Served):
    """A question on its way."""

    def __init__(
        self, desk: Desk, titles: str, caller: Caller, conversation: Conversation, question: Question, show: Show
    ) -> None:
        super().__init__(self._work)
        self._desk = desk
        self._titles = titles
        self._caller = caller
        self._conversation = conversation
        self._question = question
        self._show = show
        self._answered: Answered | None = None
        self._named: Mapping[str, str] = UNSEEN

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_ours(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in self._named.items()]
                message = {**message, "headers": [*message["headers"], *ours]}
            await send(message)

        await super().__call__(scope, receive, send_ours)
        if self._titles and self._answered is not None and self._answered.named:
            await give_title(self._desk.ports, self._titles, self._caller.person, self._answered)

    async def _work(self, answer: Answer) -> None:
        answered = await ask(self._desk, self._caller, self._conversation, self._question)
        self._answered = answered
        sent = await self._show(answered)
        self._named = {**UNSEEN, **sent.headers}
        await tell(answer, sent.status, sent.type, sent.body)

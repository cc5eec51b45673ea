"""A running service that two people call by their keys, each from a client of their own."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from adapters.config.shape import Config
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI
from tests.journeys.programs import Programs

ALICE, BOB = "discord:42", "discord:43"

SECRET = "a-long-secret-for-own-keys"

WRONG = "parley_Ab3dEf7h_" + "0" * 38


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: JSON, or text."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Stage(Programs):
    """
    The service, its provider, and who calls it.

    Args:
        http: What stands in that section beside the usual.
        accounts: The same of the upstreams.
    """

    def __init__(
        self,
        provider: OpenAI,
        folder: Path,
        session: ClientSession,
        http: Mapping[str, Any],
        accounts: Sequence[Mapping[str, Any]],
        **settings: Any,
    ) -> None:
        super().__init__(provider, folder, **settings)
        self._session = session
        self._http = http
        self._accounts = accounts
        self.alice = self.bob = ""

    def config(self) -> Config:
        written = super().config().model_dump()
        upstreams = [*written["upstreams"], *self._accounts]
        return Config.model_validate({**written, "http": {**written["http"], **self._http}, "upstreams": upstreams})

    async def start(self) -> None:
        await super().start()
        if not self.alice:
            self.alice, self.bob = (await self.key(ALICE)).reveal(), (await self.key(BOB)).reveal()

    async def call(self, method: str, path: str, json: Any = None, *, key: str | None = None, **options: Any) -> Answer:
        """Call as Alice, or with another key in the header, "" for none."""
        key = self.alice if key is None else key
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **options.pop("headers", {})}
        async with self._session.request(
            method, f"{self.url}{path}", json=json, headers=headers, **options
        ) as response:
            is_json = response.content_type == "application/json"
            body = await response.json() if is_json else await response.text()
            return Answer(response.status, body, response.headers)

    async def begin(self, prompt: str = "Why do owls hoot?", key: str | None = None, **fields: Any) -> dict[str, Any]:
        """The answer to the first question of a new conversation."""
        begun = await self.call("POST", "/conversations/new", {"prompt": prompt, **fields}, key=key)
        assert 201 == begun.status, begun.body
        return dict(begun.body["response"])

    async def ask(self, id: str, prompt: str, key: str | None = None, **fields: Any) -> Answer:
        return await self.call("POST", f"/conversations/{id}/ask", {"prompt": prompt, **fields}, key=key)

    async def listed(self, key: str | None = None) -> list[dict[str, Any]]:
        return list((await self.call("GET", "/conversations", key=key)).body)

    async def said(self, id: str) -> list[str]:
        """What stands in a conversation of Alice's."""
        messages = (await self.call("GET", f"/conversations/{id}/messages")).body
        return [message["message"] for message in messages]

    def read(self) -> Sequence[str]:
        """What the model was last given to read, what the service told it first."""
        return [message["content"] for message in self.provider.books.requests[-1]["messages"]]


@contextlib.asynccontextmanager
async def on_api_stage(
    folder: Path,
    http: Mapping[str, Any] | None = None,
    accounts: Sequence[Mapping[str, Any]] = (),
    **settings: Any,
) -> AsyncIterator[Stage]:
    """The service, running; at the end, what it said to the provider must have been as OpenAI takes it."""
    async with OpenAI(hurry=1000.0) as provider, ClientSession() as session:
        provider.otherwise(say("Hoo."))
        stage = Stage(provider, folder, session, http or {}, accounts, **settings)
        await stage.start()
        try:
            yield stage
        finally:
            await stage.stop()
        assert [] == stage.judge.violations

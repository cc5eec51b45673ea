"""Everything that crossed a simulator's wire, for tests that judge it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its answer. A streamed answer has no `answer` bytes: its simulator reports it itself."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    body: bytes
    status: int
    answer_type: str
    answer: bytes


class Traffic:
    """Hands every exchange to whoever listens; keeps nothing itself."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Exchange], None]] = []

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read() if self.listeners and request.body_exists else b""
        response = await handler(request)
        if isinstance(response, web.Response):
            self.report(request, body, response)
        return response

    def report(self, request: web.Request, body: bytes, response: web.StreamResponse, answer: bytes = b"") -> None:
        """Tell the listeners of one exchange. Who streams an answer says at its end what it was."""
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            answer = response.body
        exchange = Exchange(
            request.method,
            request.path,
            dict(request.query),
            request.headers.get("Content-Type", ""),
            body,
            response.status,
            response.headers.get("Content-Type", ""),
            answer,
        )
        for listener in self.listeners:
            listener(exchange)

"""Where agents join: a WebSocket, and for admins the list of those that are there."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from bot.errors import StorageDown

Admit = Callable[[str, str], Awaitable[str | None]]
"""The text of a key, and where the caller is -> whose agent it is; None for nobody's."""

AdmitAdmin = Callable[[str, str], Awaitable[bool]]
"""What the header Authorization says, and where the caller is -> whether it is an admin."""

REFUSED = "This needs a key that works here."


class Connected(Protocol):
    """An agent that is here."""

    @property
    def id(self) -> str: ...

    @property
    def heartbeat(self) -> datetime: ...

    @property
    def last_work(self) -> datetime: ...


class Agents(Protocol):
    """Those that are here, as `adapters.upstream.agent.Agents` has them."""

    @property
    def here(self) -> Sequence[Connected]: ...

    async def attend(self, owner: str, socket: "Socket", allowed: Callable[[], Awaitable[bool]]) -> None:
        """Speak with an agent until it leaves, or is no longer allowed."""


class Socket:
    """A WebSocket with errors of the standard library's: ConnectionError once it is closed."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def send(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: it is closed already
            raise ConnectionError("closed") from error

    async def receive(self) -> str | bytes:
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise ConnectionError(f"closed with {event.get('code')}")
        text: str | bytes | None = event.get("text")
        return event["bytes"] if text is None else text

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionError("closed") from error


def add_agents(
    app: FastAPI,
    agents: Agents,
    admit: Admit,
    admit_admin: AdmitAdmin,
    *,
    door: str = "/client/register",
    listing: str = "/api/connections",
) -> None:
    """
    Let agents join at the door, and admins see which are there.

    Whoever is refused, is so before the WebSocket begins, and learns no reason.
    """

    @app.websocket(door)
    async def register(websocket: WebSocket) -> None:
        key = _bearer(websocket.headers.get("Authorization", ""))
        try:
            owner = await admit(key, _peer(websocket)) if key else None
        except StorageDown:
            await websocket.send_denial_response(_unavailable())
            return
        if owner is None:
            await websocket.send_denial_response(_refused())
            return
        await websocket.accept()

        async def allowed() -> bool:
            try:
                return await admit(key, _peer(websocket)) == owner
            except StorageDown:
                return True

        await agents.attend(owner, Socket(websocket), allowed)

    @app.get(listing, tags=["agents"])
    async def connections(request: Request) -> Response:
        try:
            if not await admit_admin(request.headers.get("Authorization", ""), _peer(request)):
                return _refused()
        except StorageDown:
            return _unavailable()
        return JSONResponse({"connections": [_shown(agent) for agent in agents.here]})


def _peer(caller: HTTPConnection) -> str:
    return caller.client.host if caller.client else ""


def _bearer(header: str) -> str:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _shown(agent: Connected) -> dict[str, str | None]:
    """As an older system showed a connection; its `Ws` was an object of no use to anybody."""
    return {
        "Ws": None,
        "Id": agent.id,
        "Heartbeat": agent.heartbeat.isoformat(),
        "LastMessageTime": agent.last_work.isoformat(),
    }


def _refused() -> Response:
    return JSONResponse({"error": REFUSED}, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def _unavailable() -> Response:
    return JSONResponse({"error": StorageDown.for_user}, status_code=503)

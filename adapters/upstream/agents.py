"""The agents that are here, and how one comes and goes."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Protocol

from adapters.upstream.agent import Agent, Allowed, Patience, Socket
from adapters.upstream.frames import HELLO, REPLACED, SILENT, CutOff, Frame, introduced, parsed
from adapters.upstream.heard import Timeouts
from bot.account import Account
from bot.ports import Api, Model

log = logging.getLogger(__name__)


class Pool(Protocol):
    """Where agents join, as `bot.pool.Pool` does it."""

    def join(self, account: Account, model: Model, api: Api | None = None) -> None: ...

    def leave(self, name: str) -> None: ...


class Agents:
    """The agents that are here, each with its place in the pool."""

    def __init__(
        self,
        pool: Pool,
        now: Callable[[], datetime],
        timeouts: Timeouts | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._pool = pool
        self._now = now
        self._timeouts = timeouts or Timeouts()
        self._patience = patience or Patience()
        self._here: dict[str, Agent] = {}

    @property
    def here(self) -> Sequence[Agent]:
        """Those that take work."""
        return list(self._here.values())

    async def attend(self, owner: str, socket: Socket, allowed: Allowed) -> None:
        """Let an agent of that owner's work for the pool, until it leaves or is cut off."""
        try:
            agent = await self._greet(owner, socket)
            log.info("agent %s joined, for %d at once", agent.name, agent.capacity)
            await self._employ(agent, socket, allowed)
        except CutOff as cut:
            log.warning("an agent of %s was cut off: %s", owner, cut)
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(self._patience.send):
                    await socket.close(cut.code, str(cut))
        except ConnectionError as gone:
            log.info("an agent of %s left: %s", owner, gone)

    async def _greet(self, owner: str, socket: Socket) -> Agent:
        """Raises CutOff, ConnectionError."""
        id = secrets.token_hex(8)
        try:
            async with asyncio.timeout(self._patience.hello):
                await socket.send(Frame(id=id, message=HELLO).model_dump_json())
                frame = parsed(await socket.receive())
        except TimeoutError:
            raise CutOff("it did not introduce itself in time", SILENT) from None
        if (frame.id, frame.message) != (id, HELLO):
            raise CutOff("its first frame must be the connection's id")
        hello = introduced(frame.data)
        return Agent(id, f"agent/{owner}/{hello.name}", hello, self._now, self._timeouts, self._patience)

    async def _employ(self, agent: Agent, socket: Socket, allowed: Allowed) -> None:
        """Raises as `Agent.serve` does. Of two with one name, the older is the one whose connection was lost."""
        if older := self._here.get(agent.name):
            older.cut_off(CutOff("another agent of that name has joined", REPLACED))
            self._dismiss(older)
        self._here[agent.name] = agent
        account = Account(agent.name, agent.models, concurrency=agent.capacity, mark=agent.id)
        self._pool.join(account, agent, agent)
        try:
            await agent.serve(socket, partial(self._dismiss, agent), allowed)
        finally:
            self._dismiss(agent)

    def _dismiss(self, agent: Agent) -> None:
        """Give it no more work."""
        if self._here.get(agent.name) is agent:
            del self._here[agent.name]
            self._pool.leave(agent.name)

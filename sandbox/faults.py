"""Trouble on order: what a simulator should do wrong, to which call, and how often."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class Fault:
    """
    One kind of trouble for calls whose name matches `call` (a shell pattern).

    Args:
        status: Answer with this HTTP status instead of doing the work; None does the work.
        body: The JSON body of that answer.
        headers: Its extra headers.
        delay: Seconds to wait before anything else happens.
        lose_reply: Do the work, then cut the connection instead of answering.
        times: How many calls it strikes before it is used up.
    """

    call: str
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    lose_reply: bool = False
    times: int = 1


class Faults:
    """The faults still waiting to strike, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def _take(self, call: str) -> Fault | None:
        for fault in self._waiting:
            if fnmatch(call, fault.call):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    async def around(
        self, call: str, request: web.Request, work: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Do `work` for the call of that name, or what a waiting fault does instead."""
        fault = self._take(call)
        if fault is None:
            return await work()
        await request.read()  # it has arrived whole before anything goes wrong
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            return web.json_response(fault.body, status=fault.status, headers=fault.headers)
        response = await work()
        if fault.lose_reply and request.transport is not None:
            request.transport.abort()
        return response

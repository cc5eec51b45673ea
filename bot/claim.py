"""A claimed turn: its record as last written, and the lease under which it is written."""

import asyncio
from dataclasses import replace
from typing import Any

from bot.chat import Inbound
from bot.ports import Lease, Turns
from bot.turn import Turn


class Claim:
    """
    The one hand that may write a turn.

    Every change is stored before it is believed, and fails with LeaseLost when the lane has another holder: a save
    right before each visible effect is therefore the fence that keeps two workers apart.
    """

    def __init__(self, turns: Turns, lease: Lease, turn: Turn) -> None:
        self.lease = lease
        self.turn = turn
        self.stopped = asyncio.Event()
        self._turns = turns
        self._writing = asyncio.Lock()

    async def save(self, **changes: Any) -> None:
        """Write the turn with these fields changed. Raises LeaseLost, StorageDown."""
        async with self._writing:
            turn = replace(self.turn, **changes)
            if await self._turns.save(self.lease, turn):
                self.stopped.set()
            self.turn = turn

    @property
    def asked(self) -> Inbound:
        """The question, for a turn that has become one."""
        assert isinstance(self.turn.task, Inbound)
        return self.turn.task
